"""Refusals: what cannot be done is refused, whoever asks for it. An `ok` would be believed."""

from collections.abc import Callable, Iterator
from typing import Final, TypeVar, get_args

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import down_throughout
from brokerlaw.spec.history.evidence.relations import NEVER, last_before, take
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.tables import INFO, OK, PENDING
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import violation

ADMINISTRATORS: Final = get_args(ops.OfAdmins)
ENDS: Final = (ops.CommitTransaction, ops.AbortTransaction)
INSIDE: Final = (ops.Send, ops.SendOffsets, *ENDS)
"""What a transactional producer can do in a transaction only."""
K = TypeVar("K", bound=Operation)


@invariant(
    "refusals.topics",
    statement="A topic that is there is not created again, partitions grow in number only, and no setting gets a value "
    "that it cannot have.",
    formal="∀ create a, b of a topic, ok, none deleted it in between: a = b; ∀ create-partitions c, ok, after the "
    "topic had n for certain: total(c) > n; ∀ create or alter, ok: each setting's value is one of its values",
    source="Kafka protocol, errors: TOPIC_ALREADY_EXISTS, INVALID_PARTITIONS (KIP-195), INVALID_CONFIG; Kafka "
    'documentation, "Topic Configs": valid values',
    liars=(
        "create_topic.outcome: ok for refused",
        "delete_topic.outcome: fail for done",
        "create_partitions",
        "alter_topic.outcome",
        "*.request.settings",
    ),
    covers=("create-partitions", "alter-configs"),
)
def topics(h: History) -> Finding:
    """A topic that somebody deleted may be created anew, and has as many partitions as it then gets."""
    found = [*_made_again(h), *_not_more(h), *_no_value(h)]
    return Finding(len(found), tuple(broken for broken in found if broken is not None))


def _made_again(h: History) -> Iterator[Violation | None]:
    """For each creation of a topic that was certainly there: None, or that it was not refused."""
    made, gone = _by_topic(_asked(h, ops.CreateTopic, failed=True)), _by_topic(_asked(h, ops.DeleteTopic))
    for topic, numbers in made.items():
        for number in filter(lambda number: _answered(h, number), numbers):
            before = (one for one in numbers if _ok(h, one) and _completed(h, one) < _invoked(h, number))
            standing = [
                one for one in before if not any(_between(h, one, each, number) for each in gone.get(topic, ()))
            ]
            if standing:
                told = f"{topic} was created twice, and not deleted in between"
                yield violation(h, told, (standing[-1], number)) if _ok(h, number) else None


