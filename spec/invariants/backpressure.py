"""Backpressure: an application that pauses while it is full is given nothing meanwhile, and misses nothing."""

import numpy as np

from brokerlaw.spec.history.evidence.applications import Application, applications, applied
from brokerlaw.spec.history.evidence.relations import NEVER, among
from brokerlaw.spec.history.evidence.topics import partitions_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants.delivery import GROUPS, PROMISED, nothing_left_out, total
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import violation


@invariant(
    "delivery.backpressure",
    statement="An application that pauses while it is full has never more to work off than it asked for, and processes"
    " every acknowledged record.",
    formal="∀ backpressure application A, instance i, poll p of i: |given(i, p)| - |applied(i, p)| ≤ bound(A);"
    " A caught up ⇒ every acknowledged record of its topic ∈ applied(A)",
    source="Kafka, KafkaConsumer: pause, resume, max.poll.records (flow control); KIP-41",
    capabilities=GROUPS,
    promised=PROMISED,
    covers=MEMBERSHIPS,
    liars=("pause.outcome: not done", "poll.request.max_records"),
)
def backpressure(h: History) -> Finding:
    """What an instance holds is counted until its partitions change: what it held of others it need not work off."""
    return total(
        Finding(each.exercised + counted, (*each.violations, *beyond))
        for application in applications(h, "backpressure")
        for each, (counted, beyond) in [(nothing_left_out(h, application), _in_flight(h, application))]
    )


def _in_flight(h: History, application: Application) -> tuple[int, tuple[Violation, ...]]:
    """How many records were given to instances while they were counted, and where one was given too many."""
    reads, done, bound = h.reads, applied(h, application), application.declared.bound
    reads = reads[(reads.group == application.group) & among(reads.tp, partitions_of(h, application.declared.topic))]
    counted, beyond = 0, []
    for opened in np.unique(reads.opened).tolist() if bound is not None else ():
        changes = np.unique(h.ownership.row[h.ownership.opened == opened])
        told, over = (changes[0], changes[1]) if len(changes) > 1 else (changes.max(initial=-1), NEVER)
        given = reads[(reads.opened == opened) & (h.operations.ended[reads.op] < over)]
        at = np.sort(h.operations.ended[given.op])
        held = np.arange(1, len(at) + 1) - np.searchsorted(np.sort(done.row[done.opened == opened]), at)
        counted += len(given)
        if len(held) and bound is not None and held.max() > bound:
            last = given.op[int(np.argmax(held > bound))]
            beyond.append(_too_many(h, application, int(last), int(held.max()), int(told)))
    return counted, tuple(beyond)


def _too_many(h: History, application: Application, poll: int, held: int, told: int) -> Violation:
    declared, instance = application.declared, h.processes[h.operations.client[poll]]
    reason = f"{instance}, of the backpressure application of group {declared.group}, was given records until it had"
    return violation(
        h, f"{reason} {held} to work off, and it holds {declared.bound} at most", (poll,), (application.row, told)
    )
