"""Tables of NumPy columns. A table is a class with a field for each column, so that a type checker knows them.

One class serves thrice: `Seeks[int]` is one row, `Sent[Growing]` grows row by row while a recording is folded, and
`Sent[Ints]` is judged.
"""

from array import array
from collections.abc import Hashable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Self, TypeAlias, TypeVar, get_origin

import msgspec
import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
if TYPE_CHECKING:
    Growing: TypeAlias = array[int]
else:
    Growing = array  # which has no types of its own before Python 3.12
T = TypeVar("T", bound=Hashable)
C = TypeVar("C")


class Pool(Generic[T]):
    """Interned values: `pool.add(value)` is its index, `pool[index]` the value. None is -1."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._index = _Numbering(self.values)

    def add(self, value: T | None) -> int:
        return self._index[value]

    def each(self, values: Iterable[T | None]) -> Iterator[int]:
        """`add` of many."""
        return map(self._index.__getitem__, values)

    def fill(self, values: Iterable[T]) -> None:
        """Add many that are new, in their order."""
        for value in values:
            self.add(value)

    def find(self, value: T) -> int:
        """The value's index, or -1 when it was never added."""
        return self._index.get(value, -1)

    def __getitem__(self, index: int) -> T:
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values)


class _Numbering(dict[Any, int]):
    """Gives a number to whatever is asked for and not known."""

    def __init__(self, values: list[Any]) -> None:
        super().__init__({None: -1})
        self._values = values

    def __missing__(self, value: Any) -> int:
        number = self[value] = len(self._values)
        self._values.append(value)
        return number


class Table(msgspec.Struct, Generic[C], kw_only=True, eq=False, gc=False):
    """Columns of one length. `table[mask]` is a table of the chosen rows, `len(table)` how many it has."""

    @property
    def columns(self) -> dict[str, Any]:
        """All columns by name, to build a table with more of them: `Acked(**sends.columns, once=once)`."""
        return msgspec.structs.asdict(self)

    def __getitem__(self, rows: Bools | Ints | slice) -> Self:
        if isinstance(rows, np.ndarray) and rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        return type(self)(**{name: column[rows] for name, column in self.columns.items()})

    def __len__(self) -> int:
        return len(getattr(self, self.__struct_fields__[0]))


B = TypeVar("B", bound=Table[Any])


def gather(kind: type[B], rows: Sequence[Table[int]]) -> B:
    """A table of the rows."""
    table: type[B] = get_origin(kind) or kind
    columns = {name: map(attrgetter(name), rows) for name in table.__struct_fields__}
    return table(**{name: np.fromiter(column, np.int64, len(rows)) for name, column in columns.items()})


def growing(kind: type[B]) -> B:
    """A table without rows yet, whose columns can be appended to."""
    table: type[B] = get_origin(kind) or kind
    return table(**{name: array("q") for name in table.__struct_fields__})


def grown(kind: type[B], table: Table[Growing]) -> B:
    """The table as it has grown, its columns not copied: it must not grow any more."""
    made: type[B] = get_origin(kind) or kind
    return made(**{name: np.frombuffer(column, np.int64) for name, column in table.columns.items()})


def push(table: Table[Growing], **row: int) -> None:
    """Append a row."""
    for name, value in row.items():
        getattr(table, name).append(value)


def stacked(tables: Sequence[B]) -> B:
    """The rows of several tables, one after the other."""
    kind = type(tables[0])
    return kind(**{name: np.concatenate([table.columns[name] for table in tables]) for name in kind.__struct_fields__})
