"""Client processes: what is asked of one that is not there, and the life of those that are."""

import os
import sys
from collections.abc import Iterator

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.kafka import pool as module
from brokerlaw.adapters.kafka.pool import SPARE, Pool
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown

ECHO = """
from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.adapters.serve import serve
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from threading import Event
class Toy(Adapter):
    def describe(self): return Description("toy", "1", {"topics": None})
    def open_producer(self, op): return Fail("_INVALID_ARG") if op.acks == "1" else Ok()
    def flush(self, op): return Ok()
    def close(self, op):
        if op.client == "hanging": Event().wait()
        return Unknown("STUCK", "") if op.client == "stuck" else Ok()
serve(Toy)
"""


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool((sys.executable, "-c", ECHO), lambda _at, _process, _observation: None)
    pool.start({})
    yield pool
    pool.end()


def processes(pool: Pool) -> list[int]:
    return [channel.pid for channel in (*pool._clients.values(), *pool._ready, *pool._starting)]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def error_of(outcome: object) -> str:
    assert isinstance(outcome, Fail)
    return outcome.error


def flushed(pool: Pool, client: str) -> Outcome:
    answer = pool.perform(ops.Flush(client))
    assert isinstance(answer, tuple | Ok | Fail | Unknown)
    return answer[0] if isinstance(answer, tuple) else answer


def test_nobody_answers_for_a_client_that_is_not_open(pool: Pool) -> None:
    for answer in (flushed(pool, "p"), pool.crash("p"), pool.freeze("p"), pool.close(ops.Close("p"))):
        assert error_of(answer) == "NO_CLIENT"


def test_a_client_that_was_refused_is_not_open(pool: Pool) -> None:
    assert error_of(pool.open(ops.OpenProducer("p", acks="1"))) == "_INVALID_ARG"
    assert error_of(flushed(pool, "p")) == "NO_CLIENT"
    assert pool.open(ops.OpenProducer("p")) == Ok()


def test_a_client_that_stands_still_is_not_waited_for(pool: Pool) -> None:
    assert pool.open(ops.OpenProducer("p")) == Ok()
    assert pool.freeze("p") == Ok()
    for answer in (flushed(pool, "p"), pool.freeze("p"), pool.close(ops.Close("p"))):
        assert error_of(answer) == "FROZEN"
    assert pool.thaw("p") == Ok()
    assert error_of(pool.thaw("p")) == "NOT_FROZEN"
    assert flushed(pool, "p") == Ok()


def test_a_process_whose_client_closed_is_used_again_and_one_that_did_not_is_killed(pool: Pool) -> None:
    assert pool.open(ops.OpenProducer("p")) == Ok()
    used = pool._clients["p"].pid
    pool.close(ops.Close("p"))
    assert pool.open(ops.OpenProducer("stuck")) == Ok()
    assert pool._clients["stuck"].pid == used
    pool.close(ops.Close("stuck"))
    assert not lives(used)


def test_a_crash_ends_the_process_and_the_end_ends_all(pool: Pool) -> None:
    assert pool.open(ops.OpenProducer("p")) == Ok()
    crashed, others = pool._clients["p"].pid, set(processes(pool))
    assert len(others) == SPARE + 1
    assert pool.crash("p") == Ok()
    assert not lives(crashed)
    pool.end()
    assert not any(map(lives, others))


def test_a_process_that_hangs_as_it_closes_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 5.0)
    impatient = Pool((sys.executable, "-c", ECHO), lambda _at, _process, _observation: None)
    try:
        impatient.start({})
        assert impatient.open(ops.OpenProducer("hanging")) == Ok()
        (pid,) = (channel.pid for channel in impatient._clients.values())
        outcome = impatient.close(ops.Close("hanging"))
        assert isinstance(outcome, Unknown)
        assert "was ended" in str(outcome)
        assert not lives(pid)
        assert impatient.open(ops.OpenProducer("next")) == Ok()
    finally:
        impatient.end()
