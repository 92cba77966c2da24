"""Smoke clears a sane adapter, and finds in each insane one what is wrong with it."""

import threading
from concurrent.futures import Future
from typing import Any

import msgspec
import pytest

from brokerlaw.adapters.checked import Checked
from brokerlaw.adapters.contract import CAPABILITIES, Adapter, AdapterError, Answer, Capability, Description, Ok, Timed
from brokerlaw.adapters.templates.adapter import MyBroker
from brokerlaw.conformance.smoke import IN_ORDER, smoke
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained, Lost
from brokerlaw.spec.history.outcomes import Outcome, Unknown
from brokerlaw.spec.history.values import Placed


def failures(kind: type[Adapter]) -> dict[str, tuple[str, str]]:
    """What failed or is unsure, and why; the adapter is held to the contract as the registry does it."""
    results = smoke(Checked("mine", kind, {}), "s-", 20.0)
    return {each.name: (each.status, each.reason) for each in results if each.status in ("fail", "unsure")}


def counts(adapter: Adapter, limit: float = 5.0) -> dict[str, int]:
    """How many checks came to each end; none is forgotten."""
    ends = [each.status for each in smoke(adapter, "s-", limit)]
    assert len(ends) == len(IN_ORDER) + 2
    return {status: ends.count(status) for status in sorted(set(ends))}


def value(outcome: Any) -> Any:
    """Of an outcome that is ok."""
    assert isinstance(outcome, Ok)
    return outcome.value


class TextOnly(MyBroker):
    def poll(self, op: ops.Poll) -> Outcome:
        records = value(super().poll(op))
        return Ok(tuple(msgspec.structs.replace(r, value=r.value.decode("utf-8", "replace").encode()) for r in records))


class NoKeyIsAKey(MyBroker):
    def poll(self, op: ops.Poll) -> Outcome:
        return Ok(tuple(msgspec.structs.replace(r, key=r.key or b"") for r in value(super().poll(op))))


class HeadersAreADictionary(MyBroker):
    def poll(self, op: ops.Poll) -> Outcome:
        records = value(super().poll(op))
        return Ok(tuple(msgspec.structs.replace(r, headers=tuple(dict(r.headers).items())) for r in records))


class NothingIsEmpty(MyBroker):
    def poll(self, op: ops.Poll) -> Outcome:
        return Ok(tuple(msgspec.structs.replace(r, value=r.value or b"") for r in value(super().poll(op))))


class OnePartition(MyBroker):
    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        return super().create_topic(msgspec.structs.replace(op, partitions=1))


class FromOne(MyBroker):
    def send(self, op: ops.Send) -> Answer:
        answer = super().send(op)
        if not isinstance(answer, Ok):
            return answer
        return Ok(msgspec.structs.replace(answer.value, offset=answer.value.offset + 1))


class OwnNames(MyBroker):
    def send(self, op: ops.Send) -> Answer:
        answer = super().send(op)
        return Ok(Placed("orders", 0, answer.value.offset)) if isinstance(answer, Ok) else answer


class FlushDoesNot(MyBroker):
    def flush(self, op: ops.Flush) -> Outcome:
        return Ok()


class CloseDoesNotFlush(MyBroker):
    def close(self, op: ops.Close) -> Outcome:
        self.sending.pop(op.client, None)
        return super().close(op)


class NullForNothing(MyBroker):
    def poll(self, op: ops.Poll) -> Outcome:
        return Ok(value(super().poll(op)) or None)


class LastNotNext(MyBroker):
    def position(self, op: ops.Position) -> Outcome:
        position = value(super().position(op))
        return Ok(position and position - 1)


class AssignsToTheStart(MyBroker):
    def assign(self, op: ops.Assign) -> Outcome:
        return super().assign(
            msgspec.structs.replace(op, offsets=tuple(each._replace(offset=0) for each in op.offsets))
        )


class SeekDoesNot(MyBroker):
    def seek(self, op: ops.Seek) -> Outcome:
        return Ok()


class PauseDoesNot(MyBroker):
    def pause(self, op: ops.Pause) -> Outcome:
        return Ok()


class ResumeDoesNot(MyBroker):
    def resume(self, op: ops.Resume) -> Outcome:
        return Ok()


class LastNotEnd(MyBroker):
    def list_offsets(self, op: ops.ListOffsets) -> Outcome:
        outcome = super().list_offsets(op)
        return Ok(max(0, outcome.value - 1)) if isinstance(outcome, Ok) else outcome


class EverythingExists(MyBroker):
    def list_offsets(self, op: ops.ListOffsets) -> Outcome:
        outcome = super().list_offsets(op)
        return outcome if isinstance(outcome, Ok) else Ok(0)


class OneClient(MyBroker):
    def perform(self, op: Any) -> Answer:
        return super().perform(msgspec.structs.replace(op, client="me") if hasattr(op, "client") else op)


class DeleteFails(MyBroker):
    def delete_topic(self, op: ops.DeleteTopic) -> Outcome:
        return Unknown("TIMEOUT", "5 s")


