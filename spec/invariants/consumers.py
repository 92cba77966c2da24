"""Consumers: what they are told of their partitions, and what they cannot do with those of others."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.errors import MISCONFIGURED, told as errors_told
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, among, firsts, last_before, pack, pack_both, pairs, take
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED, FAIL, INFO, OK, PENDING, Ownership
from brokerlaw.spec.history.values import TopicPartition
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation

NOT_TOLD: Final = -2
MAX_POLL: Final = "max.poll.interval.ms"
A_DAY: Final = 86_400_000
LEAVING: Final = (ops.Unsubscribe, ops.Close)
OF_PARTITIONS: Final = (ops.Seek, ops.Position, ops.Pause, ops.Resume)
"""What a consumer does with partitions that are assigned to it."""


@invariant(
    "refusals.unassigned",
    statement="A consumer does not seek, pause, resume or tell its position in a partition that it was never assigned.",
    formal="∀ seek, position, pause or resume o of p by c, ok: p was assigned to c before o was over",
    source="Kafka documentation, KafkaConsumer.seek, position, pause and resume: IllegalStateException",
    covers=MEMBERSHIPS,
    liars=tuple(f"{word}.outcome: ok for refused" for word in ("seek", "position", "pause", "resume")),
)
def unassigned(h: History) -> Finding:
    """What was assigned once may be taken away while the client does not know it yet: that is not judged. Nor are
    members of groups of whose assignments the history tells nothing.
    """
    tested, breaches, came, tells = 0, [], _first_given(h), _tells(h)
    operations = h.operations
    for number in of_kind(h, *OF_PARTITIONS, failed=True).tolist():
        opened, status = int(operations.opened[number]), operations.status[number]
        if not tells[opened] or status in (PENDING, INFO):
            continue
        never = [tp for tp in _named(h, number) if came.get((opened, tp), NEVER) > operations.completed[number]]
        tested += bool(never)
        breaches += [_not_its_own(h, number, never[0])] if never and status == OK else []
    return Finding(tested, tuple(breaches))


def _named(h: History, number: int) -> tuple[TopicPartition, ...]:
    op = h.invocations[number].value
    assert isinstance(op, OF_PARTITIONS)
    return op.partitions if isinstance(op, ops.Pause | ops.Resume) else (TopicPartition(op.topic, op.partition),)


def _first_given(h: History) -> dict[tuple[int, TopicPartition], int]:
    """When a consumer, by the operation that opened it, was first assigned a partition, or asked for it."""
    events = h.ownership[h.ownership.kind == ASSIGNED]
    told = zip(events.opened.tolist(), map(h.partitions.__getitem__, events.tp), events.time.tolist(), strict=True)
    found = {(opened, tp): time for opened, tp, time in reversed([*told])}
    for number in of_kind(h, ops.Assign).tolist():
        op, opened, time = h.invocations[number].value, int(h.operations.opened[number]), h.invocations[number].time
        assert isinstance(op, ops.Assign)
        for each in op.offsets:
            found[opened, each.tp] = min(time, found.get((opened, each.tp), NEVER))
    return found


def _tells(h: History) -> Bools:
    """By the operation that opened it: whether the history tells what is assigned to a consumer, if anything is."""
    tells = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    tells[[*consumers(h)]] = True
    tells[h.operations.opened[of_kind(h, ops.Subscribe)]] = False
    tells[h.ownership.opened] = True
    tells[-1] = False
    return tells


def _not_its_own(h: History, op: int, where: TopicPartition) -> Violation:
    who, word = h.processes[int(h.operations.client[op])], h.functions[int(h.operations.f[op])]
    told = f"{who}'s {word} of {where} was done, and it was never assigned the partition"
    return violation(h, told, (op,))


@invariant(
    "groups.told-its-own",
    statement="A member is told of its own group, and under a member id that no other client has.",
    formal="∀ assignment, revocation or loss e told to c: group(e) = group(c); ∀ e' told to c' ≠ c in that group:"
    " member(e) ≠ member(e')",
    source="Kafka protocol, JoinGroup and ConsumerGroupHeartbeat: member ids; KIP-394, KIP-848; KAFKA-8500",
    capabilities=("topics", "groups"),
    covers=MEMBERSHIPS,
    liars=("*.observation.group", "*.observation.member", "*.observation: told of another"),
)
def told_its_own(h: History) -> Finding:
    """A client that tells no member id has none to share; news of no group are left out."""
    told = h.ownership[firsts(h.ownership.row)] if len(h.ownership) else h.ownership
    told = told[(told.opened >= 0) & (told.group != h.groups.find(""))]
    own = np.full(len(h.operations) + 1, NOT_TOLD)
    for opened, consumer in consumers(h).items():
        own[opened] = NOT_TOLD if consumer.group is None else h.groups.find(consumer.group)
    strange = (own[told.opened] != NOT_TOLD) & (own[told.opened] != told.group)
    named = told[(told.member != h.members.find("")) & ~strange]
    first = named[firsts(named.group, named.member)] if len(named) else named
    row, whose = pairs(pack(named.group, named.member), pack(first.group, first.member))
    shared = row[named.process[row] != first.process[whose]]
    shared = shared[firsts(named.process[shared], named.member[shared])] if len(shared) else shared
    breaches = [_of_another_group(h, told, int(i)) for i in np.flatnonzero(strange)]
    breaches += [_under_one_id(h, named, first, int(i)) for i in shared]
    return Finding(len(told), tuple(breaches))


def _of_another_group(h: History, told: Ownership[Ints], event: int) -> Violation:
    opened = int(told.opened[event])
    who, own = h.processes[int(told.process[event])], consumers(h)[opened].group
    reason = f"{who}, a consumer of group {own}, was told of partitions of group {h.groups[int(told.group[event])]}"
    return violation(h, reason, (opened,), (int(told.row[event]),))


def _under_one_id(h: History, named: Ownership[Ints], first: Ownership[Ints], event: int) -> Violation:
    before = np.flatnonzero((first.group == named.group[event]) & (first.member == named.member[event]))[0]
    one, other = (h.processes[int(each)] for each in (first.process[before], named.process[event]))
    reason = f"{one} and {other} were both told that they are member {h.members[int(named.member[event])]}"
    return violation(h, reason, (), (int(first.row[before]), int(named.row[event])))


@invariant(
    "ownership.given-then-taken",
    statement="What is taken from a member was given to it before; a leave that is refused takes nothing.",
    formal="∀ revocation or loss e of p told to m: some assignment of p was told to m before e;"
    " ∀ unsubscribe or close o of m, refused: no revocation is told to m during o",
    source="Kafka documentation, ConsumerRebalanceListener.onPartitionsRevoked: assigned and being revoked",
    capabilities=("topics", "groups"),
    covers=MEMBERSHIPS,
    liars=(
        "revoked.observation",
        "lost.observation",
        "unsubscribe.outcome: fail for done",
        "close.outcome: fail for done",
    ),
)
def given_then_taken(h: History) -> Finding:
    """Left out are consumers that were told of no assignment yet, or of whose polls one has an unknown outcome: some
    logs tell news with the outcomes of polls.
    """
    events = h.ownership
    given, taken = events[events.kind == ASSIGNED], events[events.kind != ASSIGNED]
    taken = taken[(last_before(given.opened, given.row, taken.opened, taken.row) >= 0) & ~_hard_of_hearing(h, taken)]
    if not len(taken):
        return Finding(0)
    have, asked = pack_both((given.opened, given.tp), (taken.opened, taken.tp))
    before = last_before(have, given.row, asked, taken.row)
    leaving = _refused_leave(h, taken)
    breaches = [_never_given(h, taken, int(i)) for i in np.flatnonzero(before < 0)]
    breaches += [_took(h, taken, int(i), int(leaving[i])) for i in np.flatnonzero((before >= 0) & (leaving >= 0))]
    return Finding(len(taken), tuple(breaches))


def _hard_of_hearing(h: History, taken: Ownership[Ints]) -> Bools:
    operations, polls = h.operations, of_kind(h, ops.Poll)
    lost = polls[among(operations.status[polls], (PENDING, INFO))]
    last = last_before(operations.opened[lost], operations.row[lost], taken.opened, taken.row)
    return np.asarray(last >= 0, dtype=np.bool_)


def _refused_leave(h: History, taken: Ownership[Ints]) -> Ints:
    """For each partition taken: the refused leave that alone went on just then; -1: none."""
    operations = h.operations
    last = last_before(operations.opened, operations.row, taken.opened, taken.row)
    refused = among(last, of_kind(h, *LEAVING, failed=True)) & (take(operations.status, last) == FAIL)
    return np.where(refused & (take(operations.ended, last) > taken.row), last, -1)


def _never_given(h: History, taken: Ownership[Ints], event: int) -> Violation:
    who, where = h.processes[int(taken.process[event])], partition(h, int(taken.tp[event]))
    return violation(h, f"{where} was taken from {who}, which was never given it", (), (int(taken.row[event]),))


def _took(h: History, taken: Ownership[Ints], event: int, leave: int) -> Violation:
    who, where = h.processes[int(taken.process[event])], partition(h, int(taken.tp[event]))
    word = h.functions[int(h.operations.f[leave])]
    return violation(h, f"{who}'s {word} was refused, and took {where} from it", (leave,), (int(taken.row[event]),))


@invariant(
    "consumers.settings-as-asked",
    statement="A consumer is refused a time between polls that there cannot be, and no other.",
    formal="∀ opening o of a consumer with max.poll.interval.ms = t: ok(o) ⇒ 1 ≤ t < 2^31;"
    " session timeout ≤ t ≤ a day ∧ others were opened with the setting ⇒ o is not refused as misconfigured",
    source="Kafka documentation, max.poll.interval.ms: valid values; librdkafka's configuration, the same",
    liars=("open_consumer.request.settings", "open_consumer.outcome: ok for refused"),
)
def settings_as_asked(h: History) -> Finding:
    """Judged are consumers that set this alone."""
    taken, misconfigured = h.operations.status == OK, errors_told(h, MISCONFIGURED)
    asked = [(op, it) for op, it in consumers(h).items() if [*it.settings] == [MAX_POLL]]
    asked = [(op, it) for op, it in asked if taken[op] or misconfigured[op]]
    known_to_others = any(taken[op] for op, _ in asked)
    breaches = [_opened(h, op, it) for op, it in asked if taken[op] and not _possible(it.settings[MAX_POLL])]
    breaches += [_unjust(h, op, it) for op, it in asked if misconfigured[op] and known_to_others and _reasonable(it)]
    return Finding(len(asked), tuple(breaches))


def _possible(text: str) -> bool:
    return text.isdecimal() and 1 <= int(text) < 2**31


def _reasonable(consumer: ops.OpenConsumer) -> bool:
    text = consumer.settings[MAX_POLL]
    return text.isdecimal() and consumer.session_timeout <= int(text) <= A_DAY


def _opened(h: History, op: int, consumer: ops.OpenConsumer) -> Violation:
    told = f"{consumer.client} was opened with {MAX_POLL}={consumer.settings[MAX_POLL]}, which is no value of it"
    return violation(h, told, (op,))


def _unjust(h: History, op: int, consumer: ops.OpenConsumer) -> Violation:
    told = f"{consumer.client} was refused {MAX_POLL}={consumer.settings[MAX_POLL]}, and nothing is wrong with that"
    return violation(h, told, (op,))
