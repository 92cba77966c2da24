"""Silence: who vanishes, stands still or does not poll keeps its partitions for a while, who leaves keeps nothing."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import Assignments, assignments, contested, gone, identity
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import NEVER, among, in_order, take
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.evidence.topics import known, within
from brokerlaw.spec.history.evidence.waits import bounds, members_of, ordinary
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.tables import OK
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation

PATIENCE: Final = 10_000
"""Milliseconds for what no setting bounds: a busy machine, members that hear of a rebalance a heartbeat late."""
STEADY: Final = 5_000
"""Milliseconds that may lie between two polls of members that do not hold up a rebalance."""
VANISHING: Final = (ops.Crash, ops.Freeze)
DOING: Final = (*VANISHING, ops.Poll, ops.Thaw, ops.Close, ops.Subscribe, ops.Unsubscribe, ops.Assign)
"""What ends a silence, or begins one of another kind."""
STIRRING: Final = (ops.OpenConsumer, *VANISHING, ops.Thaw, ops.Close, ops.Subscribe, ops.Unsubscribe)
"""What members do that may begin a rebalance, or hold it up."""


class Silence(NamedTuple):
    """A member (`opened`) was heard last at `heard`, in session, and then no more until `until` (`NEVER`: never again).

    `by` is what it vanished by, if it did, or the last poll; from then on, between `begun` and `since`, it was silent.
    """

    opened: int
    by: int
    heard: int
    begun: int
    since: int
    until: int
    vanished: bool


@derived
def silences(h: History) -> tuple[Silence, ...]:
    """Of members that were told of partitions; those that do not poll count from half their time between polls on."""
    operations, doings = h.operations, of_kind(h, *DOING, failed=True)
    told = np.intersect1d(h.ownership.opened, [*consumers(h)])
    doings = doings[among(operations.opened[doings], told)]
    doings = doings[in_order(operations.opened[doings])]
    opened, begun, over = (column[doings] for column in (operations.opened, operations.invoked, operations.completed))
    until = np.full(len(doings), NEVER)
    until[:-1] = np.where(opened[1:] == opened[:-1], begun[1:], NEVER)
    done, vanished = operations.status[doings] == OK, among(doings, of_kind(h, *VANISHING))
    polled = done & among(doings, of_kind(h, ops.Poll))
    heard = np.maximum.accumulate(np.where(polled, np.arange(len(doings)), -1))
    silent = done & (take(opened, heard) == opened) & (vanished | polled & (until - over > _half_of_polling(h)[opened]))
    columns = (opened, doings, over[heard], np.where(vanished, begun, over), over, until, vanished)
    found = [Silence(*each) for each in zip(*(column[silent].tolist() for column in columns), strict=True)]
    if not found:
        return ()
    sure = in_session(h, np.array([each.opened for each in found]), np.array([each.heard for each in found]))
    return tuple(each for each, certain in zip(found, sure, strict=True) if certain)


def _half_of_polling(h: History) -> Ints:
    """By the operation that opened a member: half of the time (ns) in which it must poll."""
    half = np.zeros(len(h.operations) + 1, dtype=np.int64)
    for opened, member in consumers(h).items():
        half[opened] = member.max_poll_interval * MILLISECOND // 2
    return half


class Held(NamedTuple):
    """A partition that a member held when it fell silent, by its row among the assignments; `next` is that of the first
    assignment of it to another member of the group since then, at `moved` (`NEVER`: there is none).
    """

    silence: Silence
    row: int
    next: int
    moved: int


@derived
def held(h: History) -> tuple[Held, ...]:
    """Of topics that stayed as they are; whoever shares an instance id with the silent one may take its place."""
    table = assignments(h)
    lasting = within(h, known(h))[table.tp]
    return tuple(each for silence in silences(h) for each in _held(h, table, lasting, silence))


def _held(h: History, table: Assignments, lasting: Bools, silence: Silence) -> Iterator[Held]:
    mine = lasting & (table.opened == silence.opened) & (table.begin <= silence.heard)
    mine &= (table.end >= silence.begun) if silence.vanished else (table.end > silence.heard)
    for row in np.flatnonzero(mine).tolist():
        following = _following(table, row, silence.begun)
        moved = int(table.begin[following]) if following >= 0 else NEVER
        ended = int(table.end[row])
        if moved == NEVER or ended >= moved or (silence.vanished and ended == silence.begun):
            yield Held(silence, row, following, moved)


def _following(table: Assignments, row: int, since: int) -> int:
    """The first assignment of the same partition to another member of the group after this time; -1: there is none."""
    same = (table.group == table.group[row]) & (table.tp == table.tp[row]) & (table.begin > since)
    others = np.flatnonzero(same & (table.opened != table.opened[row]))
    return int(others[np.argmin(table.begin[others])]) if len(others) else -1


@invariant(
    "groups.silent-keeps",
    statement="A member that falls silent keeps its partitions: one that vanished for its session timeout, one that "
    "lives but does not poll for its max poll interval.",
    formal="∀ member m in session, heard last at h, gone at g, its partition p assigned to another at t:"
    " t ≥ min(g + session/2, h + max-poll-interval/2); m lives ⇒ t ≥ h + max-poll-interval/2",
    source="Kafka documentation, session.timeout.ms, heartbeat.interval.ms and max.poll.interval.ms; KIP-62, KIP-345",
    capabilities=("topics", "groups"),
    covers=MEMBERSHIPS,
    liars=("open_consumer.request.session_timeout", "open_consumer.request.max_poll_interval"),
)
def silent_keeps(h: History) -> Finding:
    """Half of the time is what must have passed: its last heartbeat is a third of its session old at the most.

    Counted are partitions that moved on before the member was heard of again. No broker may have been down.
    """
    tested, breaches = 0, []
    for each in held(h):
        silence = each.silence
        calm = each.moved <= silence.until and _calm(h, silence.heard, each.moved)
        if each.next >= 0 and calm and not _by_a_namesake(h, each):
            tested += 1
            if each.moved < _keeps_until(h, silence):
                breaches.append(_too_soon(h, each))
    return Finding(tested, tuple(breaches))


def _calm(h: History, begin: int, end: int) -> bool:
    return not disturbed(h, np.array([begin]), np.array([end]))[0]


def _by_a_namesake(h: History, each: Held) -> bool:
    """Whether another of its instance id may have taken its place, and begun a rebalance."""
    same, mine = identity(h), each.silence.opened
    namesakes = [opened for opened in consumers(h) if opened > mine and same[opened] == same[mine]]
    begun = min((int(h.operations.invoked[opened]) for opened in namesakes), default=NEVER)
    return bool(min(begun, contested(h)[mine]) <= each.moved)


def _keeps_until(h: History, silence: Silence) -> int:
    member = consumers(h)[silence.opened]
    polling = silence.heard + member.max_poll_interval * MILLISECOND // 2
    return min(polling, silence.begun + member.session_timeout * MILLISECOND // 2) if silence.vanished else polling


def _too_soon(h: History, each: Held) -> Violation:
    table, silence = assignments(h), each.silence
    who, other = h.processes[int(table.process[each.row])], h.processes[int(table.process[each.next])]
    seconds = (each.moved - silence.begun) / 1e9
    told = f"{partition(h, int(table.tp[each.row]))} of {who}, {_silent(h, silence)}, was given to {other}"
    shown = (int(table.row[each.row]), int(table.row[each.next]))
    return violation(h, f"{told} after {seconds:.1f} s", (silence.opened, silence.by), shown)


def _silent(h: History, silence: Silence) -> str:
    member = consumers(h)[silence.opened]
    if silence.vanished:
        return f"which vanished with a session of {member.session_timeout / 1000:g} s"
    return f"which did not poll with {member.max_poll_interval / 1000:g} s between polls"


@invariant(
    "groups.silent-is-missed",
    statement="A member that vanished loses its partitions once its session timeout has passed, one that does not poll "
    "once its max poll interval has, and not much later.",
    formal="∀ member m silent from s on, its partition p, others of its group poll steadily: p is assigned to another"
    " by s + session (m vanished) or + max-poll-interval (m does not poll), + rebalance delay + 10 s",
    source="Kafka documentation, session.timeout.ms, max.poll.interval.ms, group.initial.rebalance.delay.ms; KIP-62",
    capabilities=("topics", "groups"),
    mutants=("no-heartbeat-timeout", "missed-late"),
    covers=MEMBERSHIPS,
    liars=("open_consumer.request.session_timeout", "open_consumer.request.max_poll_interval"),
)
def silent_is_missed(h: History) -> Finding:
    """Judged where the others are alike, polled at least every 5 s and did nothing else, none of them had vanished just
    before, and no broker was down. Counted are partitions that moved on in time.
    """
    tested, breaches = 0, []
    for each in held(h):
        bound = _missed_within(h, each.silence)
        if each.moved <= each.silence.since + bound:
            tested += 1
        elif each.silence.until > each.silence.since + bound and _others_wait(h, each, bound):
            tested += 1
            breaches.append(_too_late(h, each, bound))
    return Finding(tested, tuple(breaches))


def _missed_within(h: History, silence: Silence) -> int:
    """ns from the beginning of the silence on."""
    member, limits = consumers(h)[silence.opened], bounds(h)
    limit = limits.missed(member) if silence.vanished else member.max_poll_interval
    return (limit + limits.rebalance_delay + PATIENCE) * MILLISECOND


def _others_wait(h: History, each: Held, bound: int) -> bool:
    """Whether there is someone to have the partition, and nothing but the silent member in the way."""
    silence, member = each.silence, consumers(h)[each.silence.opened]
    end = silence.since + bound
    assert member.group is not None
    group = [opened for opened in members_of(h, member.group) if opened != silence.opened]
    others = [opened for opened in group if gone(h)[opened] > silence.since]
    quiet = not (_any_of(h, group, STIRRING, silence.heard, end) or _any_of(h, group, VANISHING, end - 2 * bound, end))
    alike = ordinary(h, member.group, silence.since, end) and _calm(h, silence.heard, end)
    topic = h.partitions[int(assignments(h).tp[each.row])].topic
    return bool(others) and quiet and alike and all(_waits(h, other, topic, silence.since, end) for other in others)


def _any_of(h: History, members: list[int], kinds: tuple[type[Operation], ...], begin: int, end: int) -> bool:
    """Whether any of these members did one of these things in this time."""
    operations, numbers = h.operations, of_kind(h, *kinds)
    times = operations.invoked[numbers[among(operations.opened[numbers], members)]]
    return bool(((times > begin) & (times <= end)).any())


def _waits(h: History, opened: int, topic: str, begin: int, end: int) -> bool:
    """Whether a member asked for the topic, and polled steadily."""
    operations, polls = h.operations, of_kind(h, ops.Poll)
    asked = of_kind(h, ops.Subscribe)
    wanted = [h.invocations[number].value for number in asked[operations.opened[asked] == opened].tolist()]
    times = operations.completed[polls[(operations.opened[polls] == opened) & (operations.status[polls] == OK)]]
    times = np.concatenate([[begin], np.sort(times[(times > begin) & (times <= end)]), [end]])
    steady = bool((np.diff(times) <= STEADY * MILLISECOND).all())
    return steady and any(isinstance(op, ops.Subscribe) and topic in op.topics for op in wanted)


def _too_late(h: History, each: Held, bound: int) -> Violation:
    table, silence = assignments(h), each.silence
    who, seconds = h.processes[int(table.process[each.row])], bound / 1e9
    told = f"{partition(h, int(table.tp[each.row]))} of {who}, {_silent(h, silence)}, was given to nobody else"
    shown = (int(table.row[each.row]), int(table.row[each.next]) if each.next >= 0 else -1)
    return violation(h, f"{told} in {seconds:g} s", (silence.opened, silence.by), shown)


@invariant(
    "groups.leaver-is-let-go",
    statement="A member that leaves is waited for no longer: others are given its partitions, whatever its session.",
    formal="∀ member m without an instance id, close of m, done at e, its partition p, others of its group poll "
    "steadily: p is assigned to another by e + rebalance delay + 10 s",
    source="Kafka protocol, LeaveGroup; KIP-848, leaving with member epoch -1; KafkaConsumer.close",
    capabilities=("topics", "groups"),
    mutants=("leaving-is-not-heard",),
    covers=("groups.cooperative", "groups.next"),
)
def leaver_is_let_go(h: History) -> Finding:
    """Judged as `groups.silent-is-missed`. A member with an instance id may come back: it does not leave (KIP-345).

    Nor does one of librdkafka that unsubscribes, before it polls again.
    """
    bound = (bounds(h).rebalance_delay + PATIENCE) * MILLISECOND
    tested, breaches = 0, []
    for each in left(h):
        if each.moved <= each.silence.since + bound:
            tested += 1
        elif _others_wait(h, each, bound):
            tested += 1
            breaches.append(_kept_for(h, each, bound))
    return Finding(tested, tuple(breaches))


def left(h: History) -> Iterator[Held]:
    """What members held that left, and others may have."""
    table, operations = assignments(h), h.operations
    lasting = within(h, known(h))[table.tp]
    for number in of_kind(h, ops.Close).tolist():
        opened, begun, over = (
            int(column[number]) for column in (operations.opened, operations.invoked, operations.completed)
        )
        member = consumers(h).get(opened)
        if member is None or member.instance_id is not None or operations.status[number] != OK:
            continue
        mine = (table.opened == opened) & (table.begin < begun) & (table.end >= begun) & (table.end <= over)
        if mine.any() and in_session(h, np.array([opened]), np.array([begun]))[0]:
            silence = Silence(opened, number, begun, begun, over, NEVER, vanished=False)
            for row in np.flatnonzero(mine & lasting).tolist():
                following = _following(table, row, begun)
                yield Held(silence, row, following, int(table.begin[following]) if following >= 0 else NEVER)


def _kept_for(h: History, each: Held, bound: int) -> Violation:
    table, silence = assignments(h), each.silence
    who, seconds = h.processes[int(table.process[each.row])], bound / 1e9
    told = (
        f"{partition(h, int(table.tp[each.row]))} of {who}, which had left, was given to nobody else in {seconds:g} s"
    )
    shown = (int(table.row[each.row]), int(table.row[each.next]) if each.next >= 0 else -1)
    return violation(h, told, (silence.opened, silence.by), shown)