class ResetForgetsTheTopics(MyBroker):
    def reset(self) -> None:
        raise KeyError("clients")


class RaisesAtSend(MyBroker):
    def send(self, op: ops.Send) -> Answer:
        raise ConnectionError("refused")


class AnswersNone(MyBroker):
    def open_producer(self, op: ops.OpenProducer) -> Outcome:
        return None  # type: ignore[return-value]  # as an author may


class AnswersWrongly(MyBroker):
    def create_topic(self, op: ops.CreateTopic) -> Outcome:
        super().create_topic(op)
        return Ok(op.topic)


class Backwards(MyBroker):
    time = 10**12

    def now(self) -> int:
        self.time -= 1
        return self.time


class FromThePast(MyBroker):
    def open_producer(self, op: ops.OpenProducer) -> Answer:  # type: ignore[override]  # wider than the skeleton's
        return Timed(super().open_producer(op), 17)


class StandingClock(MyBroker):
    def now(self) -> int:
        return 17


class SeesWhatOnlyTheSuiteCan(MyBroker):
    def open_consumer(self, op: ops.OpenConsumer) -> Outcome:
        self.observe(op.client, Drained("topic", 0, 0, 0, "read_committed"))
        return super().open_consumer(op)


class ObservesByMemberId(MyBroker):
    def open_consumer(self, op: ops.OpenConsumer) -> Outcome:
        self.observe("rdkafka-5f2c", Lost("g", "m", 1, ()))
        return super().open_consumer(op)


MISUSE: list[tuple[type[MyBroker], str, str]] = [
    (FlushDoesNot, "Sends that are not awaited", "answered flush with ok while 3 of its sends had no outcome"),
    (CloseDoesNotFlush, "Close delivers what is in flight", "answered close with ok while 1 of its sends had no"),
    (NullForNothing, "A poll that finds nothing", "answered poll with a wrong value: Expected `array`, got `null`"),
    (ResetForgetsTheTopics, "A topic with two", "mine raised KeyError: 'clients' in reset()"),
    (AnswersNone, "An awaited send", "mine returned None from open_producer"),
    (AnswersWrongly, "A topic with two", "Expected `null`, got `str`"),
    (Backwards, "A topic with two", "it went back by 1 ns during create_topic"),
    (FromThePast, "An awaited send", "gave the time 17, which lies not between"),
    (StandingClock, "Waiting takes as long", "waited for 20 ms, now() moved by 0 ms"),
    (SeesWhatOnlyTheSuiteCan, "An awaited send", "observed Drained("),
    (ObservesByMemberId, "An awaited send", "for rdkafka-5f2c, which is not its to see"),
]
"""What is surely the adapter's, whatever its broker does."""

EITHER: list[tuple[type[MyBroker], str, str]] = [
    (TextOnly, "Values come back byte for byte", "came back as b'\\xef\\xbf\\xbd"),
    (NoKeyIsAKey, "Values come back byte for byte", "came back as [b'', "),
    (HeadersAreADictionary, "Headers come back", "came back as (RecordHeader(name='b', value=b'\\xff"),
    (NothingIsEmpty, "No value comes back", "a tombstone came back as b''"),
    (OnePartition, "A topic with two partitions", "UNKNOWN_TOPIC_OR_PARTITION"),
    (FromOne, "An awaited send tells where", "the first record was said to be at 1, where"),
    (OwnNames, "An awaited send tells where", "topic='orders'"),
    (LastNotNext, "Assign, position and seek", "after offset 2 the position is 2"),
    (AssignsToTheStart, "Assign, position and seek", "assigned at 1, poll gave offsets [0, 1, 2]"),
    (SeekDoesNot, "Assign, position and seek", "0 of 3 records came back"),
    (PauseDoesNot, "A paused partition", "a paused partition gave 1 records"),
    (ResumeDoesNot, "A paused partition", "0 of 1 records came back"),
    (LastNotEnd, "The start and the end of a log", "a record was put at 1, and the log ended at 1"),
    (EverythingExists, "What is asked of a partition that is not there", "partition 99 of 1 has the end"),
    (OneClient, "Two producers and two readers", "0 of 2 records"),
    (DeleteFails, "A topic is deleted", "answered with unknown TIMEOUT 5 s"),
    (RaisesAtSend, "An awaited send", "answered with unknown ConnectionError refused"),
]
"""What a broker with a bug would show through a sound adapter."""


def test_a_sane_adapter_passes() -> None:
    adapter = MyBroker({})
    passed = 2 + sum(adapter.describe().has(*check.needs) for check in IN_ORDER)
    assert counts(adapter) == {"not claimed": len(IN_ORDER) + 2 - passed, "pass": passed}


