"""Relations between columns: grouping, joining and looking up rows by sorting, in n log n.

A code is one integer for a tuple of columns: equal for equal tuples, and ordered as they are.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints

NEVER: Final = np.iinfo(np.int64).max
"""Later than every time."""
_ROOM: Final = 2**62
_ROOMY: Final = 4
"""Places for each row that are cheaper than sorting."""
_SHORT: Final = 48
"""Rows below which Python is faster than NumPy."""
_FEW: Final = 8
"""Values that are looked for one by one."""
_DIGIT: Final = 2**16
"""NumPy sorts numbers below this by counting."""
_LONG: Final = 2**12
"""Rows from which it pays to look for an easier way to sort them."""


def pack(*columns: Ints) -> Ints:
    """One code for each row."""
    return _coded(columns)[0]


def pack_both(left: tuple[Ints, ...], right: tuple[Ints, ...]) -> tuple[Ints, Ints]:
    """Codes of two tables' rows that can be compared with one another."""
    codes, _ = _coded_both(left, right)
    return codes


def present(rows: tuple[Ints, ...], asked: tuple[Ints, ...]) -> Bools:
    """Whether each asked tuple is among the rows."""
    return find(rows, asked) >= 0


def among(column: Ints, values: Ints | Collection[int]) -> Bools:
    """Whether each is one of the values."""
    if not len(column) or not len(values):
        return np.zeros(len(column), dtype=np.bool_)
    if len(values) <= _FEW:
        first, *others = values
        found = column == first
        for value in others:
            found |= column == value
        return np.asarray(found, dtype=np.bool_)
    return np.isin(column, np.asarray([*values], dtype=np.int64))


def find(rows: tuple[Ints, ...], asked: tuple[Ints, ...]) -> Ints:
    """The first row that equals each asked tuple, or -1."""
    if not len(rows[0]) or not len(asked[0]):
        return _none(asked[0])
    (codes, wanted), size = _coded_both(rows, asked)
    if _dense(size, len(codes) + len(wanted)):
        return _first_of_each(codes, size)[wanted]
    order = _ascending(codes)
    at = np.searchsorted(codes[order], wanted)
    found = take(order, at)
    return np.where((found >= 0) & (take(codes, found) == wanted), found, -1)


def least(rows: tuple[Ints, ...], values: Ints, asked: tuple[Ints, ...]) -> Ints:
    """The smallest value among the rows that equal each asked tuple, or `NEVER`."""
    if not len(values) or not len(asked[0]):
        return np.full(len(asked[0]), NEVER)
    (codes, wanted), size = _coded_both(rows, asked)
    if _dense(size, len(codes) + len(wanted)):
        lowest = np.full(size, NEVER)
        np.minimum.at(lowest, codes, values)
        return lowest[wanted]
    order = in_order(codes, values)
    first = find((codes[order],), (wanted,))
    return np.where(first >= 0, take(values, take(order, first)), NEVER)


def last_before(group: Ints, time: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: its latest row with an earlier time, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, time), (asked_group, asked_time))
    order = _ascending(key)
    found = take(order, np.searchsorted(key[order], asked, side="left") - 1)
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def first_after(group: Ints, time: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: its earliest row at that time or later, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, time), (asked_group, asked_time))
    order = _ascending(key)
    found = take(order, np.searchsorted(key[order], asked, side="left"))
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def highest_before(group: Ints, time: Ints, value: Ints, asked_group: Ints, asked_time: Ints) -> Ints:
    """For each asked group and time: of its rows with an earlier time the one with the highest value, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, time), (asked_group, asked_time))
    order = _ascending(key)
    level = np.maximum.accumulate(pack(group, value)[order])
    holder = order[np.maximum.accumulate(np.where(_begins(level), np.arange(len(level)), 0))]
    found = take(holder, np.searchsorted(key[order], asked, side="left") - 1)
    return np.where((found >= 0) & (take(group, found) == asked_group), found, -1)


def first_above(group: Ints, time: Ints, value: Ints, asked_group: Ints, asked_value: Ints) -> Ints:
    """For each asked group and value: its earliest row with a higher value, or -1."""
    if not len(group) or not len(asked_group):
        return _none(asked_group)
    key, asked = pack_both((group, value), (asked_group, asked_value))
    order = in_order(group, time)
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
    order = _ascending(right)
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
    if order is None:
        rows = _ascending(code)
    else:
        first = _ascending(order)
        rows = first[_ascending(code[first])]
    ascending = code[rows]
    same = ascending[1:] == ascending[:-1]
    return rows[:-1][same], rows[1:][same]


def in_order(*columns: Ints) -> Ints:
    """The rows in the order of these columns, of which the first weighs most; equal ones as they stand."""
    return _ascending(pack(*columns))


def firsts(*columns: Ints) -> Ints:
    """The first row of each group."""
    code, size = _coded(columns)
    if _dense(size, len(code)):
        rows = _first_of_each(code, size)
        return rows[rows >= 0]
    order = _ascending(code)
    return order[_begins(code[order])]


def least_of_each(group: Ints, value: Ints) -> Ints:
    """The row with the least value of each group, in the groups' order."""
    order = in_order(group, value)
    return order[firsts(group[order])]


