"""Expansions: partitions that were added to a topic while members of a group were subscribed to it."""

from typing import Final

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import completed, of_kind
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.evidence.starts import starts
from brokerlaw.spec.history.evidence.topics import added
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK

NOT: Final = -1


@derived
def added_since_subscribing(h: History) -> Bools:
    """By start, whether the partition was added after the member had subscribed to its topic, and to no other."""
    first, begun = starts(h), added(h)
    mine = [_subscribed(h, int(opened), int(tp)) for opened, tp in zip(first.opened, first.tp, strict=True)]
    since = np.array(mine, dtype=np.int64)
    return np.asarray((since > NOT) & (since < begun[first.tp]), dtype=np.bool_)


def _subscribed(h: History, opened: int, tp: int) -> int:
    """When the consumer had subscribed to the partition's topic; -1 if it did not, or did more than that."""
    if added(h)[tp] == NOT:
        return NOT
    asked = of_kind(h, ops.Subscribe, ops.Unsubscribe, failed=True)
    asked = asked[h.operations.opened[asked] == opened]
    op = h.invocations[int(asked[0])].value if len(asked) == 1 else None
    granted = isinstance(op, ops.Subscribe) and h.partitions[tp].topic in op.topics
    done: Ints = completed(h, asked, NEVER)
    return int(done[0]) if granted and h.operations.status[asked[0]] == OK else NOT
