"""Transactions: by when each was certainly over, whoever ended it."""

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER, least
from brokerlaw.spec.history.evidence.waits import bounds
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import OK, PENDING

MARKING = 10_000 * MILLISECOND
"""Until the markers of a transaction that was decided are in its logs (ns): no setting bounds it."""


class Transactions(Table[Ints], kw_only=True):
    """A row for each transaction that may have begun: the operation that began it, its producer, its timeout (ns).

    `over` is when it was decided and its markers written, as far as the documentation tells; `NEVER`: nobody knows.
    """

    begin: Ints
    opened: Ints
    timeout: Ints
    over: Ints


@derived
def transactions(h: History) -> Transactions:
    operations, begin = h.operations, of_kind(h, ops.BeginTransaction)
    opened = operations.opened[begin]
    timeout = timeouts(h)[opened]
    done = h.ends[operations.status[h.ends.end] == OK]
    ended = least((done.begin,), operations.completed[done.end], (begin,))
    decided = np.minimum(ended, _last_word(h, opened, timeout))
    return Transactions(
        begin=begin, opened=opened, timeout=timeout, over=np.where(decided < NEVER, decided, NEVER - MARKING) + MARKING
    )


def _last_word(h: History, opened: Ints, timeout: Ints) -> Ints:
    """When the coordinator has aborted what a producer left open: its timeout after the producer's last word.

    A producer that has not heard of an operation may yet repeat it.
    """
    operations = h.operations
    last = np.zeros(len(operations) + 1, dtype=np.int64)
    spoken = np.where(operations.status == PENDING, NEVER, operations.completed)
    np.maximum.at(last, operations.opened, spoken)
    checked = bounds(h).transactions(0) * MILLISECOND
    patience = timeout + checked
    return np.where(last[opened] < NEVER - patience, last[opened] + patience, NEVER)


@derived
def timeouts(h: History) -> Ints:
    """By the operation that opened it: a producer's transaction timeout (ns)."""
    timeout = np.zeros(len(h.operations) + 1, dtype=np.int64)
    for opened, client in h.clients:
        if isinstance(client, ops.OpenProducer):
            timeout[opened] = client.transaction_timeout * MILLISECOND
    return timeout
