"""What a step asks of a broker: the capabilities that it uses. A plan needs what its steps use, and nothing more."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from brokerlaw.adapters.contract import Capability, Description
from brokerlaw.conformance import plan as p
from brokerlaw.spec.history import operations as ops

MIN_ISR: Final = "min.insync.replicas"

_OF_KIND: Final[dict[type[ops.Operation], tuple[Capability, ...]]] = {
    ops.DeleteRecords: ("delete-records",),
    ops.DescribeGroup: ("groups.admin",),
    ops.ResetOffsets: ("groups.admin",),
    ops.FetchCommitted: ("groups.admin",),
    ops.BeginTransaction: ("transactions",),
    ops.CommitTransaction: ("transactions",),
    ops.AbortTransaction: ("transactions",),
    ops.SendOffsets: ("transactions", "groups"),
    ops.Subscribe: ("groups",),
    ops.Unsubscribe: ("groups",),
    ops.Commit: ("groups",),
    ops.Committed: ("groups",),
    ops.Crash: ("clients.crash",),
    ops.Freeze: ("clients.freeze",),
    ops.Thaw: ("clients.freeze",),
    ops.KillBroker: ("faults.kill",),
    ops.RestartBroker: ("faults.kill",),
    ops.PauseBroker: ("faults.pause",),
    ops.ResumeBroker: ("faults.pause",),
    ops.IsolateBrokers: ("faults.isolate",),
    ops.HealNetwork: ("faults.isolate",),
    ops.ElectLeader: ("faults.elect",),
    ops.AdvanceClock: ("faults.clock",),
    ops.DescribePartition: ("inspect.partition",),
    ops.ReadReplica: ("inspect.replica",),
    ops.CreateQueue: ("queues",),
    ops.DeleteQueue: ("queues",),
    ops.Publish: ("queues",),
    ops.Receive: ("queues",),
    ops.Ack: ("queues",),
    ops.Nack: ("queues",),
    ops.Extend: ("queues",),
}
"""Operations that are not asked of every broker with topics."""
_FAULTS: Final[dict[p.FaultKind, Capability]] = {
    "kill": "faults.kill",
    "pause": "faults.pause",
    "isolate": "faults.isolate",
}


def needs(step: p.Step) -> frozenset[Capability]:
    """The capabilities that a step uses, with these settings."""
    return frozenset(_of_operation(step) if isinstance(step, ops.Operation) else _of_directive(step))


def missing(steps: Iterable[p.Step], description: Description) -> tuple[str, ...]:
    """What these steps use and the broker does not have, in the order of use."""
    return tuple(dict.fromkeys(want for step in steps for want in _wants(step, description)))


def fitted(step: p.Step, description: Description) -> p.Step:
    """The step without what the plan can do without: an idempotent producer, a minimum of one replica in sync."""
    match step:
        case ops.OpenProducer(idempotent=True, transactional_id=None) if not description.has("idempotence"):
            return msgspec.structs.replace(step, idempotent=False)
        case ops.CreateTopic() if step.settings.get(MIN_ISR) == "1" and not description.has("min-isr"):
            kept = {key: value for key, value in step.settings.items() if key != MIN_ISR}
            return msgspec.structs.replace(step, settings=kept)
        case _:
            return step


def _wants(step: p.Step, description: Description) -> Iterator[str]:
    yield from sorted(need for need in needs(step) if not description.has(need))
    if isinstance(step, ops.CreateTopic) and description.has("replication"):
        brokers = description.capabilities["replication"]
        if brokers is not None and step.replication > brokers:
            yield f"replication on {step.replication} brokers"


def _of_operation(op: ops.Operation) -> Iterator[Capability]:
    yield from _OF_KIND.get(type(op), ("topics",))
    match op:
        case ops.CreateTopic():
            if op.replication > 1:
                yield "replication"
            if MIN_ISR in op.settings:
                yield "min-isr"
        case ops.ListOffsets() if isinstance(op.at, int):
            yield "timestamps"
        case ops.ListOffsets(isolation="read_committed") | ops.OpenConsumer(isolation="read_committed", group=None):
            yield "transactions"
        case ops.OpenConsumer() if op.group is not None:
            yield from _of_member(op)
        case ops.OpenProducer():
            if op.transactional_id is not None:
                yield "transactions"
            elif op.idempotent:
                yield "idempotence"
        case ops.Send() if op.timestamp is not None:
            yield "timestamps"


def _of_member(op: ops.OpenConsumer) -> Iterator[Capability]:
    yield "groups"
    if op.protocol == "consumer":
        yield "groups.next"
    elif op.assignor == "cooperative-sticky":
        yield "groups.cooperative"
    if op.instance_id is not None:
        yield "groups.static"
    if op.auto_commit:
        yield "auto-commit"
    if op.isolation == "read_committed":
        yield "transactions"


def _of_directive(step: p.AnyDirective) -> Iterator[Capability]:
    match step:
        case p.DeclareApplication():
            yield "groups"
            if step.discipline == "exactly-once":
                yield "transactions"
        case p.RunApplication() | p.Settle():
            yield "groups"
        case p.InjectFault():
            yield from ("replication", "inspect.partition", _FAULTS[step.fault])
        case p.AwaitIsr() | p.AwaitLeader():
            yield "inspect.partition"
        case p.Elapse() | p.ResumePaused() | p.Heal():
            pass
