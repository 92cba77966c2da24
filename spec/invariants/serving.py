"""Progress that operations alone show: sends come to their outcome, transactions to their end."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import first_after, firsts, highest_before, last_before, take
from brokerlaw.spec.history.evidence.topics import clean, known, topic_of, within
from brokerlaw.spec.history.evidence.transactions import transactions
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import SECOND
from brokerlaw.spec.history.tables import COMMITTED, FAIL, LATEST, OK, PENDING, UNCOMMITTED, Answers, Sends
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, value, violation

FLUSHING = (ops.Flush, ops.Close, ops.CommitTransaction)
LATER: Final = SECOND
"""ns by which an outcome may come in after the flush that waited for it."""


@invariant(
    "progress.send-ends",
    statement="Every send has come to its outcome when its producer's flush, commit or close comes to its end.",
    formal="∀ send s, flush f of one producer: invoked(s) < invoked(f) ∧ f is ok ⇒ completed(s) ≤ completed(f) + 1 s",
    source="Kafka documentation, KafkaProducer.flush, commitTransaction and close; delivery.timeout.ms",
    mutants=("forgotten-send",),
    liars=("flush", "send.outcome: unanswered"),
)
def send_ends(h: History) -> Finding:
    """The outcome may come in by another way than the flush's, and up to a second later."""
    flushes = of_kind(h, *FLUSHING)
    flushes = flushes[h.operations.status[flushes] == OK]
    following = first_after(h.operations.opened[flushes], flushes, h.sends.opened, h.sends.op)
    sends, flush = h.sends[following >= 0], flushes[following[following >= 0]]
    late = (sends.status == PENDING) | (sends.completed - h.operations.completed[flush] > LATER)
    breaches = (_open(h, sends, int(i), int(flush[i])) for i in np.flatnonzero(late))
    return Finding(len(sends), tuple(breaches))


@invariant(
    "progress.commit-ends",
    statement="Every commit has come to its outcome when its consumer's close comes to its end.",
    formal="∀ commit c, close d of one consumer: invoked(c) < invoked(d) ∧ d is ok ⇒ c has an outcome",
    level=Level.SHOULD,
    source="Kafka documentation, KafkaConsumer.close and commitAsync: its callbacks are invoked before that",
    capabilities=("topics", "groups"),
    liars=("commit.outcome: unanswered",),
)
def commit_ends(h: History) -> Finding:
    """As progress.send-ends. Offsets sent in transactions are their producers'."""
    closes = of_kind(h, ops.Close)
    closes = closes[h.operations.status[closes] == OK]
    commits = of_kind(h, ops.Commit, failed=True)
    following = first_after(h.operations.opened[closes], closes, h.operations.opened[commits], commits)
    commits, close = commits[following >= 0], closes[following[following >= 0]]
    breaches = (
        _forgotten(h, int(commits[i]), int(close[i])) for i in np.flatnonzero(h.operations.status[commits] == PENDING)
    )
    return Finding(len(commits), tuple(breaches))


def _forgotten(h: History, commit: int, close: int) -> Violation:
    who = h.processes[int(h.operations.client[commit])]
    return violation(h, f"a commit of {who} has no outcome, though its close came to its end", (commit, close))


def _open(h: History, sends: Sends, send: int, flush: int) -> Violation:
    who, word = h.processes[int(sends.process[send])], h.functions[int(h.operations.f[flush])]
    after = (int(sends.completed[send]) - int(h.operations.completed[flush])) / 1e9
    when = "has no outcome" if sends.status[send] == PENDING else f"came to its outcome {after:.1f} s too late"
    told = f"{who}'s send of {value(h, int(sends.value[send]))} {when}"
    return violation(h, f"{told}, though its {word} came to its end", (int(sends.op[send]), flush))


