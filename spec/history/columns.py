"""Columns that grow: rows are appended as tuples, and become NumPy arrays when they are asked for."""

from collections.abc import Hashable
from typing import Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
T = TypeVar("T", bound=Hashable)


class Pool(Generic[T]):
    """Interned values: `pool.add(value)` is its index, `pool[index]` the value. None is -1."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._index: dict[T, int] = {}

    def add(self, value: T | None) -> int:
        """The value's index, made on first sight."""
        if value is None:
            return -1
        index = self._index.get(value)
        if index is None:
            index = self._index[value] = len(self.values)
            self.values.append(value)
        return index

    def find(self, value: T) -> int:
        """The value's index, or -1 when it was never added."""
        return self._index.get(value, -1)

    def __getitem__(self, index: int) -> T:
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values)


class Table:
    """Named int64 columns of one length. `table.offset` is a column; `table[mask]` a table of the chosen rows."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self._pending: list[tuple[int, ...]] = []
        self._filled = np.empty((len(names), 0), dtype=np.int64)

    @classmethod
    def of(cls, **columns: Ints) -> "Table":
        """A table made of whole columns."""
        table = cls(*columns)
        table._filled = np.vstack([np.asarray(column, dtype=np.int64) for column in columns.values()])
        return table

    def append(self, *row: int) -> None:
        """Add one row, a value for each column."""
        self._pending.append(row)

    def _block(self) -> Ints:
        if self._pending:
            added = np.array(self._pending, dtype=np.int64).T
            self._filled = np.concatenate([self._filled, added], axis=1)
            self._pending.clear()
        return self._filled

    def __getattr__(self, name: str) -> Ints:
        if name.startswith("_") or name not in self.names:
            raise AttributeError(name)
        column: Ints = self._block()[self.names.index(name)]
        return column

    def __getitem__(self, rows: Bools | Ints | slice) -> "Table":
        chosen = Table(*self.names)
        chosen._filled = self._block()[:, rows]
        return chosen

    def with_columns(self, **columns: Ints | Bools) -> "Table":
        """The same rows with further columns, or others in their place."""
        own = {name: getattr(self, name) for name in self.names}
        return Table.of(**own | {name: np.asarray(c, dtype=np.int64) for name, c in columns.items()})

    def __len__(self) -> int:
        return self._filled.shape[1] + len(self._pending)
