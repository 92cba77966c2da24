"""Logs of Kafka's verifiable clients become a history: what they say, and nothing more."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.conformance.importers.verifiable import Options, read
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import PartitionOffset, Placed, Record, TopicPartition
from brokerlaw.spec.invariants import INVARIANTS

FOLDER: Final = Path(__file__).parent.parent.parent / "verifiable"
ORDERS: Final = {"topic": "orders", "partition": 0}


def lines(*events: dict[str, Any]) -> list[bytes]:
    """Each event at a time of its own."""
    return [json.dumps({"timestamp": 100 + at, **event}).encode() + b"\n" for at, event in enumerate(events)]


def event(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, **fields}


def acked(value: str, offset: int, **fields: Any) -> dict[str, Any]:
    return event("producer_send_success", key=None, value=value, offset=offset, **ORDERS, **fields)


def failed(value: str, exception: str) -> dict[str, Any]:
    name = f"class org.apache.kafka.common.errors.{exception}"
    return event("producer_send_error", key=None, value=value, topic="orders", exception=name, message="why")


STARTED, STOPPED = event("startup_complete"), event("shutdown_complete")
ASSIGNED = event("partitions_assigned", partitions=[ORDERS])
DATA = event("record_data", key=None, value="0", offset=0, **ORDERS)
CONSUMED = event("records_consumed", count=1, partitions=[{**ORDERS, "count": 1, "minOffset": 0, "maxOffset": 0}])
COMMITTED = event("offsets_committed", offsets=[{**ORDERS, "offset": 1}], success=True)


def imported(*files: list[bytes], **options: Any) -> Recording:
    named = [(f"folder/client-{n}.log", each) for n, each in enumerate(files)]
    return read(named, UserSettings({}, {}), Options(**options))


def asked(recording: Recording, kind: type[ops.Operation]) -> list[tuple[Any, Outcome | None]]:
    outcomes = {row.op: row.outcome for row in recording.rows if isinstance(row, Complete)}
    invoked = [row for row in recording.rows if isinstance(row, Invoke) and isinstance(row.value, kind)]
    return [(row.value, outcomes.get(row.op)) for row in invoked]


def test_a_run_of_both_is_judged_and_kept() -> None:
    files = [
        (name, (FOLDER / name).read_bytes().splitlines(keepends=True)) for name in ("producer.log", "consumer.log")
    ]
    history = History(read(files, UserSettings({}, {}), Options("g", {"orders": 1})))
    findings = {name: each.judge(history) for name, each in INVARIANTS.items()}
    assert [name for name, found in findings.items() if found.violations] == []
    exercised = {name for name, found in findings.items() if found.exercised}
    assert exercised >= {"durability.acked-at-offset", "integrity.nothing-invented", "offsets.resume-at-commit"}


# --- producers ---


def test_sends_in_the_order_of_their_values_whenever_they_were_answered() -> None:
    recording = imported(lines(STARTED, acked("7.1", 4), acked("7.0", 3), STOPPED))
    assert [(op.value, found) for op, found in asked(recording, ops.Send)] == [
        (b"7.0", Ok(Placed("orders", 0, 3))),
        (b"7.1", Ok(Placed("orders", 0, 4))),
    ]


@pytest.mark.parametrize(("exception", "kind"), [("TimeoutException", Unknown), ("RecordTooLargeException", Fail)])
def test_what_failed_may_stand_in_the_log_unless_it_was_refused(exception: str, kind: type[Outcome]) -> None:
    ((_, found),) = asked(imported(lines(failed("0", exception))), ops.Send)
    assert isinstance(found, kind)


def test_a_value_that_the_log_passes_over_was_sent_too() -> None:
    told = [event("producer_send_success", key=str(n % 2), value=str(n), offset=n, **ORDERS) for n in (0, 1, 3)]
    sends = asked(imported(lines(*told)), ops.Send)
    assert [(op.value, op.key) for op, _ in sends] == [(b"0", b"0"), (b"1", b"1"), (b"2", b"0"), (b"3", b"1")]
    assert sends[2][1] is None


def test_what_a_killed_producer_sent_last_is_not_known() -> None:
    told = lines(acked("0", 0))
    assert asked(imported(told), ops.CreateTopic) == []
    with pytest.raises(ForeignError, match=r"client-0.log:1: has no shutdown_complete: .* what orders holds is not"):
        imported(told, created={"orders": 1})


# --- consumers ---


def test_a_poll_its_rebalance_and_its_commit() -> None:
    recording = imported(lines(STARTED, ASSIGNED, DATA, CONSUMED, COMMITTED, STOPPED), group="g")
    assert asked(recording, ops.Poll)[0][1] == Ok((Record("orders", 0, 0, b"0"),))
    ((commit, found),) = asked(recording, ops.Commit)
    assert (commit.offsets, found) == ((PartitionOffset("orders", 0, 1),), Ok())
    (assigned,) = [row for row in recording.rows if isinstance(row, Observe)]
    assert assigned.value == seen.Assigned("g", "client-0", -1, (TopicPartition("orders", 0),))
    assert asked(recording, ops.OpenConsumer)[0][0].auto_commit is False
    assert asked(recording, ops.Close)[0][1] == Ok()


def test_without_commits_it_commits_by_itself() -> None:
    assert asked(imported(lines(ASSIGNED, DATA, CONSUMED)), ops.OpenConsumer)[0][0].auto_commit is True


def test_records_that_are_not_told_may_have_been_taken() -> None:
    assert isinstance(asked(imported(lines(ASSIGNED, CONSUMED)), ops.Poll)[0][1], Unknown)


def test_a_log_that_ends_within_a_poll_and_a_commit() -> None:
    recording = imported(lines(ASSIGNED, DATA, CONSUMED, COMMITTED, {**DATA, "offset": 1}))
    assert asked(recording, ops.Poll)[1][1] == Unknown("CUT_SHORT", told=(Record("orders", 0, 1, b"0"),))
    recording = imported(lines(ASSIGNED, DATA, CONSUMED, COMMITTED, {**DATA, "offset": 1}, CONSUMED))
    assert [found for _, found in asked(recording, ops.Commit)] == [Ok(), None]


def test_each_consumer_has_a_group_of_its_own_unless_one_is_named() -> None:
    files = (lines(ASSIGNED), lines(ASSIGNED))
    assert len({op.group for op, _ in asked(imported(*files), ops.OpenConsumer)}) == 2
    assert {op.group for op, _ in asked(imported(*files, group="g"), ops.OpenConsumer)} == {"g"}


# --- what is wrong ---


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ([b"nothing\n"], "client-0.log: neither a log of VerifiableProducer nor one of VerifiableConsumer"),
        ([b"{\n"], "client-0.log:1: Input data was truncated"),
        (lines(acked("0", 0), acked("0", 1)), "client-0.log:2: the value 0 has its outcome already"),
        (lines(acked("x", 0)), "client-0.log:1: value is 'x', not a number"),
        (lines(acked("0", -2)), "client-0.log:1: offset is -2, not a number from 0 on"),
        (lines({**acked("0", 0), "timestamp": "now"}), "client-0.log:1: timestamp is 'now', not a number"),
        (lines({**DATA, "value": 3}, CONSUMED), "client-0.log:1: value is 3, neither a text nor null"),
        (lines(event("partitions_assigned", partitions=3)), "client-0.log:1: partitions is no list of objects"),
    ],
)
def test_what_is_no_such_log_is_one_line(told: list[bytes], complaint: str) -> None:
    with pytest.raises(ForeignError, match=complaint) as found:
        imported(told)
    assert "\n" not in str(found.value)
