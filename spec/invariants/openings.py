"""Producers are what they were opened as: with these acks, these settings, this transactional id and timeout."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.clients import MAX_IN_FLIGHT
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.evidence.errors import (
    FENCED,
    MISCONFIGURED,
    NO_TRANSACTION,
    TOO_FEW,
    first_failure,
    told,
)
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import NEVER, least
from brokerlaw.spec.history.evidence.transactions import timeouts
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import INFO, OK, PENDING, Sends
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

TRANSACTIONAL = ("topics", "transactions")
IN_FLIGHT: Final = MAX_IN_FLIGHT[:2]
"""Kafka's name for it, and librdkafka's."""
MOST_IN_FLIGHT: Final = 5
"""Requests that an idempotent producer may have under way at once."""
INSIDE: Final = (ops.SendOffsets, ops.CommitTransaction, ops.AbortTransaction)


@invariant(
    "producers.acks-as-asked",
    statement="A producer with acks=0 is told no offset; one that does not ask for all is not refused for a lack of "
    "replicas.",
    formal="∀ send s: acks(s) = 0 ∧ ok(s) ⇒ s has no offset; acks(s) ≠ all ⇒ s is not refused by min.insync.replicas",
    level=Level.SHOULD,
    source="Kafka documentation, acks (with 0 the offset given back is always -1) and min.insync.replicas (which is "
    "for acks=all)",
    liars=("open_producer.request.acks",),
)
def acks_as_asked(h: History) -> Finding:
    """Counted are sends that do not ask for all, and came to an outcome."""
    sends = h.sends[(h.sends.acks >= 0) & (h.sends.status != PENDING)]
    placed = (sends.acks == 0) & (sends.status == OK) & (sends.offset >= 0)
    short = told(h, TOO_FEW)[sends.op]
    breaches = [_placed(h, sends, i) for i in np.flatnonzero(placed).tolist()]
    breaches += [_short(h, sends, i) for i in np.flatnonzero(short).tolist()]
    return Finding(len(sends), tuple(breaches))


def _placed(h: History, sends: Sends, i: int) -> Violation:
    where = place(h, int(sends.tp[i]), int(sends.offset[i]))
    reason = f"{value(h, int(sends.value[i]))} was sent with acks=0, and its producer was told that it is at {where}"
    return violation(h, reason, (int(sends.opened[i]), int(sends.op[i])))


def _short(h: History, sends: Sends, i: int) -> Violation:
    reason = f"{value(h, int(sends.value[i]))} was sent with acks={sends.acks[i]}, and refused for a lack of replicas"
    return violation(h, reason, (int(sends.opened[i]), int(sends.op[i])))


@invariant(
    "producers.settings-as-asked",
    statement="A producer is refused settings that contradict one another, and no others that it knows.",
    level=Level.SHOULD,
    formal="∀ opening o of a producer, ok: its settings agree; ∀ opening o refused as misconfigured, though others "
    "with the same settings were not: its settings contradict one another",
    source="Kafka documentation, enable.idempotence (at most 5 in flight) and transactional.id (needs acks=all): "
    "ConfigException otherwise",
    capabilities=("topics", "idempotence"),
    liars=(
        "open_producer.request.settings",
        "open_producer.request.idempotent: ignored",
        "open_producer.outcome: ok for refused",
    ),
)
def settings_as_asked(h: History) -> Finding:
    """Judged are producers that set how much they have in flight, by Kafka's name or librdkafka's, and transactional
    ones without acks=all. Settings are each client library's own: one that never took a setting, or never refused one,
    may not know it.
    """
    taken, misconfigured = h.operations.status == OK, told(h, MISCONFIGURED)
    asked = [(op, it) for op, it in h.clients if isinstance(it, ops.OpenProducer) and (taken[op] or misconfigured[op])]
    accepted = {name for op, it in asked if taken[op] for name in it.settings}
    heeded = {name for op, it in asked if misconfigured[op] for name in it.settings}
    judged = [(op, it, _contradiction(it)) for op, it in asked]
    judged = [(op, it, why) for op, it, why in judged if why or (it.settings and it.settings.keys() <= {*IN_FLIGHT})]
    breaches = [_opened(h, op, it, why) for op, it, why in judged if why and taken[op] and it.settings.keys() <= heeded]
    breaches += [
        _unjust(h, op, it)
        for op, it, why in judged
        if not why and misconfigured[op] and it.settings.keys() <= accepted and _agree(it)
    ]
    return Finding(len(judged), tuple(breaches))


def _contradiction(producer: ops.OpenProducer) -> str:
    """What contradicts what, if anything does."""
    if producer.transactional_id is not None and producer.acks != "all":
        return f"transactions with acks={producer.acks}"
    numbers = [int(text) for name, text in producer.settings.items() if name in IN_FLIGHT and text.isdecimal()]
    numbers = [number for number in numbers if number > MOST_IN_FLIGHT]
    idempotent = producer.transactional_id is not None or (producer.idempotent and producer.acks == "all")
    return f"idempotence with {numbers[0]} requests in flight" if idempotent and numbers else ""


def _agree(producer: ops.OpenProducer) -> bool:
    """Whether each setting has a value that it can have, and idempotence asks for acks=all."""
    numbers = all(text.isdecimal() and int(text) > 0 for text in producer.settings.values())
    return numbers and (producer.acks == "all" or not producer.idempotent)


def _opened(h: History, op: int, producer: ops.OpenProducer, why: str) -> Violation:
    return violation(h, f"{producer.client} was opened with what contradicts itself: {why}", (op,))


def _unjust(h: History, op: int, producer: ops.OpenProducer) -> Violation:
    given = ", ".join(f"{name}={text}" for name, text in producer.settings.items())
    return violation(h, f"{producer.client} was refused {given}, and nothing is wrong with that", (op,))


@invariant(
    "producers.fenced-for-a-reason",
    statement="A producer is told that it was fenced only where another asked for its transactional id, or its "
    "transaction was open for longer than its timeout.",
    formal="∀ producer p, operation o of p, told that p is fenced: ∃ opening of p's transactional id after p's, begun "
    "before o was over; or completed(o) - invoked(begin of o's transaction) ≥ timeout(p)",
    source="KIP-98, PRODUCER_FENCED and INVALID_PRODUCER_EPOCH; Kafka documentation, transaction.timeout.ms",
    capabilities=TRANSACTIONAL,
    liars=("open_producer.request.transaction_timeout", "open_producer.request.transactional_id: another"),
)
def fenced_for_a_reason(h: History) -> Finding:
    """Judged is what a producer did until something first failed: after that it may have taken another epoch by itself.

    No broker may have been down since it was opened. A transaction that was begun when all before it had ended well has
    its own time; of what is in none that is known, the time is counted since the opening.
    """
    asked = np.sort(np.concatenate([h.sends.op[h.sends.transaction >= 0], of_kind(h, *INSIDE, failed=True)]))
    asked = asked[_undisputed(h, asked)]
    opened, completed = h.operations.opened[asked], h.operations.completed[asked]
    asked = asked[~disturbed(h, h.operations.invoked[opened], completed)]
    fenced = asked[told(h, FENCED)[asked]]
    return Finding(len(asked), tuple(_fenced(h, op) for op in fenced.tolist()))


@invariant(
    "producers.open-is-ended",
    statement="A transaction that is open is not refused its end as if there were none, whatever became of brokers.",
    formal="∀ commit or abort e of a transaction of p, a send in it acknowledged before, nothing of p failed before: "
    "e is not refused with INVALID_TXN_STATE",
    source="KIP-98: the coordinator's state is in its log, and the next coordinator goes on with it",
    capabilities=TRANSACTIONAL,
    mutants=("open-transactions-forgotten",),
)
def open_is_ended(h: History) -> Finding:
    """Judged as `producers.fenced-for-a-reason`, also where brokers were down."""
    acked = h.sends[(h.sends.transaction >= 0) & (h.sends.status == OK)]
    first = least((acked.transaction,), acked.completed, (h.ends.begin,))
    asked = np.sort(h.ends.end[first < h.operations.invoked[h.ends.end]])
    asked = asked[_undisputed(h, asked)]
    refused = asked[told(h, NO_TRANSACTION)[asked]]
    return Finding(len(asked), tuple(_refused(h, op) for op in refused.tolist()))


def _refused(h: History, op: int) -> Violation:
    begin = int(h.ends.begin[h.ends.end == op][0])
    sends = h.sends[(h.sends.transaction == begin) & (h.sends.status == OK)]
    who, what = h.processes[h.operations.client[op]], h.functions[h.operations.f[op]]
    reason = f"{what} of {who} was refused as if no transaction were open, though a send had been acknowledged in it"
    return violation(h, reason, (int(h.operations.opened[op]), begin, int(sends.op[0]), op))


def _undisputed(h: History, asked: Ints) -> Bools:
    """Whether each operation came to its outcome before anything of its producer had failed, another can have fenced
    it, or its transaction's time was up.
    """
    opened, completed = h.operations.opened[asked], h.operations.completed[asked]
    alone = (completed < _alone_until(h)[opened]) & (completed < _since(h, asked) + timeouts(h)[opened])
    return np.asarray((h.operations.ended[asked] >= 0) & alone & _until_the_first_failure(h, asked), dtype=np.bool_)


def _alone_until(h: History) -> Ints:
    """By operation that opened a transactional producer: until when nobody can have fenced it; 0 for all others."""
    until, invoked = np.zeros(len(h.operations) + 1, dtype=np.int64), h.operations.invoked
    holders: dict[str, list[int]] = {}
    for op, it in h.clients:
        if isinstance(it, ops.OpenProducer) and it.transactional_id is not None:
            holders.setdefault(it.transactional_id, []).append(op)
    for opened in holders.values():
        for one in opened:
            others = (int(invoked[each]) for each in opened if each != one and _ended(h, each) > invoked[one])
            until[one] = min(others, default=NEVER)
    return until


def _since(h: History, asked: Ints) -> Ints:
    """From when on the time of each operation's transaction may count."""
    begun = h.operations.opened.copy()
    begun[h.ends.end] = h.ends.begin
    for table in (h.sends, h.commits):
        inside = table.transaction >= 0
        begun[table.op[inside]] = table.transaction[inside]
    return h.operations.invoked[begun[asked]]


def _ended(h: History, op: int) -> int:
    return NEVER if h.operations.status[op] in (PENDING, INFO) else int(h.operations.completed[op])


def _until_the_first_failure(h: History, asked: Ints) -> Bools:
    """Whether each operation came to its outcome before its client had failed in another."""
    return np.asarray(h.operations.ended[asked] <= first_failure(h)[h.operations.opened[asked]], dtype=np.bool_)


def _fenced(h: History, op: int) -> Violation:
    opened = int(h.operations.opened[op])
    who, word = h.processes[int(h.operations.client[op])], h.functions[int(h.operations.f[op])].replace("_", " ")
    seconds = (int(h.operations.completed[op]) - int(_since(h, np.array([op]))[0])) / 1e9
    timeout = int(timeouts(h)[opened]) // MILLISECOND
    reason = f"{who} was told at its {word} that it was fenced, {seconds:.1f} s into its transaction, with a timeout of"
    return violation(h, f"{reason} {timeout} ms, and nobody else asked for its transactional id", (opened, op))
