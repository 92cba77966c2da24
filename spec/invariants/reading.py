"""Reading: a reader is given what its position says, all of it, and nothing that it did not ask for."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.deletions import may_be_deleted
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.holdings import Pauses, pauses, refused_all, taken, unsubscribed, without_holding
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.positions import READ, TOLD, Places, positions
from brokerlaw.spec.history.evidence.relations import firsts, last_before, lowest_from, pack_both, take
from brokerlaw.spec.history.evidence.settings import resets_to_earliest, under
from brokerlaw.spec.history.evidence.topics import CLEAN_ELECTION, clean, within
from brokerlaw.spec.history.evidence.versions import known_end, left_out
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import LATEST, OK, UNCOMMITTED
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, place, violation

CONSUMER = "Kafka documentation, KafkaConsumer"
ABOVE = np.iinfo(np.int64).max


@invariant(
    "reading.leaves-nothing-out",
    statement="A reader that stands at an offset is next given the first record there is from there on: none is left"
    " out.",
    formal="∀ read r, position(r) = p: ∄ record at o, p ≤ o < offset(r), o not deleted, o for r's isolation level",
    source=f'{CONSUMER}, "Offsets and Consumer Position"; Jepsen, Kafka workload (poll-skip, int-poll-skip)',
    promised=(CLEAN_ELECTION,),
    mutants=("seek-lost", "drops-when-paused"),
    liars=("seek", "assign"),
)
def leaves_nothing_out(h: History) -> Finding:
    """The position is known after a read, a seek, an assignment by hand, and where the client told it.

    A gap is no record: markers of transactions, what was aborted, what somebody asked to delete. Whoever stood at a
    record that may be deleted by then, and resets elsewhere than to the log's start, may go on anywhere. Records that
    become known only later count: a log is written in order, so that they were there. Topics that expire or compact are
    left out.
    """
    steps = _with_position(h, READ)
    begin = _not_deleted(h, steps)
    shown = left_out(h, steps.isolation, steps.tp, begin, steps.offset)
    breaches = (_skipped(h, steps, int(i), int(shown[i])) for i in np.flatnonzero(shown >= 0))
    return Finding(int((begin <= steps.offset).sum()), tuple(breaches))


def _with_position(h: History, kind: int) -> Places:
    """Steps of this kind in topics that keep their records, where the position before is known."""
    steps = positions(h)
    return steps[(steps.kind == kind) & (steps.before >= 0) & within(h, keeping(h) & clean(h))[steps.tp]]


def _not_deleted(h: History, steps: Places) -> Ints:
    """From where on a record cannot be passed over; beyond all where the reader may have gone on anywhere."""
    cut = may_be_deleted(h, steps.tp, h.operations.completed[steps.op])
    anywhere = (cut > steps.before) & ~resets_to_earliest(h)[steps.opened]
    return np.where(anywhere, ABOVE, np.maximum(steps.before, cut))


def _skipped(h: History, steps: Places, step: int, shown: int) -> Violation:
    reader, tp = _reader(h, steps, step), int(steps.tp[step])
    there = int(steps.before[step])
    reason = f"{reader}, which stood at {place(h, tp, there)}, was next given {place(h, tp, int(steps.offset[step]))}"
    reason += f" and not the record that is known from {_by(h, shown)}"
    return _shown(h, steps, step, reason, shown)


def _by(h: History, op: int) -> str:
    """`p's send`."""
    return f"{h.processes[h.operations.process[op]]}'s {h.functions[h.operations.f[op]]}"


def _reader(h: History, steps: Places, step: int) -> str:
    return h.processes[h.operations.client[steps.op[step]]]


def _shown(h: History, steps: Places, step: int, reason: str, *others: int) -> Violation:
    """With what set the position, and what it led to."""
    origin = positions(h).op[steps.origin[step]]
    return violation(h, reason + under(h, (CLEAN_ELECTION,)), (origin, *others, steps.op[step]))


@invariant(
    "reading.begins-at-position",
    statement="What a reader is given after a seek or an assignment, or after it was told its position, is not below.",
    formal="∀ read r, position p sought or told before it, p in the log: offset(r) ≥ p",
    source=f"{CONSUMER}.seek, assign and position; Jepsen, Kafka workload (nonmonotonic-poll)",
    promised=(CLEAN_ELECTION,),
    mutants=("seek-lost",),
    liars=("seek", "assign"),
)
def begins_at_position(h: History) -> Finding:
    """Only positions up to the end that was known before they were set: from beyond the log's end a reader is reset.

    A refused seek moves nothing.
    """
    steps, table = _with_position(h, READ), positions(h)
    read_on = (table.kind[steps.origin] == READ) & (table.positioned[steps.origin] == steps.positioned)
    steps = steps[~read_on & _in_range(h, steps)]
    below = np.flatnonzero(steps.offset < steps.before)
    return Finding(len(steps), tuple(_below(h, steps, int(i)) for i in below))


def _in_range(h: History, steps: Places) -> Bools:
    """Whether each position was certainly in the log when it was set: read up to, or below the end by then."""
    table = positions(h)
    end = known_end(h, steps.tp, h.operations.invoked[table.op[steps.origin]])
    return np.asarray((table.kind[steps.origin] == READ) | (steps.before <= end), dtype=np.bool_)


def _below(h: History, steps: Places, step: int) -> Violation:
    tp = int(steps.tp[step])
    stood, given = place(h, tp, int(steps.before[step])), place(h, tp, int(steps.offset[step]))
    return _shown(h, steps, step, f"{_reader(h, steps, step)} stood at {stood} and was given {given}")


@invariant(
    "reading.position-told",
    statement="A position that is told is that of the next record: behind the last one returned, at what was sought.",
    formal="∀ position p told, q known before: p ≥ q ∧ ∄ record at o, q ≤ o < p, o for the reader's isolation level"
    " ∧ (p > q ⇒ p ≤ end of the log)",
    source=f"{CONSUMER}.position: the offset of the next record that will be fetched",
    promised=(CLEAN_ELECTION,),
    mutants=("position-of-the-last",),
    liars=("position", "seek", "assign"),
)
def position_told(h: History) -> Finding:
    """It may be further on by a gap. One that was sought beyond the log's end may be reset by the first fetch."""
    steps = _with_position(h, TOLD)
    begin = _not_deleted(h, steps)
    below = (steps.offset < steps.before) & _in_range(h, steps)
    shown = left_out(h, steps.isolation, steps.tp, begin, steps.offset)
    end, says = _end_afterwards(h, steps)
    beyond = (steps.offset > steps.before) & (steps.offset > end) & (begin < ABOVE)
    breaches = [_told(h, steps, int(i)) for i in np.flatnonzero(below)]
    breaches += [_told(h, steps, int(i), int(shown[i])) for i in np.flatnonzero(shown >= 0)]
    breaches += [_told(h, steps, int(i), int(says[i])) for i in np.flatnonzero(beyond & (shown < 0))]
    return Finding(len(steps), tuple(breaches))


