"""Fencing: when another producer took over a transactional id, or its holder was told so."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import OK


@derived
def fenced_from(h: History) -> tuple[Ints, Ints]:
    """By the operation that opened it: from when on a producer is certainly fenced (`NEVER`), and by which operation.

    That is the end of the next opening of its transactional id that began when its own was over.
    """
    since, why = np.full(len(h.operations) + 1, NEVER), np.full(len(h.operations) + 1, -1)
    holders: dict[str, list[int]] = {}
    for number, client in h.clients:
        if isinstance(client, ops.OpenProducer) and client.transactional_id and h.operations.status[number] == OK:
            holders.setdefault(client.transactional_id, []).append(number)
    invoked, completed = h.operations.invoked, h.operations.completed
    for opened in holders.values():
        for one in opened:
            later = [other for other in opened if invoked[other] > completed[one]]
            if later:
                first = min(later, key=lambda other: (int(completed[other]), other))
                since[one], why[one] = completed[first], first
    return since, why
