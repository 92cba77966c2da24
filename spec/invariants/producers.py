"""Producers: one holder of a transactional id at a time; transactions that are whole, and do not last too long."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.deletions import deleted_below
from brokerlaw.spec.history.evidence.drains import drains, shown
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.fencing import fenced_from
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.records import commit_ended, sent_once
from brokerlaw.spec.history.evidence.relations import NEVER, among, find, firsts, least, pairs, take
from brokerlaw.spec.history.evidence.topics import clean, partition_count, topic_of, within
from brokerlaw.spec.history.evidence.transactions import MARKING, timeouts
from brokerlaw.spec.history.evidence.waits import bounds
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import COMMIT, FAIL, OK, PENDING, UNCOMMITTED, Sends
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, value, violation

TRANSACTIONAL = ("topics", "transactions")


@invariant(
    "producers.fenced-is-refused",
    statement="A producer whose transactional id another has taken over writes and commits nothing any more.",
    formal="∀ producers p, q of one transactional id, q opened after p: invoked(o) > completed(q) ⇒ ¬ ok(o),"
    " for each send, sent offset and commit o of p",
    source="KIP-98, PRODUCER_FENCED; KafkaProducer: after ProducerFencedException a producer can only be closed",
    capabilities=TRANSACTIONAL,
    liars=(
        "send.outcome: ok for refused",
        "commit_transaction.outcome: ok for refused",
        "open_producer.request.transactional_id",
        "open_producer.outcome",
    ),
)
def fenced_is_refused(h: History) -> Finding:
    """A commit counts where its transaction had something in it: an empty one is no business of the broker's."""
    operations = h.operations
    asked = np.concatenate([h.sends.op, of_kind(h, ops.SendOffsets, failed=True), _full_commits(h)])
    asked = asked[operations.status[asked] != PENDING]
    since, why = fenced_from(h)
    if not (why >= 0).any():
        return Finding(0)
    late = asked[operations.invoked[asked] > since[operations.opened[asked]]]
    taken = late[operations.status[late] == OK]
    return Finding(len(late), tuple(_accepted(h, int(op), int(why[operations.opened[op]])) for op in taken))


def _full_commits(h: History) -> Ints:
    """Commits of transactions in which a send or an offset was acknowledged."""
    offsets = h.commits[(h.commits.transaction >= 0) & (h.commits.status == OK)]
    sends = h.sends[(h.sends.transaction >= 0) & (h.sends.status == OK)]
    commits = h.ends[h.ends.how == COMMIT]
    return commits.end[among(commits.begin, np.append(sends.transaction, offsets.transaction))]


def _accepted(h: History, op: int, fence: int) -> Violation:
    who, word = h.processes[int(h.operations.client[op])], h.functions[int(h.operations.f[op])].replace("_", " ")
    by = h.processes[int(h.operations.client[fence])]
    return violation(h, f"{who}'s {word} was accepted after {by} had taken over its transactional id", (fence, op))


@invariant(
    "producers.commit-flushes",
    statement="A transaction that was committed has all its records in the log, also those that were still under way.",
    formal="∀ committed transaction t, send s of t that did not fail, complete read D of its topic after that: s ∈ D",
    source="KafkaProducer.commitTransaction: flushes unsent records, and throws if one of them could not be sent",
    capabilities=TRANSACTIONAL,
    mutants=("commit-forgets",),
)
def commit_flushes(h: History) -> Finding:
    """Judged are sends that were under way when the commit began, by their values.

    One whose outcome was told to be unknown before that may never have been given to the producer. The reads are those
    of all partitions of a topic from which nothing goes, from their beginning.
    """
    ended, sends = commit_ended(h), h.sends
    kept = (sends.transaction >= 0) & sent_once(h) & (sends.value >= 0) & (sends.status != FAIL)
    kept &= ended[sends.transaction] < NEVER
    sends = sends[kept]
    asked = _commit_begun(h)[sends.transaction]
    sends = sends[(sends.status == PENDING) | (sends.completed > asked)]
    if not len(sends):
        return Finding(0)
    drain, send = _whole_reads(h, sends, ended[sends.transaction])
    absent = ~shown(h, drain, value=sends.value[send])
    count = np.bincount(send, minlength=len(sends))
    missing = np.bincount(send[absent], minlength=len(sends)) == count
    tested = count == _partitions(h)[sends.topic]
    lost = np.flatnonzero(tested & missing & (count > 0))
    return Finding(int((tested & (count > 0)).sum()), tuple(_forgotten(h, sends, int(i)) for i in lost))