def _end_afterwards(h: History, steps: Places) -> tuple[Ints, Ints]:
    """The lowest end that was told of the log later, and the op that asked; `ABOVE` and -1: none was."""
    ends = h.answers[(h.answers.kind == LATEST) & (h.answers.isolation == UNCOMMITTED) & (h.answers.status == OK)]
    ends = ends[ends.offset >= 0]
    lowest = lowest_from(ends.tp, ends.invoked, ends.offset, steps.tp, h.operations.completed[steps.op] + 1)
    return take(ends.offset, lowest, ABOVE), take(ends.op, lowest)


def _told(h: History, steps: Places, step: int, shown: int = -1) -> Violation:
    tp, told = int(steps.tp[step]), int(steps.offset[step])
    stood = place(h, tp, int(steps.before[step]))
    reason = f"{_reader(h, steps, step)}, which stood at {stood}, was told that its position "
    reason += "is not known" if told < 0 else f"is {place(h, tp, told)}"
    if shown >= 0:
        reason += f", against {_by(h, shown)}"
    return _shown(h, steps, step, reason, shown)


@invariant(
    "reading.max-records",
    statement="A poll returns no more records than it asked for.",
    formal="∀ poll q: |records(q)| ≤ max-records(q)",
    source="Kafka documentation, consumer configuration: max.poll.records",
    mutants=("max-records-ignored",),
    liars=("poll.request.max_records",),
)
def max_records(h: History) -> Finding:
    """What it leaves for the next poll must not be left out: see reading.leaves-nothing-out."""
    polls, count = np.unique(h.reads.op, return_counts=True)
    bound = h.operations.most[polls]
    over = np.flatnonzero(count > bound)
    return Finding(len(polls), tuple(_too_many(h, int(polls[i]), int(count[i]), int(bound[i])) for i in over))


