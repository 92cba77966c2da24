"""Tables: typed columns, of which rows are chosen and to which columns are added."""

import numpy as np
import pytest
from histories import HistoryBuilder

from brokerlaw.spec.history.columns import Ints, gather, stacked, widened
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.records import Acked, acked
from brokerlaw.spec.history.fold import Fold
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.tables import OK, PENDING, Ends


def ends(*rows: tuple[int, int, int]) -> Ends[Ints]:
    return gather(Ends[Ints], [Ends(begin=begin, end=end, how=how) for begin, end, how in rows])


def test_rows_become_columns() -> None:
    table = ends((1, 2, 0), (3, 4, 1))
    assert table.begin.tolist() == [1, 3]
    assert table.end.dtype == np.int64
    assert len(table) == 2


def test_a_table_without_rows_has_its_columns() -> None:
    assert len(ends()) == 0
    assert ends().how.tolist() == []


def test_rows_are_chosen_by_a_mask_by_number_and_by_a_slice() -> None:
    table = ends((1, 2, 0), (3, 4, 1), (5, 6, 0))
    for chosen in (table[table.how == 0], table[np.array([0, 2])], table[::2]):
        assert chosen.begin.tolist() == [1, 5]
        assert chosen.end.tolist() == [2, 6]


def test_tables_are_stacked() -> None:
    assert stacked([ends((1, 2, 0)), ends(), ends((3, 4, 1))]).end.tolist() == [2, 4]


def test_a_column_that_a_table_does_not_have_cannot_be_given_or_left_out() -> None:
    sends = HistoryBuilder().history.sends
    with pytest.raises(TypeError, match="Unexpected keyword argument"):
        widened(Acked, sends, onec=np.empty(0, dtype=np.bool_))
    with pytest.raises(TypeError, match="Missing required argument 'once'"):
        widened(Acked, sends)


def test_what_is_still_in_flight_is_pending() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.sending(b"b")
    sends = told.history.sends
    assert sends.status.tolist() == [OK, PENDING]
    assert sends.offset.tolist() == [0, -1]
    assert sends.completed.tolist() == [told.now - 1_000_000, -1]


def test_evidence_is_worked_out_once() -> None:
    history = HistoryBuilder().history
    assert acked(history) is acked(history)
    counted: list[History] = []

    @derived
    def count(h: History) -> int:
        counted.append(h)
        return len(counted)

    assert (count(history), count(history), len(counted)) == (1, 1, 1)
    assert count(HistoryBuilder().history) == 2


def test_a_fold_tells_what_it_was_given() -> None:
    told = HistoryBuilder()
    told.topic()
    facts = Fold(Pools()).rows(told.rows)
    assert facts.operations.f.tolist() == [0]
    assert list(facts.created) == ["t"]
