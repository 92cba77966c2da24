"""Codes of rows: equal where rows are equal, and in their order, however wide the columns are."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from brokerlaw.spec.history.evidence.relations import find, in_order, pack_both

MOST = 2**63 - 1
WIDTHS = {"narrow": (-1, 5), "wide": (-(2**31), 2**31), "time": (MOST - 9, MOST), "ranked": (-(2**63), MOST)}


@pytest.mark.parametrize("widths", [("narrow", "narrow"), ("wide", "narrow"), ("time", "wide"), ("ranked", "time")])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_codes_are_as_the_rows_are(widths: tuple[str, ...], data: st.DataObject) -> None:
    row = st.tuples(*(st.integers(*WIDTHS[width]) for width in widths))
    rows, asked = (data.draw(st.lists(row, max_size=8)) for _ in range(2))
    asked += rows[:2]
    left, right = (tuple(np.array([r[i] for r in each], dtype=np.int64) for i in (0, 1)) for each in (rows, asked))
    codes = np.concatenate(pack_both(left, right)).tolist()
    everything = rows + asked
    for one, code in zip(everything, codes, strict=True):
        assert [code < other for other in codes] == [one < other for other in everything]
    assert find(left, right).tolist() == [rows.index(each) if each in rows else -1 for each in asked]
    assert in_order(*left).tolist() == sorted(range(len(rows)), key=rows.__getitem__)