def _too_many(h: History, poll: int, count: int, bound: int) -> Violation:
    reader = h.processes[h.operations.client[poll]]
    return violation(h, f"{reader} asked for at most {bound} records and was given {count}", (poll,))


@invariant(
    "reading.paused-gives-nothing",
    statement="From a partition that a consumer has paused it is given nothing until it resumes it.",
    formal="∀ pause of p by c, read r of p by c: the poll of r began after it ⇒ c asked to resume p before r came",
    source=f'{CONSUMER}.pause and "Consumption Flow Control"; KIP-41',
    mutants=("pause-ignored",),
    liars=("pause", "resume"),
)
def paused_gives_nothing(h: History) -> Finding:
    """A rebalance, another assignment and an unsubscription end a pause as well. A poll under way may bring some."""
    held, reads, operations = pauses(h), h.reads, h.operations
    if not len(held):
        return Finding(0)
    begun, over = operations.row[reads.op], operations.ended[reads.op]
    have, asked = pack_both((held.opened, held.tp), (reads.opened, reads.tp))
    pause = last_before(have, held.begin, asked, begun)
    wrong = np.flatnonzero((pause >= 0) & (take(held.end, pause) > over))
    wrong = wrong[firsts(reads.op[wrong], reads.tp[wrong])] if len(wrong) else wrong
    breaches = (_not_paused(h, held, int(pause[i]), int(i)) for i in wrong)
    return Finding(_paused_polls(h, held), tuple(breaches))


def _paused_polls(h: History, held: Pauses[Ints]) -> int:
    """How often a consumer polled while a partition was paused."""
    operations, polls = h.operations, of_kind(h, ops.Poll)
    polls = polls[operations.status[polls] == OK]
    pause = last_before(held.opened, held.begin, operations.opened[polls], operations.row[polls])
    return int((take(held.end, pause) > operations.ended[polls]).sum())


def _not_paused(h: History, held: Pauses[Ints], pause: int, read: int) -> Violation:
    reader = h.processes[h.reads.process[read]]
    given = place(h, int(h.reads.tp[read]), int(h.reads.offset[read]))
    return violation(
        h, f"{reader}, which had paused the partition, was given {given}", (held.op[pause], h.reads.op[read])
    )


@invariant(
    "reading.only-what-is-assigned",
    statement="A consumer is given records only of partitions that are assigned to it, of topics that it asked for.",
    formal="∀ read r of p by c: p was assigned to c at some time during the poll ∧ c has subscribed to the topic of p"
    " or assigned p to itself",
    source=f"{CONSUMER}.subscribe, unsubscribe, assign and close; KAFKA-16258",
    mutants=("reads-on-after-leaving",),
    covers=MEMBERSHIPS,
    liars=("assign", "subscribe", "unsubscribe"),
)
def only_what_is_assigned(h: History) -> Finding:
    """What was taken away while the poll went on may still come with it. Consumers of which the history does not tell
    any assignment are left out, unless all that they asked for was refused.
    """
    without, by = without_holding(h)
    stray = unsubscribed(h) | refused_all(h)
    wrong = np.flatnonzero(without | stray)
    wrong = wrong[firsts(h.reads.op[wrong], h.reads.tp[wrong])] if len(wrong) else wrong
    return Finding(len(h.reads), tuple(_stray(h, int(i), int(by[i]) if without[i] else -1) for i in wrong))


def _stray(h: History, read: int, gone: int) -> Violation:
    reads, changes = h.reads, taken(h)
    reader, tp = h.processes[reads.process[read]], int(reads.tp[read])
    why = "to which it did not subscribe" if unsubscribed(h)[read] else "which was never assigned to it"
    if gone >= 0:
        why = "which it did not have any more"
        shown = (changes.op[gone], reads.op[read])
        return violation(h, f"{reader} was given records of {partition(h, tp)}, {why}", shown, (changes.row[gone],))
    return violation(h, f"{reader} was given records of {partition(h, tp)}, {why}", (reads.op[read],))
