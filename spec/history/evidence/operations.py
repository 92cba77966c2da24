"""Picking operations out of a history."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.tables import FAIL, PENDING
from brokerlaw.spec.history.values import snake_case

_NONE: Final = np.empty(0, dtype=np.int64)


@derived
def of_kind(h: History, *kinds: type[Operation], failed: bool = False) -> Ints:
    """The numbers of all operations of these kinds; those that certainly failed only where asked for."""
    every = [_by_kind(h)[name] for kind in kinds if (name := snake_case(kind.__name__)) in _by_kind(h)]
    chosen = every[0] if len(every) == 1 else np.sort(np.concatenate([_NONE, *every]))
    return chosen if failed else chosen[h.operations.status[chosen] != FAIL]


@derived
def _by_kind(h: History) -> dict[str, Ints]:
    f = h.operations.f
    order = np.argsort(f, kind="stable")
    parts = np.split(order, np.searchsorted(f[order], np.arange(1, len(h.functions))))
    return dict(zip(h.functions.values, parts, strict=False))


def completed(h: History, numbers: Ints, never: int) -> Ints:
    """When these operations completed; `never` where they did not."""
    operations = h.operations[numbers]
    return np.where(operations.status == PENDING, never, operations.completed)


def one_after_the_other(h: History, earlier: Ints, later: Ints) -> Bools:
    """Whether each pair of operations of one client, numbered in this order, is one, or the first was over in time.

    A client's own clock is true to itself, so that rows tell, and no tolerance is needed. Parts of one operation follow
    one another.
    """
    operations = h.operations
    over = (operations.ended[earlier] >= 0) & (operations.ended[earlier] < operations.row[later])
    return np.asarray(over | (operations.whole[earlier] == operations.whole[later]), dtype=np.bool_)
