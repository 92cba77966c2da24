"""Tables of NumPy columns. A table is a class with a field for each column, so that a type checker knows them.

One class serves thrice: `Seeks[int]` is one row, `Sent[Growing]` grows row by row while a recording is folded, and
`Sent[Ints]` is judged.
"""

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from functools import cache, cached_property
from inspect import get_annotations
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias, TypeVar, dataclass_transform, get_origin

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
    """Interned values: `pool.add(value)` is its index, `pool[index]` the value. None is -1.

    Those that it begins with are read, and numbered, once they are asked for.
    """

    def __init__(self, length: int = 0, read: Callable[[], list[T]] = list) -> None:
        self._length = length
        self._read = read

    @cached_property
    def values(self) -> list[T]:
        return self._read()

    @cached_property
    def _index(self) -> "_Numbering":
        return _Numbering(self.values)

    def add(self, value: T | None) -> int:
        return self._index[value]

    def each(self, values: Iterable[T | None]) -> Iterator[int]:
        """`add` of many."""
        return map(self._index.__getitem__, values)

    def find(self, value: T) -> int:
        """The value's index, or -1 when it was never added."""
        return self._index.get(value, -1)

    def __getitem__(self, index: int) -> T:
        return self.values[index]

    def __len__(self) -> int:
        return len(self.values) if "values" in self.__dict__ else self._length


class _Numbering(dict[Any, int]):
    """Gives a number to whatever is asked for and not known."""

    def __init__(self, values: list[Any]) -> None:
        super().__init__(zip(values, range(len(values)), strict=True))
        self[None] = -1
        self._values = values

    def __missing__(self, value: Any) -> int:
        number = self[value] = len(self._values)
        self._values.append(value)
        return number


@dataclass_transform(kw_only_default=True)
class Table(Generic[C]):
    """Columns of one length. `table[mask]` is a table of the chosen rows, `len(table)` how many it has.

    Of a table that is made of others a column is made once it is asked for: most never are.
    """

    names: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, kw_only: bool = True) -> None:
        cls.names = (*cls.names, *get_annotations(cls))
        cls._known = frozenset(cls.names)

    def __init__(self, **columns: Any) -> None:
        self._check(columns.keys())
        self.__dict__.update(columns)

    @classmethod
    def _check(cls, given: Set[str]) -> None:
        if given != cls._known:
            beyond, missing = sorted(given - cls._known), sorted(cls._known - given)
            what = "Unexpected keyword argument" if beyond else "Missing required argument"
            raise TypeError(f"{cls.__name__}: {what} {(beyond or missing)[0]!r}")

    @classmethod
    def made_of(cls, length: int, make: Callable[[str], Any]) -> Self:
        """A table of so many rows, of which `make` tells a column by its name."""
        table = cls.__new__(cls)
        table.__dict__["_length"], table.__dict__["_make"] = length, make
        return table

    if not TYPE_CHECKING:  # else every attribute would be one

        def __getattr__(self, name):
            if name not in self._known:
                raise AttributeError(f"{type(self).__name__} has no column {name}")
            column = self.__dict__[name] = self.__dict__["_make"](name)
            return column

    def column(self, name: str) -> Any:
        """A column by its name, for another table: this one does not remember it, unless it is asked itself."""
        found = self.__dict__.get(name)
        return self.__dict__["_make"](name) if found is None else found

    def detached(self) -> Self:
        """With all its columns, so that it needs those no longer that it was made of."""
        return type(self)(**{name: self.column(name) for name in self.names})

    @property
    def columns(self) -> dict[str, Any]:
        """All columns by name."""
        return {name: getattr(self, name) for name in self.names}

    def __getitem__(self, rows: Bools | Ints | slice) -> Self:
        if isinstance(rows, slice):
            chosen = np.arange(*rows.indices(len(self)))
        elif rows.dtype != np.bool_:
            chosen = rows.astype(np.int64, copy=False)
        elif rows.all():
            return self.made_of(len(self), self.column)
        else:
            chosen = rows.nonzero()[0]
        return self.made_of(len(chosen), lambda name: self.column(name).take(chosen))

    def __len__(self) -> int:
        length: int | None = self.__dict__.get("_length")
        return len(getattr(self, self.names[0])) if length is None else length


B = TypeVar("B", bound=Table[Any])


def widened(kind: type[B], table: Table[Any], **more: Ints | Bools | Callable[[], Ints]) -> B:
    """The table with more columns, each as it is or how to make it: `widened(Acked, sends, once=once)`."""
    kind._check(table._known | more.keys())

    def make(name: str) -> Any:
        column = more.get(name)
        if column is None:
            return table.column(name)
        return column() if callable(column) else column

    return kind.made_of(len(table), make)


def gather(kind: type[B], rows: Sequence[Table[int]]) -> B:
    """A table of the rows."""
    table: type[B] = get_origin(kind) or kind
    columns = {name: map(attrgetter(name), rows) for name in table.names}
    return table(**{name: np.fromiter(column, np.int64, len(rows)) for name, column in columns.items()})


def growing(kind: type[B]) -> B:
    """A table without rows yet, whose columns can be appended to."""
    table: type[B] = get_origin(kind) or kind
    return table(**{name: array("q") for name in table.names})


def grown(kind: type[B], table: Table[Growing]) -> B:
    """The table as it has grown, its columns not copied: it must not grow any more."""
    made: type[B] = get_origin(kind) or kind
    return made.made_of(len(table), cache(lambda name: np.frombuffer(table.column(name), np.int64)))


def push(table: Table[Growing], **row: int) -> None:
    """Append a row."""
    for name, value in row.items():
        getattr(table, name).append(value)


def stacked(tables: Sequence[B]) -> B:
    """The rows of several tables, one after the other."""
    length = sum(map(len, tables))
    return type(tables[0]).made_of(length, lambda name: np.concatenate([table.column(name) for table in tables]))
