"""Each check beyond plain topics, failing: a sound program or toy whose answers are changed on their way."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from queue_toy import QueueToy

from brokerlaw.adapters.command import CommandAdapter
from brokerlaw.adapters.contract import Adapter, Answer, Timed
from brokerlaw.conformance import smoke as smoke_module
from brokerlaw.conformance.smoke import IN_ORDER, smoke
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operations import AnyOperation, Operation
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.values import PartitionState

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "node" / "adapter.mjs"
Ask = Callable[[AnyOperation], Answer]
Change = Callable[[AnyOperation, Ask], Answer]


def changed(adapter: Adapter, change: Change) -> Adapter:
    """The adapter with its operations performed by `change`, which may ask the real one."""
    ask = adapter.perform
    adapter.perform = lambda op: change(op, ask)  # type: ignore[method-assign, assignment, arg-type]  # for a test
    return adapter


def dropping(kind: type[Operation]) -> Change:
    """Say ok to an operation, and do nothing."""
    return lambda op, ask: Ok() if isinstance(op, kind) else ask(op)


def asking(kind: type[Operation], **fields: Any) -> Change:
    """Ask for something else than what was meant."""
    return lambda op, ask: ask(msgspec.structs.replace(op, **fields) if isinstance(op, kind) else op)


def answering(kind: type[Operation], value: Callable[[Any], Any]) -> Change:
    """Answer with another value."""

    def change(op: AnyOperation, ask: Ask) -> Answer:
        answer = ask(op)
        outcome = answer.outcome if isinstance(answer, Timed) else answer
        return Ok(value(outcome.value)) if isinstance(op, kind) and isinstance(outcome, Ok) else answer

    return change


def seconds(records: Any) -> Any:
    return tuple(msgspec.structs.replace(record, timestamp=record.timestamp // 1000) for record in records)


def in_a_group_of_its_own(op: AnyOperation) -> AnyOperation:
    return msgspec.structs.replace(op, group=op.client) if isinstance(op, ops.OpenConsumer) and op.group else op


def failures(adapter: Adapter, check: str, monkeypatch: pytest.MonkeyPatch, status: str = "unsure") -> list[str]:
    """Why the one check fails, if it does; a misuse of the contract is a `fail`, a doubt leaves it `unsure`."""
    (chosen,) = [each for each in IN_ORDER if each.name.startswith(check)]
    monkeypatch.setattr(smoke_module, "IN_ORDER", [chosen])
    monkeypatch.setattr("brokerlaw.conformance.smoke.bench.TURNS", 5)
    results = list(smoke(adapter, "s-", 20.0))
    assert len(results) == 3
    assert {each.status for each in results} <= {"pass", status}
    return [each.reason for each in results if each.status == status]


ON_THE_EXAMPLE: list[tuple[str, Change, str]] = [
    ("Timestamps are kept", asking(ops.Send, timestamp=17), "came back as"),
    ("Timestamps are kept", answering(ops.Poll, seconds), "came back as"),
    ("Timestamps are kept", answering(ops.ListOffsets, lambda offset: offset or 0), "nothing is as late"),
    ("Records below an offset", dropping(ops.DeleteRecords), "deleted below 2, the log starts at 0"),
    ("Clients crash", dropping(ops.Crash), "a crashed producer sent"),
    ("A lone member", asking(ops.Subscribe, topics=()), "of 2 partitions the members were not seen to hold all"),
    (
        "What is committed is told",
        answering(ops.Committed, lambda offset: offset or 0),
        "before any commit, 0 is committed",
    ),
    ("What is committed is told", dropping(ops.Commit), "committed 2, and None is told"),
    ("What is committed is told", lambda op, ask: ask(in_a_group_of_its_own(op)), "the next member read [0, 1, 2]"),
    ("Two members share", dropping(ops.Close), "not seen to hold all"),
    ("A member that unsubscribes", dropping(ops.Unsubscribe), "not seen to hold all"),
    ("A group is described", dropping(ops.ResetOffsets), "reset to [0, 7], the group has committed [0, None]"),
    (
        "A group is described",
        answering(ops.DescribeGroup, lambda state: msgspec.structs.replace(state, state="Stable")),
        "with one member in it there was no more than GroupState(state='Stable'",
    ),
]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node on this machine")
@pytest.mark.parametrize(("check", "change", "words"), ON_THE_EXAMPLE)
def test_on_the_example(check: str, change: Change, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = CommandAdapter("node", ["node", str(EXAMPLE)], {})
    (reason,) = failures(changed(program, change), check, monkeypatch)
    assert words in reason


def other_broker(op: AnyOperation, ask: Ask) -> Answer:
    """Kill the broker next to the one that was meant."""
    return ask(msgspec.structs.replace(op, broker=(op.broker + 1) % 3) if isinstance(op, ops.KillBroker) else op)


def all_but_one(op: AnyOperation, ask: Ask) -> Answer:
    """Of three brokers that are to be cut off, the second is not."""
    return ask(msgspec.structs.replace(op, brokers=(0, 2)) if op == ops.IsolateBrokers((0, 1, 2), clients=True) else op)


def refusing(kind: type[AnyOperation]) -> Change:
    """What is done is told as a refusal."""

    def change(op: AnyOperation, ask: Ask) -> Answer:
        answer = ask(op)
        return Fail("REFUSED") if isinstance(op, kind) else answer

    return change


def twice(op: AnyOperation, ask: Ask) -> Answer:
    """The clock is advanced, and advanced again."""
    if isinstance(op, ops.AdvanceClock):
        ask(op)
    return ask(op)


def without_one(state: PartitionState) -> PartitionState:
    """The second of three replicas in sync is not told."""
    return msgspec.structs.replace(state, isr=(0, 2))


ON_FAULTS: list[tuple[str, Change, str]] = [
    ("Whom kill_broker hits", dropping(ops.KillBroker), "still leads what it alone has"),
    ("Whom kill_broker hits", other_broker, "still leads what it alone has"),
    ("Whom pause_broker hits", dropping(ops.ResumeBroker), "leads no more what it alone has"),
    ("Whom isolate_brokers hits is reached", asking(ops.IsolateBrokers, clients=False), "was sent to the isolated"),
    ("Whom isolate_brokers hits is reached", asking(ops.IsolateBrokers, clients=True), "was sent to the isolated"),
    ("Whom isolate_brokers hits is reached", all_but_one, "was sent to broker 1, with all isolated"),
    ("The election that elect_leader asks for", dropping(ops.ElectLeader), "is led by"),
    ("The election that elect_leader asks for", refusing(ops.ElectLeader), "was answered with fail REFUSED"),
    ("A partition's leader", answering(ops.DescribePartition, without_one), "isr=(0, 2)"),
    ("A partition's leader", asking(ops.DescribePartition, partition=0), "of a partition that there is not"),
    ("The leader's replica", asking(ops.ReadReplica, broker=0), "is no replica, and has"),
]


@pytest.mark.parametrize(("check", "change", "words"), ON_FAULTS)
def test_on_faults(check: str, change: Change, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (reason,) = failures(changed(ReferenceAdapter({}), change), check, monkeypatch)
    assert words in reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (asking(ops.AdvanceClock, duration=500), "advanced by 2000 ms, now() moved by 500"),
        (twice, "advanced by 500 ms, now() moved by 1000"),
    ],
)
def test_on_clocks(change: Change, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (reason,) = failures(changed(ReferenceAdapter({}), change), "The clock advances", monkeypatch, "fail")
    assert words in reason


ON_QUEUES: list[tuple[str, Change, str]] = [
    ("Messages come back", answering(ops.Receive, lambda got: ()), "no message came"),
    (
        "Messages come back",
        answering(ops.Receive, lambda got: tuple(msgspec.structs.replace(each, value=each.value[:1]) for each in got)),
        "b'text' came back as b't'",
    ),
    ("A refused message", dropping(ops.Nack), "no message came"),
    (
        "A refused message",
        answering(ops.Receive, lambda got: tuple(msgspec.structs.replace(each, attempt=0) for each in got)),
        "the second delivery is attempt 0",
    ),
    (
        "A message that was taken is hidden",
        lambda op, ask: ask(ops.Nack(op.client, op.queue, op.receipt) if isinstance(op, ops.Extend) else op),
        "a hidden message was given to another client",
    ),
]


@pytest.mark.parametrize(("check", "change", "words"), ON_QUEUES)
def test_on_queues(check: str, change: Change, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (reason,) = failures(changed(QueueToy({}), change), check, monkeypatch)
    assert words in reason


def test_a_sound_queue_passes() -> None:
    ends = [each.status for each in smoke(QueueToy({}), "s-", 5.0) if each.needs == ("queues",)]
    assert ends == ["pass", "pass", "pass"]


@pytest.mark.parametrize(("mutant", "status"), [("", "pass"), ("latest-in-added-partitions", "unsure")])
def test_what_was_in_an_added_partition_is_read(mutant: str, status: str) -> None:
    adapter = ReferenceAdapter({"mutant": mutant} if mutant else {})
    (made,) = (each for each in smoke(adapter, "s-", 20.0) if "groups.added-partitions" in each.needs)
    assert made.status == status, made
