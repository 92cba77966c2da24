"""What clients saw, in columns, to be judged.

A row (see `rows`) is an invocation, a completion or an observation. `History` folds rows into tables of NumPy columns
that grow while a run goes on. Names (processes, partitions, keys, values, groups, sinks) are interned: a column holds
their index in the pool of that name. -1 stands for none, or not known. Times are ns.
"""

from collections.abc import Iterable, Mapping
from typing import Self

import numpy as np

from brokerlaw.spec.history.columns import Ints, Table
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.fold import Fold
from brokerlaw.spec.history.rows import Recording, Row
from brokerlaw.spec.history.tables import OPEN, PENDING, Tables


class History(Tables):
    """The column form. `feed` adds a row, `of` folds many; the properties join what belongs together."""

    def __init__(self) -> None:
        super().__init__()
        self._fold = Fold(self)

    def feed(self, row: Row) -> None:
        """Add one row. Raises `HistoryError` when it cannot follow the rows before it."""
        self._fold.row(row)

    @classmethod
    def of(cls, rows: Iterable[Row], overrides: Mapping[str, str] | None = None) -> Self:
        """The columns of these rows, under the settings that the user chose."""
        history = cls()
        history.overrides.update(overrides or {})
        for row in rows:
            history.feed(row)
        return history

    @classmethod
    def of_recording(cls, recording: Recording) -> Self:
        """The columns of a recording."""
        return cls.of(recording.rows, recording.header.overrides)

    @property
    @derived
    def operations(self) -> Table:
        """A row for each operation.

        row (in the history), process, client and the op that opened it (-1: nobody's), f, invoked, completed (-1:
        never), status.
        """
        status = self._scatter(self.raw_completions, "status", PENDING)
        completed = self._scatter(self.raw_completions, "completed", -1)
        return self.raw_operations.with_columns(status=status, completed=completed)

    @property
    @derived
    def sends(self) -> Table:
        """A row for each send in the order of invocation, `opened` naming the producer by the op that opened it.

        op, process, opened, topic, partition (-1: not named), key, value, acks (-1 is all), transaction (op that
        began it), tp and offset (where acknowledged), invoked, completed, status.
        """
        sends = self._with_times(self.raw_sends)
        tp, offset = self._scatter(self.raw_placed, "tp", -1), self._scatter(self.raw_placed, "offset", -1)
        return sends.with_columns(tp=tp[sends.op], offset=offset[sends.op])

    @property
    @derived
    def reads(self) -> Table:
        """A row for each record returned, in the order of return.

        op, process, opened, positioned (the row in which the position was last set not by reading, -1: none),
        tp, offset, key, value, timestamp, group, isolation, invoked, completed, status.
        """
        return self._with_times(self.raw_reads)

    @property
    @derived
    def transactions(self) -> Table:
        """begin (the op), process, opened, end (the op that last asked for one, or -1), how, ended, status of end."""
        table = self.raw_transactions
        end, how = self._scatter(self.raw_ends, "end", -1), self._scatter(self.raw_ends, "how", OPEN)
        ends = end[table.begin]
        operations = self.operations
        status = np.where(ends >= 0, operations.status[ends], PENDING) if len(ends) else ends
        ended = np.where(ends >= 0, operations.completed[ends], -1) if len(ends) else ends
        return table.with_columns(end=ends, how=how[table.begin], status=status, ended=ended)

    @property
    @derived
    def commits(self) -> Table:
        """A row for each offset committed.

        op, process, opened (-1: reset by an administrator), group, tp, offset, generation, transaction (op that began
        it, where the offsets were sent in one), invoked, completed, status.
        """
        return self._with_times(self.raw_commits)

    @property
    @derived
    def leadership(self) -> Table:
        """A row for each description of a partition: op, tp, leader (-1: none), epoch, replicas, isr, and its times."""
        return self._with_times(self.leaders)

    @property
    @derived
    def answers(self) -> Table:
        """A row for each offset asked for and answered: op, kind, process, group, tp, offset (-1: none), isolation, and
        its times.
        """
        return self._with_times(self.offsets)

    def _with_times(self, table: Table) -> Table:
        operations = self.operations
        return table.with_columns(
            invoked=operations.invoked[table.op],
            completed=operations.completed[table.op],
            status=operations.status[table.op],
        )

    def _scatter(self, table: Table, column: str, missing: int) -> Ints:
        """A column of `table`, laid out by operation number."""
        out = np.full(len(self.raw_operations), missing, dtype=np.int64)
        out[getattr(table, table.names[0])] = getattr(table, column)
        return out