def _by_topic(
    asked: Iterator[tuple[int, ops.CreateTopic]] | Iterator[tuple[int, ops.DeleteTopic]],
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, op in asked:
        found.setdefault(op.topic, []).append(number)
    return found


def _between(h: History, one: int, op: int, other: int) -> bool:
    """Whether an operation may have taken effect after one other, and before another."""
    return _invoked(h, op) < _completed(h, other) and _completed(h, op) > _invoked(h, one)


def _not_more(h: History) -> Iterator[Violation | None]:
    """For each expansion to no more partitions than there certainly were: None, or that it was not refused."""
    made, gone = _by_topic(_asked(h, ops.CreateTopic)), _by_topic(_asked(h, ops.DeleteTopic))
    counts = [(number, op.topic, op.partitions) for number, op in _asked(h, ops.CreateTopic)]
    counts += [(number, op.topic, op.total) for number, op in _asked(h, ops.CreatePartitions)]
    for number, op in _asked(h, ops.CreatePartitions, failed=True):
        sure = [
            (count, one)
            for one, topic, count in counts
            if topic == op.topic and _ok(h, one) and _completed(h, one) < _invoked(h, number)
        ]
        has, by = max(sure, default=(0, -1))
        one_topic = len(made.get(op.topic, [])) <= 1 and op.topic not in gone
        if one_topic and op.total <= has and _answered(h, number):
            told = f"{op.topic} had {has} partitions, and was given {op.total}"
            yield violation(h, told, (by, number)) if _ok(h, number) else None


def _integer(least: int) -> Callable[[str], bool]:
    return lambda text: text.removeprefix("-").isdecimal() and int(text) >= least


VALUES: Final[dict[str, Callable[[str], bool]]] = {
    "cleanup.policy": lambda text: set(text.split(",")) <= {"delete", "compact", ""},
    "message.timestamp.type": lambda text: text in ("CreateTime", "LogAppendTime"),
    "min.cleanable.dirty.ratio": lambda text: not text.isdecimal() or int(text) <= 1,
    "min.insync.replicas": _integer(1),
    "retention.ms": _integer(-1),
    "unclean.leader.election.enable": lambda text: text.lower() in ("true", "false"),
}
"""Settings of topics, and whether a text is a value of theirs."""


def _no_value(h: History) -> Iterator[Violation | None]:
    """For each setting that was to have a value that it cannot have: None, or that it was not refused."""
    asked: list[tuple[int, ops.CreateTopic | ops.AlterTopic]] = [*_asked(h, ops.CreateTopic, failed=True)]
    asked += _asked(h, ops.AlterTopic, failed=True)
    for number, op in asked:
        for name, text in op.settings.items():
            if name in VALUES and not VALUES[name](text) and _answered(h, number):
                told = f"{op.topic} was given {name}={text}, which is no value of it"
                yield violation(h, told, (number,)) if _ok(h, number) else None


@invariant(
    "refusals.transactions",
    statement="No transaction is begun in another; outside of any, none is ended, and a transactional producer sends "
    "nothing.",
    formal="∀ begin b, ok, of a producer: no transaction of it is certainly open throughout b; ∀ send, send-offsets, "
    "commit or abort o, ok, of a transactional producer: a transaction of it may be open at some time of o",
    source="KIP-98; Kafka's KafkaProducer: beginTransaction, send and commitTransaction raise IllegalStateException",
    capabilities=("topics", "transactions"),
    liars=(
        "begin_transaction.outcome: ok for refused",
        "abort_transaction.outcome: ok for refused",
        "send_offsets.outcome: ok for refused",
        "open_producer.request.transactional_id",
    ),
)
def transactions(h: History) -> Finding:
    """What was asked for and not refused may have been done: such a transaction may be open, or over."""
    begun, inside = of_kind(h, ops.BeginTransaction, failed=True), of_kind(h, *INSIDE, failed=True)
    inside = inside[_transactional(h)[h.operations.opened[inside]]]
    if not len(begun) and not len(inside):
        return Finding(0)
    twice, outside = begun[_surely_open(h, begun)], inside[_surely_none(h, inside)]
    found = [(op, "was begun in another") for op in twice.tolist()] + [(op, "") for op in outside.tolist()]
    asked = [(op, why) for op, why in found if _answered(h, op)]
    return Finding(len(asked), tuple(_outside(h, op, why) for op, why in asked if _ok(h, op)))


def _outside(h: History, op: int, why: str) -> Violation:
    name = h.functions[h.operations.f[op]]
    told = f"a transaction {why}" if why else f"{name} was done outside of any transaction"
    return violation(h, f"{told}, by {h.processes[h.operations.client[op]]}", (op,))


def _transactional(h: History) -> Bools:
    """By operation that opened a client, whether it is a transactional producer; and a last False."""
    column = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    for op, it in h.clients:
        column[op] = isinstance(it, ops.OpenProducer) and it.transactional_id is not None
    return column


def _surely_open(h: History, asked: Ints) -> Bools:
    """Whether a transaction had begun before each operation, and nobody asked for its end before it was over."""
    begun = of_kind(h, ops.BeginTransaction)
    begun = begun[h.operations.status[begun] == OK]
    before = _latest(h, begun, h.operations.completed[begun], asked, h.operations.invoked[asked])
    ends = of_kind(h, *ENDS)
    end = _latest(h, ends, h.operations.invoked[ends], asked, _over(h, asked))
    return np.asarray((before >= 0) & (take(h.operations.row, end) < take(h.operations.row, before)), dtype=np.bool_)


def _surely_none(h: History, asked: Ints) -> Bools:
    """Whether no transaction was begun before each operation was over, but those that had ended before it."""
    begun = of_kind(h, ops.BeginTransaction)
    begin = _latest(h, begun, h.operations.invoked[begun], asked, _over(h, asked))
    ends = of_kind(h, *ENDS)
    ends = ends[h.operations.status[ends] == OK]
    end = _latest(h, ends, h.operations.completed[ends], asked, h.operations.invoked[asked])
    return np.asarray((begin < 0) | (take(h.operations.row, begin) < take(h.operations.row, end)), dtype=np.bool_)


def _over(h: History, asked: Ints) -> Ints:
    pending = h.operations.status[asked] == PENDING
    return np.where(pending, NEVER, h.operations.completed[asked])


def _latest(h: History, rows: Ints, times: Ints, asked: Ints, asked_times: Ints) -> Ints:
    """For each asked operation: the latest of these operations of its client before a time, or -1."""
    opened = h.operations.opened
    return take(rows, last_before(opened[rows], times, opened[asked], asked_times))


@invariant(
    "refusals.groupless",
    statement="A consumer without a group neither subscribes nor commits, nor is it told what was committed.",
    formal="∀ subscribe, commit or committed o of a consumer opened without a group: o is not ok",
    source="KIP-289; Kafka's KafkaConsumer: InvalidGroupIdException",
    capabilities=("topics", "groups"),
    liars=("subscribe.outcome: ok for refused", "commit.outcome: ok for refused", "committed.outcome: ok for refused"),
)
def groupless(h: History) -> Finding:
    """Who reads by assignment alone is no member of anything."""
    alone = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    alone[[op for op, it in h.clients if isinstance(it, ops.OpenConsumer) and it.group is None]] = True
    asked = of_kind(h, ops.Subscribe, ops.Commit, ops.Committed, failed=True)
    asked = asked[alone[h.operations.opened[asked]] & (h.operations.status[asked] != PENDING)]
    done = asked[h.operations.status[asked] == OK]
    return Finding(len(asked), tuple(_groupless(h, op) for op in done.tolist()))


def _groupless(h: History, op: int) -> Violation:
    name, client = h.functions[h.operations.f[op]], h.processes[h.operations.client[op]]
    return violation(h, f"{client} has no group, and {name} was done", (int(h.operations.opened[op]), op))


@invariant(
    "refusals.nobody-up",
    statement="While every broker is dead or stands still, nothing that an administrator asks for is done or answered.",
    formal="∀ operation o of an administrator: all brokers were dead or paused throughout o ⇒ o is not ok",
    source="Kafka protocol: each request is answered by a broker",
    liars=tuple(
        f"{name}.outcome: ok for refused" for name in ("list_groups", "describe_group", "fetch_committed", "lag")
    ),
)
def nobody_up(h: History) -> Finding:
    """Where the history tells which brokers there are. What was asked for before they went may be answered."""
    asked = of_kind(h, *ADMINISTRATORS, failed=True)
    asked = asked[(h.operations.status[asked] != PENDING) & bool(h.cluster)]
    down = np.ones(len(asked), dtype=np.bool_)
    for broker in h.cluster:
        down &= down_throughout(h, broker, h.operations.invoked[asked], h.operations.completed[asked])
    alone = asked[down]
    return Finding(len(alone), tuple(_by_nobody(h, op) for op in alone[h.operations.status[alone] == OK].tolist()))


def _by_nobody(h: History, op: int) -> Violation:
    return violation(h, f"{h.functions[h.operations.f[op]]} was answered while no broker was running", (op,))


def _asked(h: History, kind: type[K], failed: bool = False) -> Iterator[tuple[int, K]]:
    """Each operation of the kind, with its number; those that certainly failed only where asked for."""
    for number in of_kind(h, kind, failed=failed).tolist():
        op = h.invocations[number].value
        assert isinstance(op, kind)
        yield number, op


def _invoked(h: History, op: int) -> int:
    return int(h.operations.invoked[op])


def _completed(h: History, op: int) -> int:
    return NEVER if h.operations.status[op] == PENDING else int(h.operations.completed[op])


def _ok(h: History, op: int) -> bool:
    return bool(h.operations.status[op] == OK)


def _answered(h: History, op: int) -> bool:
    """Whether it is known what became of it."""
    return h.operations.status[op] not in (PENDING, INFO)