def _none(asked: Ints) -> Ints:
    return np.full(len(asked), -1)


def take(column: Ints, rows: Ints, missing: int = -1) -> Ints:
    """The column at these rows; `missing` where there is no such row."""
    if not len(column):
        return np.full(len(rows), missing, dtype=np.int64)
    inside = rows.view(np.uint64) < len(column)  # -1 is a very large one
    found = column.take(rows, mode="clip")
    return found if inside.all() else np.where(inside, found, missing)


def _begins(ascending: Ints) -> Bools:
    """At which places another value begins."""
    begins = np.ones(len(ascending), dtype=np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=begins[1:])
    return begins


def _dense(size: int, rows: int) -> bool:
    """Whether there are so few codes below `size` that a place for each of them is cheaper than sorting."""
    return size <= _ROOMY * rows


def _first_of_each(code: Ints, size: int) -> Ints:
    """By code, its first row, or -1: of those that are written to one place the last one stays."""
    first = np.full(size, -1)
    first[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    return first


def _ascending(code: Ints) -> Ints:
    """The rows in the order of their codes, equal ones as they stand."""
    if len(code) < _LONG:
        return np.argsort(code, kind="stable")
    if (code[1:] >= code[:-1]).all():
        return np.arange(len(code))
    digits, size = _coded((code,))
    order = np.argsort(digits.astype(np.uint16), kind="stable") if size <= _DIGIT**2 else None
    if order is None:
        return np.argsort(code, kind="stable")
    if size <= _DIGIT:
        return order
    return order[np.argsort((digits[order] // _DIGIT).astype(np.uint16), kind="stable")]


def _coded(columns: tuple[Ints, ...]) -> tuple[Ints, int]:
    """One code for each row, from 0 on, and what is above all of them."""
    (code,), size = _codes([columns])
    return code, size


def _coded_both(left: tuple[Ints, ...], right: tuple[Ints, ...]) -> tuple[tuple[Ints, Ints], int]:
    (codes, wanted), size = _codes([left, right])
    return (codes, wanted), size


def _codes(tables: Sequence[Sequence[Ints]]) -> tuple[list[Ints], int]:
    """The codes of the rows of each table: numbers to mixed bases, whose digits are the columns from their least on."""
    tables = [[np.asarray(column, dtype=np.int64) for column in table] for table in tables]
    if not any(len(table[0]) for table in tables):
        return [table[0] for table in tables], 1
    weights, least, size = [], 0, 1
    for columns in zip(*map(reversed, tables), strict=True):
        low, high = _range(columns)
        weights.append(size)
        least += low * size
        size *= high - low + 1
    if size > _ROOM:
        return _codes_by_ranks(tables)
    weights.reverse()
    return [_weighed(columns, weights, least) for columns in tables], size


def _range(columns: Iterable[Ints]) -> tuple[int, int]:
    """The least and the greatest of all; 0 where there is nothing."""
    lows, highs = [], []
    for column in columns:
        if 0 < len(column) <= _SHORT:
            numbers = column.tolist()
            lows.append(min(numbers))
            highs.append(max(numbers))
        elif len(column):
            lows.append(int(np.minimum.reduce(column)))
            highs.append(int(np.maximum.reduce(column)))
    return (min(lows), max(highs)) if lows else (0, 0)


def _weighed(columns: Sequence[Ints], weights: list[int], least: int) -> Ints:
    """The weighed sum of the columns, less the least: what goes beyond 64 bits on the way comes back."""
    first, *others = columns
    total = first - _wrapped(least) if weights[0] == 1 else first * weights[0] - _wrapped(least)
    for column, weight in zip(others, weights[1:], strict=True):
        total += column if weight == 1 else column * weight
    return total


def _wrapped(number: int) -> int:
    """The same number modulo 2^64, as one with a sign."""
    return (number + 2**63) % 2**64 - 2**63


def _codes_by_ranks(tables: Sequence[Sequence[Ints]]) -> tuple[list[Ints], int]:
    """Where products of ranges are too large for 64 bits: the same, with ranks for what has grown too large."""
    first, *others = (np.concatenate(columns) for columns in zip(*tables, strict=True))
    code, size = _ranks(first)
    for column in others:
        digit, base = _ranks(column)
        if size * base > _ROOM:
            code, size = _ranks(code)
        code, size = code * base + digit, size * base
    return np.split(code, np.cumsum([len(columns[0]) for columns in tables])[:-1]), size


def _ranks(column: Ints) -> tuple[Ints, int]:
    order = np.argsort(column, kind="stable")
    ranks = np.empty(len(column), dtype=np.int64)
    ranks[order] = ascending = np.cumsum(_begins(column[order])) - 1
    return ranks, int(ascending[-1]) + 1