@pytest.mark.parametrize("case", [*MISUSE, *EITHER], ids=lambda case: case[0].__name__)
def test_an_insane_one_does_not(case: tuple[type[MyBroker], str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerlaw.conformance.smoke.bench.TURNS", 5)
    kind, check, words = case
    ((status, reason),) = [found for name, found in failures(kind).items() if name.startswith(check)]
    assert words in reason
    assert status == ("fail" if case in MISUSE else "unsure")


def test_all_that_is_misused_is_told_as_long_as_the_adapter_lives() -> None:
    class Empty(Adapter):
        def describe(self) -> Description:
            return Description("empty", "1", {"topics": 1, "queues": None})

    found = failures(Empty)
    assert all(status == "fail" and "and refuses it" in reason for status, reason in found.values())
    assert len(found) > 10


def test_every_capability_is_looked_at_and_every_check_has_its_own_name() -> None:
    assert {need for check in IN_ORDER for need in check.needs} == set(CAPABILITIES)
    assert len({check.name for check in IN_ORDER}) == len(IN_ORDER)


SETTINGS = {"idempotence", "replication", "min-isr", "retention", "compaction"}
"""An adapter may take and ignore them without anything to be seen."""
UNREFUSABLE = SETTINGS | {"tombstones", "headers", "groups.added-partitions"}
"""And these the skeleton has, or they are tried only with another one."""


@pytest.mark.parametrize("capability", [each for each in CAPABILITIES if each not in {"topics", *UNREFUSABLE}])
def test_a_capability_that_is_claimed_and_not_had(capability: Capability) -> None:
    class Boastful(MyBroker):
        def describe(self) -> Description:
            return Description("boastful", "1", {"topics": 8, "groups": None, capability: None})

    failed = [each for each in smoke(Boastful({}), "s-", 5.0) if each.status in ("fail", "unsure")]
    assert any(capability in each.needs for each in failed)
    assert any("and refuses it" in each.reason for each in failed)


class Hangs(MyBroker):
    def __init__(self) -> None:
        super().__init__({})
        self.stopped = threading.Event()

    def flush(self, op: ops.Flush) -> Outcome:
        self.stopped.wait()
        return Ok()

    def stop(self) -> None:
        self.stopped.set()


def test_after_a_hang_nothing_is_reached_and_the_adapter_is_stopped() -> None:
    adapter = Hangs()
    results = list(smoke(adapter, "s-", 0.2))
    (failed,) = [each for each in results if each.status == "fail"]
    assert failed.name.startswith("Sends that are not awaited")
    assert failed.reason == "no answer within 0.2 s"
    assert {each.status for each in results[results.index(failed) + 1 :]} == {"not reached"}
    assert adapter.stopped.is_set()


def test_who_has_had_enough_leaves_nothing_running() -> None:
    adapter = Hangs()
    results = smoke(adapter, "s-", 5.0)
    next(results)
    results.close()  # as an interrupt does
    assert adapter.stopped.wait(5)


class NeverCompletes(MyBroker):
    def open_producer(self, op: ops.OpenProducer) -> Answer:  # type: ignore[override]  # wider than the skeleton's
        return Future[Outcome]()


def test_an_awaited_operation_that_is_never_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerlaw.conformance.smoke.bench.AWAITED", 0.01)
    (reason,) = {each.reason for each in smoke(NeverCompletes({}), "s-", 20.0) if each.status == "fail"}
    assert "did not complete the Future of open_producer, which is awaited, within 0.01 s" in reason


class GivesUp(MyBroker):
    def flush(self, op: ops.Flush) -> Outcome:
        raise AdapterError("the licence has expired")


def test_what_an_adapter_says_itself_is_told() -> None:
    assert set(failures(GivesUp).values()) == {("fail", "the licence has expired")}


class Dies(MyBroker):
    dead = False

    def flush(self, op: ops.Flush) -> Outcome:
        self.dead = True
        raise AdapterError("the licence has expired")

    def reset(self) -> None:
        if self.dead:
            raise AdapterError("the licence has expired")


def test_one_that_is_dead_is_asked_no_more() -> None:
    assert set(failures(Dies).values()) == {("fail", "the licence has expired")}
    assert counts(Dies({}))["not reached"] > 10


class CannotStart(MyBroker):
    def start(self) -> None:
        raise AdapterError("no bootstrap: --settings bootstrap=HOST:PORT")


class CannotStop(MyBroker):
    def stop(self) -> None:
        raise OSError("still in use")


class Nameless(MyBroker):
    def describe(self) -> Description:
        return Description("", "1", {"topics": 1})


class Claimless(MyBroker):
    def describe(self) -> Description:
        return Description("n", "1", {"topics": 0})


class Undescribed(MyBroker):
    def describe(self) -> Description:
        return {"name": "n"}  # type: ignore[return-value]  # as an author may


@pytest.mark.parametrize(
    ("kind", "check", "words"),
    [
        (CannotStart, "start", "no bootstrap"),
        (CannotStop, "stop", "OSError: still in use"),
        (Nameless, "start", "the name is '', and must be one line of printable text"),
        (Claimless, "start", "topics has the bound 0"),
        (Undescribed, "start", "returned {'name': 'n'} from describe()"),
    ],
)
def test_the_ends_of_its_life(kind: type[MyBroker], check: str, words: str) -> None:
    ((name, (status, reason)),) = failures(kind).items()
    assert (name, status) == (check, "fail")
    assert words in reason