def _commit_begun(h: History) -> Ints:
    """By operation that began a transaction: when the commit that was confirmed was asked for; `NEVER`: none was."""
    done = h.ends[(h.ends.how == COMMIT) & (h.operations.status[h.ends.end] == OK)]
    return least((done.begin,), h.operations.invoked[done.end], (np.arange(len(h.operations) + 1),))


def _whole_reads(h: History, sends: Sends, committed: Ints) -> tuple[Ints, Ints]:
    """Pairs of a send and the first read of each partition of its topic, whole, and begun after the commit."""
    table = drains(h)
    good = within(h, keeping(h) & clean(h))[table.tp] & (deleted_below(h)[table.tp] == 0)
    rows = np.flatnonzero(good & (table.start == 0) & (table.isolation == UNCOMMITTED))
    send, drain = pairs(sends.topic, topic_of(h)[table.tp[rows]])
    drain = rows[drain]
    after = table.begun[drain] > committed[send]
    send, drain = send[after], drain[after]
    first = firsts(send, table.tp[drain])
    return drain[first], send[first]


def _partitions(h: History) -> Ints:
    """By topic that was sent to: how many partitions it has; -1: not known."""
    counts = [partition_count(h, topic, NEVER - 1) if topic in keeping(h) else None for topic in h.topics.values]
    return np.array([-1 if count is None else count for count in counts], dtype=np.int64)


def _forgotten(h: History, sends: Sends, send: int) -> Violation:
    ends = h.ends.end[(h.ends.begin == sends.transaction[send]) & (h.ends.how == COMMIT)]
    told = f"{value(h, int(sends.value[send]))} was sent by {h.processes[int(sends.process[send])]} in a transaction"
    topic = h.topics[int(sends.topic[send])]
    return violation(h, f"{told} that was committed, and it is nowhere in {topic}", (int(sends.op[send]), *ends))


@invariant(
    "producers.timeout-aborts",
    statement="A transaction that was left open for longer than its timeout cannot be committed any more.",
    formal="∀ transaction t, commit c of t: invoked(c) > completed(first send of t) + timeout(t) + bound ⇒ ¬ ok(c)",
    source="Kafka documentation, transaction.timeout.ms: the coordinator aborts it proactively; KIP-98; KAFKA-6119",
    capabilities=TRANSACTIONAL,
    liars=("commit_transaction.outcome: ok for refused", "open_producer.request.transaction_timeout"),
)
def timeout_aborts(h: History) -> Finding:
    """The bound is the interval at which the coordinator looks, and 10 s. No broker may have been down meanwhile."""
    commits = h.ends[h.ends.how == COMMIT]
    commits = commits[h.operations.status[commits.end] != PENDING]
    if not len(commits):
        return Finding(0)
    sends = h.sends[(h.sends.transaction >= 0) & (h.sends.status == OK)]
    begun = least((sends.transaction,), sends.completed, (commits.begin,))
    opened, asked = h.operations.opened[commits.begin], h.operations.invoked[commits.end]
    allowed = timeouts(h)[opened] + bounds(h).transactions(0) * MILLISECOND + MARKING
    late = (begun < NEVER - allowed) & (asked - np.minimum(begun, asked) > allowed)
    late &= ~disturbed(h, np.minimum(begun, asked), asked)
    taken = np.flatnonzero(late & (h.operations.status[commits.end] == OK))
    first = take(sends.op, find((sends.transaction, sends.completed), (commits.begin, begun)))
    breaches = (_too_late(h, int(first[i]), int(commits.end[i])) for i in taken)
    return Finding(int(late.sum()), tuple(breaches))


def _too_late(h: History, send: int, commit: int) -> Violation:
    client, times = h.processes[int(h.operations.client[commit])], h.operations
    seconds = (int(times.invoked[commit]) - int(times.completed[send])) / 1e9
    where = partition(h, int(h.sends.tp[np.searchsorted(h.sends.op, send)]))
    told = f"{client}'s transaction was committed {seconds:.1f} s after it had written to {where}"
    timeout = int(timeouts(h)[times.opened[commit]]) // MILLISECOND
    return violation(h, f"{told}, with a timeout of {timeout} ms", (send, commit))
