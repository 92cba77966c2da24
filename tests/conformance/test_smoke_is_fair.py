"""What a lawful broker may do now and then is no fault of its adapter; what its bugs show may be either's."""

import pytest

from brokerlaw.adapters.contract import Adapter, AdapterError
from brokerlaw.adapters.registry import resolve
from brokerlaw.adapters.templates.adapter import MyBroker
from brokerlaw.conformance.smoke import CheckResult, at_start, smoke
from brokerlaw.reference.mutants import MUTANTS
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Lost
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import Record, TopicPartition


def unwell(adapter: Adapter) -> list[CheckResult]:
    """What did not pass."""
    return [each for each in smoke(adapter, "s-", 60.0) if each.status not in ("pass", "not claimed")]


@pytest.mark.parametrize("process", ["inside", "own"])
def test_the_reference_is_sound(process: str) -> None:
    assert unwell(resolve("reference", {"adapter.process": process})) == []


@pytest.mark.parametrize("loss", ["7", "20"])
@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_answers_that_are_lost_are_nobodys_fault(loss: str, seed: str) -> None:
    """The producers of most checks are not idempotent: their retries put records there twice."""
    assert unwell(resolve("reference", {"loss": loss, "seed": seed})) == []


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_brokers_bug_is_not_said_to_be_the_adapters(mutant: str) -> None:
    assert all(each.status == "unsure" for each in unwell(resolve("reference", {"mutant": mutant})))


class TwiceEach(MyBroker):
    """Every record is there twice, as after a retry."""

    def _append(self, op: ops.Send) -> Outcome:
        super()._append(op)
        return super()._append(op)


class RefusesNowAndThen(MyBroker):
    """Every fifth operation is refused, or its outcome unknown and yet done."""

    count = 0

    def perform(self, op: ops.Operation) -> Outcome:  # type: ignore[override]  # all that it returns
        self.count += 1
        if self.count % 10 == 0:
            return Fail("NOT_LEADER_OR_FOLLOWER", "an election is under way")
        answer = super().perform(op)
        if self.count % 10 == 5 and isinstance(answer, Ok) and not isinstance(op, ops.Poll):
            return Unknown("REQUEST_TIMED_OUT")
        return answer  # type: ignore[return-value]  # a Future too


class OftenEmpty(MyBroker):
    """A poll may come back with nothing, and with one record at a time."""

    count = 0

    def poll(self, op: ops.Poll) -> Outcome:
        self.count += 1
        if self.count % 3:
            return Ok(())
        consumer = self.consumers[op.client]
        records: list[Record] = []
        for tp in sorted(consumer.positions.keys() - consumer.paused):
            records += self.logs.get(tp, [])[consumer.positions[tp] :][: 1 - len(records)]
        for record in records:
            consumer.positions[TopicPartition(record.topic, record.partition)] += 1
        return Ok(tuple(records))


class LateNews(MyBroker):
    """A client of an earlier check is heard of once more."""

    told: str | None = None

    def open_consumer(self, op: ops.OpenConsumer) -> Outcome:
        if self.told is not None:
            self.observe(self.told, Lost("old", "m", 1, (TopicPartition("old", 0),)))
        self.told = op.client
        return super().open_consumer(op)


@pytest.mark.parametrize("kind", [TwiceEach, RefusesNowAndThen, OftenEmpty, LateNews])
def test_a_lawful_broker_makes_no_doubts(kind: type[MyBroker]) -> None:
    assert unwell(kind({})) == []


def test_the_start_of_a_check_makes_the_quick_ones() -> None:
    with resolve("reference", {}) as adapter:
        results = list(at_start(adapter, adapter.describe(), "s-"))
    assert {each.status for each in results} == {"pass"}
    assert 5 <= len(results) <= 15


def test_the_start_of_a_check_ends_at_a_misuse() -> None:
    class Forgets(MyBroker):
        def send(self, op: ops.Send) -> Outcome:
            return None  # type: ignore[return-value]  # as an author may

    with Forgets({}) as adapter, pytest.raises(AdapterError, match="my-broker returned None from send"):
        list(at_start(adapter, adapter.describe(), "s-"))


def test_a_doubt_does_not_end_the_start_of_a_check() -> None:
    class Refuses(MyBroker):
        def send(self, op: ops.Send) -> Outcome:
            return Fail("BROKEN")

    with Refuses({}) as adapter:
        results = list(at_start(adapter, adapter.describe(), "s-"))
    assert "unsure" in {each.status for each in results}
    assert results[-1].name.startswith("Waiting takes as long")
