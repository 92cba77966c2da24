"""Relations between columns: grouping, joining and looking up rows by sorting, in n log n.

A code is one integer for a tuple of columns: equal for equal tuples, and ordered as they are.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from brokerlaw.spec.history.columns import Bools, Ints

NEVER: Final = np.iinfo(np.int64).max
"""Later than every time."""
_ROOM: Final = 2**62


def pack(*columns: Ints) -> Ints:
    """One code for each row."""
    if len(columns) == 1:
        return columns[0]
    code, size = _from_zero(columns[0])
    for column in columns[1:]:
        digit, base = _from_zero(column)
        if size * base > _ROOM:
            code, size = _ranks(code)
            digit, base = _ranks(digit)
        code, size = code * base + digit, size * base
    return code


def pack_both(left: tuple[Ints, ...], right: tuple[Ints, ...]) -> tuple[Ints, Ints]:
    """Codes of two tables' rows that can be compared with one another."""
    both = pack(*(np.concatenate(pair) for pair in zip(left, right, strict=True)))
    return both[: len(left[0])], both[len(left[0]) :]


def present(rows: tuple[Ints, ...], asked: tuple[Ints, ...]) -> Bools:
    """Whether each asked tuple is among the rows."""
    return find(rows, asked) >= 0


def find(rows: tuple[Ints, ...], asked: tuple[Ints, ...]) -> Ints:
    """The first row that equals each asked tuple, or -1."""
    if not len(rows[0]) or not len(asked[0]):
        return _none(asked[0])
    codes, wanted = pack_both(rows, asked)
    order = np.argsort(codes, kind="stable")
    at = np.searchsorted(codes[order], wanted)
    found = take(order, at)
    return np.where((found >= 0) & (take(codes, found) == wanted), found, -1)


def least(rows: tuple[Ints, ...], values: Ints, asked: tuple[Ints, ...]) -> Ints:
    """The smallest value among the rows that equal each asked tuple, or `NEVER`."""
    if not len(values) or not len(asked[0]):
        return np.full(len(asked[0]), NEVER)
    order = np.lexsort((values, pack(*rows)))
    first = find(tuple(column[order] for column in rows), asked)
    return np.where(first >= 0, take(values, take(order, first)), NEVER)


def last_before(group: Ints, time: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: its latest row with an earlier time, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, time), (asked_group, asked_time))
    order = np.argsort(key, kind="stable")
    found = take(order, np.searchsorted(key[order], asked, side="left") - 1)
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def first_after(group: Ints, time: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: its earliest row at that time or later, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, time), (asked_group, asked_time))
    order = np.argsort(key, kind="stable")
    found = take(order, np.searchsorted(key[order], asked, side="left"))
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def highest_before(group: Ints, time: Ints, value: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: of its rows with an earlier time the one with the highest value, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, time), (asked_group, asked_time))
    order = np.argsort(key, kind="stable")
    level = np.maximum.accumulate(pack(group, value)[order])
    holder = order[np.maximum.accumulate(np.where(_begins(level), np.arange(len(level)), 0))]
    found = take(holder, np.searchsorted(key[order], asked, side="left") - 1)
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def first_above(group: Ints, time: Ints, value: Ints, asked_group: Ints, asked_value: Ints) -> Ints:
    """For each asked group and value: its earliest row with a higher value, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, value), (asked_group, asked_value))
    order = np.lexsort((time, group))
    level = np.maximum.accumulate(key[order])
    found = take(order, np.searchsorted(level, asked, side="right"))
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def lowest_from(group: Ints, time: Ints, value: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: of its rows at that time or later the one with the lowest value, or -1."""
    return highest_before(group, -time, -value, asked_group, 1 - asked_time)


def pairs(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Every pair of a left and a right row with equal codes, as two columns of row numbers."""
    if not len(left) or not len(right):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    order = np.argsort(right, kind="stable")
    begin = np.searchsorted(right[order], left, side="left")
    count = np.searchsorted(right[order], left, side="right") - begin
    return spans(begin, count, order)


def spans(begin: Ints, count: Ints, order: Ints) -> tuple[Ints, Ints]:
    """For each left row `count` right rows from place `begin` of `order`, as two columns of row numbers."""
    lefts = np.repeat(np.arange(len(begin)), count)
    within = np.arange(len(lefts)) - np.repeat(np.cumsum(count) - count, count)
    return lefts, order[np.repeat(begin, count) + within]


def neighbours(*columns: Ints, order: Ints | None = None) -> tuple[Ints, Ints]:
    """Rows next to one another in their group, taken in `order` (else as they stand): the earlier and the later."""
    code = pack(*columns)
    rows = np.lexsort((np.arange(len(code)) if order is None else order, code))
    same = code[rows[1:]] == code[rows[:-1]]
    return rows[:-1][same], rows[1:][same]


def firsts(*columns: Ints) -> Ints:
    """The first row of each group."""
    code = pack(*columns)
    order = np.argsort(code, kind="stable")
    return order[_begins(code[order])]


def _none(asked: Ints) -> Ints:
    return np.full(len(asked), -1)


def take(column: Ints, rows: Ints, missing: int = -1) -> Ints:
    """The column at these rows; `missing` where there is no such row."""
    if not len(column):
        return np.full(len(rows), missing, dtype=np.int64)
    inside = rows.view(np.uint64) < len(column)  # -1 is a very large one
    return np.where(inside, column.take(rows, mode="clip"), missing)


def _begins(ascending: Ints) -> Bools:
    """At which places another value begins."""
    begins = np.ones(len(ascending), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=begins[1:])
    return begins


def _from_zero(column: npt.ArrayLike) -> tuple[Ints, int]:
    values = np.asarray(column, dtype=np.int64)
    if not len(values):
        return values, 1
    low, high = int(np.minimum.reduce(values)), int(np.maximum.reduce(values))
    return (values - low, high - low + 1) if high - low < _ROOM else _ranks(values)


def _ranks(column: Ints) -> tuple[Ints, int]:
    order = np.argsort(column, kind="stable")
    ranks = np.empty(len(column), dtype=np.int64)
    ranks[order] = ascending = np.cumsum(_begins(column[order])) - 1
    return ranks, int(ascending[-1]) + 1
