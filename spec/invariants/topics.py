"""Topics: what one is created with, and that nothing of an earlier one of its name is in it."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.incarnations import Incarnation, incarnations
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import among, firsts, present
from brokerlaw.spec.history.evidence.topics import (
    known,
    number_of,
    partitions_of,
    totals,
    within,
)
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED, EARLIEST, FAIL, LATEST, OK, TIMESTAMP, Answers, Reads, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, value, violation


@invariant(
    "topics.begin-at-zero",
    statement="A new topic's partitions begin at offset 0 and have nothing in them.",
    formal="∀ answer a about a topic: nothing was sent to it before ⇒ earliest = latest = 0; nothing of it was deleted"
    " ⇒ earliest = 0",
    source='Kafka documentation, "Topics and Logs": each record has a sequential id number, its offset',
    liars=("list_offsets.answer: one more",),
)
def begin_at_zero(h: History) -> Finding:
    """A topic that was deleted and created anew is a new one, a second after it was created and while no broker is
    disturbed: until then a broker may not have learned of it. Answers that tell no offset are left out.
    """
    answers = h.answers[(h.answers.status == OK) & among(h.answers.kind, (EARLIEST, LATEST))]
    answers = answers[answers.offset >= 0]
    empty, kept = np.zeros(len(answers), dtype=np.bool_), _nothing_removed(h, answers)
    for each in _topics(h):
        mine = np.flatnonzero(_about(h, answers, each))
        sends = _may_be_in(h, each)
        empty[mine] = answers.completed[mine] < sends.invoked.min(initial=each.over)
    tested = empty | kept
    wrong = np.flatnonzero(tested & (answers.offset != 0))
    return Finding(int(tested.sum()), tuple(_not_at_zero(h, answers[i : i + 1], bool(empty[i])) for i in wrong))


def _topics(h: History) -> list[Incarnation]:
    return [each for each in incarnations(h) if each.created]


def _about(h: History, answers: Answers, each: Incarnation) -> Bools:
    """Whether the answers are certainly about this topic."""
    mine = among(answers.tp, partitions_of(h, each.topic))
    mine &= (answers.invoked > each.settled) & (answers.completed < each.over)
    if each.cleared >= 0:
        mine &= ~disturbed(h, np.full(len(answers), each.cleared), answers.completed)
    return np.asarray(mine, dtype=np.bool_)


def _may_be_in(h: History, each: Incarnation) -> Sends:
    """The sends whose records may be in this topic: what was not confirmed before may come late."""
    sends = h.sends
    before = (sends.status == OK) & (sends.completed < each.cleared)
    return sends[(sends.topic == h.topics.find(each.topic)) & (sends.status != FAIL) & ~before]


def _nothing_removed(h: History, answers: Answers) -> Bools:
    """Of the log's start, where nobody deleted records, and none can have expired."""
    kept = within(h, keeping(h)) & (deleted_below(h) == 0)
    created = {each.topic: each.begun for each in _topics(h)}
    since = np.array([*(created.get(tp.topic, -1) for tp in h.partitions.values), -1], dtype=np.int64)
    return np.asarray((answers.kind == EARLIEST) & kept[answers.tp] & (answers.invoked > since[answers.tp]))


def _not_at_zero(h: History, answer: Answers, empty: bool) -> Violation:
    asked = "begin" if answer.kind[0] == EARLIEST else "end"
    why = "before anything was sent to it" if empty else "and nothing of it was deleted"
    return violation(h, f"{partition(h, answer.tp[0])} was said to {asked} at {answer.offset[0]}, {why}", answer.op)


@invariant(
    "topics.nothing-old",
    statement="Once a topic was deleted, none of its records is read any more, nor in a topic created under its name.",
    formal="∀ read r of a topic after its deletion ∃ send s of r's key and value: s was not confirmed before that",
    source="Kafka, Admin.deleteTopics and KIP-516: a topic created anew is another one, with another id",
    liars=("delete_topic.outcome: not done",),
)
def nothing_old(h: History) -> Finding:
    """For readers that were opened a second after it was deleted or created anew, while no broker was disturbed."""
    tested, breaches = 0, []
    for each in incarnations(h):
        if each.cleared >= 0:
            reads = _readers_of(h, each)
            tested += len(reads)
            breaches += list(_old(h, reads, each))
    return Finding(tested, tuple(breaches))


def _readers_of(h: History, each: Incarnation) -> Reads:
    """What readers that can know no other topic of the name were given."""
    reads = h.reads[among(h.reads.tp, partitions_of(h, each.topic))]
    reads = reads[(h.operations.invoked[reads.opened] > each.settled) & (reads.completed < each.over)]
    return reads[~disturbed(h, np.full(len(reads), each.cleared), reads.completed)]


def _old(h: History, reads: Reads, each: Incarnation) -> Iterator[Violation]:
    sends, new = h.sends, _may_be_in(h, each)
    old = sends[(sends.topic == h.topics.find(each.topic)) & (sends.status == OK) & (sends.completed < each.cleared)]
    read = (reads.key, reads.value)
    wrong = np.flatnonzero(present((old.key, old.value), read) & ~present((new.key, new.value), read))
    for i in wrong[np.sort(firsts(reads.tp[wrong], reads.offset[wrong]))].tolist():
        send = np.flatnonzero((old.key == reads.key[i]) & (old.value == reads.value[i]))[:1]
        where = place(h, int(reads.tp[i]), int(reads.offset[i]))
        told = f"{h.processes[reads.process[i]]} read {value(h, int(reads.value[i]))} at {where}"
        reason = f"{told}, which was in the topic {each.topic} that was deleted before"
        yield violation(h, reason, (*old.op[send], each.op, reads.op[i]))