@invariant(
    "progress.flushes-and-closes",
    statement="A producer that flushes, and a client that closes, is not refused.",
    formal="∀ flush or close o of an open client, at healthy brokers: o does not fail",
    level=Level.SHOULD,
    source="Kafka documentation, KafkaProducer.flush and close, KafkaConsumer.close: they fail if interrupted",
    liars=("flush.outcome: fail for done", "close.outcome: fail for done"),
)
def flushes_and_closes(h: History) -> Finding:
    """Left out are clients that have more to do as they close, which may fail: to abort a transaction, to commit by
    themselves; and those that were frozen or had closed before.
    """
    asked = of_kind(h, ops.Flush, ops.Close, failed=True)
    asked = asked[(h.operations.status[asked] != PENDING) & _simple(h)[h.operations.opened[asked]]]
    asked = asked[~disturbed(h, h.operations.invoked[asked], h.operations.completed[asked])]
    endings = of_kind(h, ops.Close, ops.Crash, failed=True)
    earlier = last_before(h.operations.opened[endings], endings, h.operations.opened[asked], asked)
    asked = asked[earlier < 0]
    refused = asked[h.operations.status[asked] == FAIL]
    return Finding(len(asked), tuple(_not_let_go(h, op) for op in refused.tolist()))


def _simple(h: History) -> Bools:
    """By operation that opened a client: whether nothing can fail as it closes."""
    simple = np.zeros(len(h.operations) + 1, dtype=np.bool_)
    for op, it in h.clients:
        more = it.transactional_id is not None if isinstance(it, ops.OpenProducer) else it.auto_commit
        simple[op] = h.operations.status[op] == OK and not more
    simple[h.operations.opened[of_kind(h, ops.Freeze)]] = False
    return simple


def _not_let_go(h: History, op: int) -> Violation:
    who, word = h.processes[int(h.operations.client[op])], h.functions[int(h.operations.f[op])]
    return violation(h, f"{who}'s {word} was refused, though every broker was up", (int(h.operations.opened[op]), op))


@invariant(
    "progress.transaction-ends",
    statement="The last stable offset reaches the log's end once every transaction was ended, or had its timeout.",
    formal="∀ end e told of p, last stable offset l told later: no transaction is open at l ⇒ l ≥ e",
    source="Kafka documentation, transaction.timeout.ms; KIP-98, KIP-890; KAFKA-5610",
    capabilities=("topics", "transactions"),
    mutants=("KAFKA-5610", "KAFKA-14055"),
)
def transaction_ends(h: History) -> Finding:
    """A transaction counts as over some seconds after its end was confirmed, or its producer had its last word.

    No broker may have been down since. Counted are last stable offsets at the end, or so judged.
    """
    ends = h.answers[(h.answers.kind == LATEST) & within(h, known(h) & clean(h))[h.answers.tp]]
    stable, ends = ends[ends.isolation == COMMITTED], ends[ends.isolation == UNCOMMITTED]
    if not len(stable):
        return Finding(0)
    earlier = highest_before(ends.tp, ends.completed, ends.offset, stable.tp, stable.invoked)
    over = _all_over(h, stable)
    tested = (earlier >= 0) & (over > 0)
    reached = stable.offset >= take(ends.offset, earlier)
    late = tested & ~reached & (over < stable.invoked) & ~disturbed(h, over, stable.completed)
    rows = np.flatnonzero(late)
    rows = rows[firsts(stable.tp[rows])]
    breaches = (_held_back(h, stable[i : i + 1], ends[earlier[i : i + 1]]) for i in rows)
    return Finding(int((tested & reached).sum() + late.sum()), tuple(breaches))


def _all_over(h: History, stable: Answers) -> Ints:
    """By answer: when all transactions that had written to its topic by then were over; -1: there were none."""
    table, sends = transactions(h), h.sends[h.sends.transaction >= 0]
    over = np.full(len(h.operations) + 1, -1)
    over[table.begin] = table.over
    ends = over[sends.transaction]
    last = highest_before(sends.topic, sends.invoked, ends, topic_of(h)[stable.tp], stable.invoked)
    return take(ends, last)


def _held_back(h: History, stable: Answers, end: Answers) -> Violation:
    told = f"the last stable offset of {partition(h, int(stable.tp[0]))} is {int(stable.offset[0])}"
    reason = f"{told}, though its log has reached {int(end.offset[0])} and every transaction was over"
    return violation(h, reason, (int(end.op[0]), int(stable.op[0])))
