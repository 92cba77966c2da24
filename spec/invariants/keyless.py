"""Records without a key: they have no place where keys are compacted."""

import numpy as np

from brokerlaw.spec.history.columns import Bools
from brokerlaw.spec.history.evidence.configuration import CLEANUP, values_of
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.evidence.topics import known
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import FAIL, OK, PENDING
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import value, violation


@invariant(
    "records.keyless-refused",
    statement="A record without a key is refused where keys are compacted.",
    formal="∀ send s without a key to a topic whose cleanup.policy has compact: s is not acknowledged",
    level=Level.SHOULD,
    source="KIP-467: messages for compacted topics must have keys; KAFKA-4808; protocol, errors: INVALID_RECORD",
    capabilities=("topics", "compaction"),
    mutants=("keyless-taken",),
)
def keyless_refused(h: History) -> Finding:
    """An empty key is one. With acks=0 nobody is told of a refusal; while the policy is changed either is lawful."""
    sends = h.sends
    asked = np.flatnonzero((sends.key < 0) & (sends.acks != 0) & _compacting(h))
    taken = asked[sends.status[asked] == OK]
    refused = int((sends.status[asked] == FAIL).sum())
    return Finding(len(taken) + refused, tuple(_taken(h, int(send)) for send in taken))


def _compacting(h: History) -> Bools:
    """By send, whether its topic certainly compacted all the time until it came to its outcome."""
    sends, found = h.sends, np.zeros(len(h.sends), dtype=np.bool_)
    done = np.where(sends.status == PENDING, NEVER, sends.completed)
    for index, topic in enumerate(h.topics.values):
        if topic in known(h):
            mine = sends.topic == index
            for setting in values_of(h, topic, CLEANUP):
                if "compact" not in setting.value:
                    mine &= (done < setting.begun) | (setting.over <= sends.invoked)
            found |= mine
    return found


def _taken(h: History, send: int) -> Violation:
    topic, told = h.topics[int(h.sends.topic[send])], value(h, int(h.sends.value[send]))
    return violation(h, f"{told} has no key, and was taken into {topic}, which is compacted", (int(h.sends.op[send]),))