GONE: Final = (ops.ListOffsets, ops.DeleteTopic, ops.CreatePartitions, ops.AlterTopic, ops.DeleteRecords)
"""What is refused for a topic that is not there."""


@invariant(
    "topics.deleted-is-gone",
    statement="A topic that was deleted is not there: nothing is told of it, it is neither changed nor deleted, until "
    "it is created anew.",
    formal="∀ deletion of topic t, operation o that needs t, after that and before anybody creates t: o is refused",
    source="Kafka, Admin.deleteTopics; Kafka protocol, errors: UNKNOWN_TOPIC_OR_PARTITION",
    liars=("delete_topic", "create_topic.outcome: fail for done", "list_offsets.outcome: ok for refused"),
)
def deleted_is_gone(h: History) -> Finding:
    """A second after it was deleted, and while no broker was disturbed: until then a broker may not have learned of it.

    A creation that was refused is none. Left out are topics that a broker may have created anew by itself: those that
    clients ask for, unless the broker tells that it does not.
    """
    gone = [each for each in incarnations(h) if not each.created and each.topic not in _by_themselves(h)]
    asked = [(number, each) for each in gone for number in _about_nothing(h, each)]
    done = ((number, each) for number, each in asked if h.operations.status[number] == OK)
    return Finding(len(asked), tuple(_done_to_nothing(h, number, each) for number, each in done))


def _by_themselves(h: History) -> frozenset[str]:
    """Topics that a broker may have created when a client asked for them."""
    if h.broker_settings.get("auto.create.topics.enable") == "false":
        return frozenset()
    asked = [h.invocations[number].value for number in of_kind(h, ops.Subscribe, ops.Assign, failed=True).tolist()]
    subscribed = {topic for op in asked if isinstance(op, ops.Subscribe) for topic in op.topics}
    assigned = {offset.topic for op in asked if isinstance(op, ops.Assign) for offset in op.offsets}
    return frozenset((*h.topics.values, *subscribed, *assigned))


def _about_nothing(h: History, each: Incarnation) -> Iterator[int]:
    """What was asked of a topic, and answered, while it was certainly gone."""
    operations = h.operations
    numbers = of_kind(h, *GONE, failed=True)
    numbers = numbers[(operations.invoked[numbers] > each.settled) & (operations.invoked[numbers] <= each.over)]
    numbers = numbers[among(operations.status[numbers], (OK, FAIL))]
    numbers = numbers[~disturbed(h, np.full(len(numbers), each.cleared), operations.completed[numbers])]
    for number in numbers.tolist():
        op = h.invocations[number].value
        assert isinstance(op, GONE)
        in_time = operations.completed[number] < each.over or operations.invoked[number] == each.over
        if op.topic == each.topic and in_time:
            yield number


def _done_to_nothing(h: History, number: int, each: Incarnation) -> Violation:
    word = h.functions[h.operations.f[number]]
    return violation(h, f"{word} was done to {each.topic}, which had been deleted", (each.op, number))


@invariant(
    "topics.partition-count",
    statement="Records stand, members are given partitions, and offsets are told, in no partition that the topic does "
    "not have.",
    formal="∀ acknowledgement, read, assignment or offset told of partition p of topic t: p < partitions(t)",
    source="Kafka, Admin.createTopics and createPartitions (KIP-195)",
    covers=("create-partitions",),
    liars=(
        "send.answer.partition",
        "create_topic.request.partitions: one more",
        "create_partitions",
        "list_offsets.outcome: ok for refused",
    ),
)
def partition_count(h: History) -> Finding:
    """By the number that the topic was created with, or any that somebody had asked for by then."""
    acked, told = h.sends[h.sends.status == OK], h.ownership[h.ownership.kind == ASSIGNED]
    offsets = h.answers[(h.answers.status == OK) & among(h.answers.kind, (EARLIEST, LATEST, TIMESTAMP))]
    tp = np.concatenate([acked.tp, h.reads.tp, told.tp, offsets.tp])
    time = np.concatenate([acked.completed, h.reads.completed, told.time, offsets.completed])
    limit = _most_partitions(h, tp, time)
    tested = limit > 0
    wrong = np.flatnonzero(tested & (number_of(h)[tp] >= limit))
    op = np.concatenate([acked.op, h.reads.op, np.full(len(told), -1), offsets.op])
    row = np.concatenate([np.full(len(acked) + len(h.reads), -1), told.row, np.full(len(offsets), -1)])
    once = wrong[np.sort(firsts(tp[wrong]))]
    breaches = (_beyond(h, int(tp[i]), int(limit[i]), int(op[i]), int(row[i])) for i in once)
    return Finding(int(tested.sum()), tuple(breaches))


def _most_partitions(h: History, tp: Ints, time: Ints) -> Ints:
    """How many partitions the topic of each may have had at its time; 0: that is not known."""
    created = [max(0, h.created[tp.topic].partitions) if tp.topic in known(h) else 0 for tp in h.partitions.values]
    limit = np.array([*created, 0], dtype=np.int64)[tp]
    for topic, asked in totals(h).items():
        mine = np.flatnonzero(within(h, {topic} & known(h))[tp] & (limit > 0))
        for begun, total in asked:
            limit[mine] = np.where(time[mine] >= begun, np.maximum(limit[mine], total), limit[mine])
    return limit


def _beyond(h: History, tp: int, limit: int, op: int, row: int) -> Violation:
    created = [each.op for each in _topics(h) if each.topic == h.partitions[tp].topic]
    asked = op >= 0 and h.functions[h.operations.f[op]] == "list_offsets"
    what = "a member was given" if op < 0 else "an offset was told of" if asked else "a record stands in"
    reason = f"{what} {partition(h, tp)}, and the topic has {limit} partition{'s' * (limit > 1)}"
    return violation(h, reason, (*created, op), (row,))
