"""Terms: small immutable trees that every reading folds over. A sort is the class of its terms.

`Broker(Sort)` is a class; a parameter `b: Broker` is, while a protocol is traced, a term that is an instance of
it. Terms are interned: two that look the same are the same object, so a fold visits each of them once.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from types import FrameType
from typing import Any, ClassVar, Final, NoReturn, Self, TypeVar

from brokerlaw.spec.language.misuse import MISUSES

OPERATORS: Final = {
    "const": "a value; data is its code, see `Term.label`",
    "local": "a parameter or a bound variable; data is its name, unique within its scope",
    "read": "a cell of the old state; data is the variable's name, args are the indices",
    "not": "args (a)",
    "and": "two args or more, read from the left",
    "or": "two args or more, read from the left",
    "implies": "args (a, b)",
    "eq": "args (a, b) of one sort; on Bool it is if-and-only-if",
    "lt": "args (a, b) of one ordered sort",
    "le": "args (a, b) of one ordered sort",
    "add": "args (a) of an ordered sort or Number; data is an integer, perhaps negative; exact, never wrapped",
    "sum": "args (a, b) of sort Number",
    "scale": "args (a) of sort Number; data is the integer that it is multiplied by",
    "number": "args (a) of an ordered sort: the same number, as a Number",
    "ite": "args (condition, then, otherwise)",
    "some": "args (a): a value of sort X as one of sort X | None; its code is the code of a, plus 1",
    "forall": "args (*bound locals, body)",
    "exists": "args (*bound locals, body)",
    "count": "args (*bound locals, body): for how many values of the locals the body holds; a Number",
}
BINDERS: Final = ("forall", "exists", "count")
"""The operators that bind locals."""

none: Final = None
"""The value of an optional variable that holds nothing."""


class SpecError(TypeError):
    """A protocol, or a use of one, that makes no sense. The message names the place, if known, and the mend."""

    where = ""

    def __str__(self) -> str:
        return f"{self.where}: {super().__str__()}" if self.where else super().__str__()

    @classmethod
    def at(cls, frame: FrameType, message: str) -> Self:
        """Make one about the line that a frame is at."""
        error = cls(message)
        error.where = f"{frame.f_code.co_filename}:{frame.f_lineno}: in {frame.f_code.co_name}"
        return error


class SortType(type):
    """The type of sorts, which are no collections: their values are not there while a protocol is read."""

    def __iter__(cls) -> NoReturn:
        name = cls.__name__
        raise SpecError(
            f"the values of {name} cannot be listed: write forall({name}, lambda x: ...), exists(...) or count(...)"
        )

    def __bool__(cls) -> bool:
        return True

    def __len__(cls) -> NoReturn:
        raise SpecError(f"how many values {cls.__name__} has is not known yet: write size({cls.__name__})")

    def __contains__(cls, item: object) -> NoReturn:
        raise SpecError(f"every value of {cls.__name__} is in {cls.__name__}: a set of some is a Var(Bool, ...)")


class Term(metaclass=SortType):
    """A node: operator, arguments, and the operator's data. Its class is its sort.

    `Epoch(0)` is a constant term; a Python value that meets a term takes its sort by itself.
    """

    __slots__ = ("args", "data", "op")
    op: str
    args: tuple[Term, ...]
    data: Any

    def __new__(cls, value: object) -> Self:
        """Give the constant of this sort, as in `Epoch(0)`."""
        return lift(value, cls)

    @classmethod
    def code(cls, value: object) -> int | None:
        """Give the code of a Python literal of this sort, or None if it is no such literal."""
        return None

    @classmethod
    def label(cls, code: int) -> str:
        """Give the name of the value with this code."""
        raise NotImplementedError

    @classmethod
    def size(cls, bounds: dict[str, int]) -> int:
        """Give the number of values; their codes are 0 to size - 1."""
        return bounds[cls.__name__]

    def __eq__(self, other: object) -> Bool:  # type: ignore[override]  # builds a term, decides nothing
        return node(Bool, "eq", *unify(self, other))

    def __ne__(self, other: object) -> Bool:  # type: ignore[override]  # builds a term, decides nothing
        return ~(self == other)

    __hash__ = object.__hash__

    def __bool__(self) -> NoReturn:
        raise SpecError(
            "a term has no truth value yet: write `&` for and, `|` for or, `~` for not, ite(...) or implies(...) "
            "for if, `(a == x) | (a == y)` for in, `(a < b) & (b < c)` for a chain, ite(a < b, a, b) for min, "
            "forall(...) for all, exists(...) for any; and put `a == b` in parentheses beside `&` and `|`"
        )

    def __repr__(self) -> str:
        return type(self).written(self)

    written: ClassVar[Callable[[Term], str]] = object.__repr__
    """As an author would write it: `fold` says how."""


T = TypeVar("T", bound=Term)
_interned: dict[tuple[object, ...], Any] = {}


def node(sort: type[T], op: str, *args: Term, data: Any = None) -> T:
    """Make the term, or find the one that looks the same."""
    key = (sort, op, data, *map(id, args))
    if key not in _interned:
        assert op in OPERATORS, op
        made = object.__new__(sort)
        for name, value in (("op", op), ("args", args), ("data", data)):
            object.__setattr__(made, name, value)
        _interned[key] = made
    found: T = _interned[key]
    return found


def _refusal(mend: str) -> Callable[..., NoReturn]:
    def refuse(*operands: object) -> NoReturn:
        left, right = type(operands[0]).__name__, type(operands[-1]).__name__
        raise SpecError(mend.replace("LEFT", left).replace("RIGHT", right))

    return refuse


for _names, _mend in MISUSES.items():
    for _name in _names.split():
        setattr(Term, _name, _refusal(_mend))


class Sort(Term):
    """A finite set of interchangeable values: brokers, clients. Unbounded when proved; no value has a name."""

    @classmethod
    def label(cls, code: int) -> str:
        """`broker0`, `broker1`, ..."""
        return f"{cls.__name__.lower()}{code}"


class Bool(Term):
    """True or False. `&`, `|`, `~`, never `and`, `or`, `not`."""

    @classmethod
    def code(cls, value: object) -> int | None:
        """False is 0, True is 1."""
        return int(value) if isinstance(value, bool) else None

    @classmethod
    def label(cls, code: int) -> str:
        """`False`, `True`."""
        return str(bool(code))

    @classmethod
    def size(cls, bounds: dict[str, int]) -> int:
        """Two."""
        return 2

    def __and__(self, other: object) -> Bool:
        return _chain("and", self, formula(other))

    def __or__(self, other: object) -> Bool:
        return _chain("or", self, formula(other))

    def __rand__(self, other: object) -> Bool:
        return formula(other) & self

    def __ror__(self, other: object) -> Bool:
        return formula(other) | self

    def __invert__(self) -> Bool:
        inner = self.args[0] if self.op == "not" else None
        return inner if isinstance(inner, Bool) else node(Bool, "not", self)


def _chain(op: str, *parts: Bool) -> Bool:
    flat = [arg for part in parts for arg in (part.args if part.op == op else (part,))]
    return node(Bool, op, *flat)


class Ordered(Term):
    """0, 1, 2, ...: epochs, offsets. Bounded by 0..n-1 when run or searched, all naturals when proved."""

    @classmethod
    def code(cls, value: object) -> int | None:
        """A natural number is its own code."""
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    @classmethod
    def label(cls, code: int) -> str:
        """The number."""
        return str(code)

    def __lt__(self, other: object) -> Bool:
        return node(Bool, "lt", *_numbers(self, other))

    def __le__(self, other: object) -> Bool:
        return node(Bool, "le", *_numbers(self, other))

    def __gt__(self, other: object) -> Bool:
        return node(Bool, "lt", *reversed(_numbers(self, other)))

    def __ge__(self, other: object) -> Bool:
        return node(Bool, "le", *reversed(_numbers(self, other)))

    def __add__(self, by: int) -> Self:
        if isinstance(by, Number):
            return NotImplemented
        if not isinstance(by, int) or isinstance(by, bool):
            raise SpecError(f"only an integer constant can be added to a {type(self).__name__}, not {by!r}")
        base, total = (self.args[0], self.data + by) if self.op == "add" else (self, by)
        return node(type(self), "add", base, data=total)

    __radd__ = __add__

    def __sub__(self, by: int) -> Self:
        if isinstance(by, Number):
            return NotImplemented
        return self + (-by if type(by) is int else by)


def _numbers(a: Term, b: object) -> tuple[Term, Term]:
    """Give both as numbers of one sort, or of none."""
    sort = Number if isinstance(b, Number) else type(a)
    return lift(a, sort), lift(b, sort)


class Number(Term):
    """An integer that is computed, by `count` or `size`, and compared: no variable holds one."""

    @classmethod
    def code(cls, value: object) -> int | None:
        """An integer is its own code."""
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @classmethod
    def label(cls, code: int) -> str:
        """The number."""
        return str(code)

    __lt__, __le__, __gt__, __ge__ = Ordered.__lt__, Ordered.__le__, Ordered.__gt__, Ordered.__ge__

    def __add__(self, other: object) -> Number:
        if isinstance(other, int) and not isinstance(other, bool):
            return node(Number, "add", self, data=other)
        return node(Number, "sum", self, lift(other, Number))

    __radd__ = __add__

    def __sub__(self, other: object) -> Number:
        return self + (-other if type(other) is int else -lift(other, Number))

    def __rsub__(self, other: object) -> Number:
        return -self + other

    def __neg__(self) -> Number:
        return node(Number, "const", data=-self.data) if self.op == "const" else self * -1

    def __mul__(self, by: int) -> Number:
        if not isinstance(by, int) or isinstance(by, bool):
            raise SpecError(f"a number can be multiplied by an integer constant alone, not by {by!r}")
        return node(Number, "scale", self, data=by)

    __rmul__ = __mul__


class Enum(Term):
    """A few named values: `class Phase(Enum): working, done = values(2)`. The first is the default."""

    names: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.names = tuple(name for name, value in vars(cls).items() if isinstance(value, _Unnamed))
        if not cls.names:
            raise SpecError.at(
                sys._getframe(1), f"{cls.__name__} has no values: write `first, second = values(2)` in its body"
            )
        if taken := [name for name in cls.names if hasattr(Enum, name)]:
            said = f"{cls.__name__}.{taken[0]}: the name is one of the language's own, choose another"
            raise SpecError.at(sys._getframe(1), said)
        for code, name in enumerate(cls.names):
            setattr(cls, name, node(cls, "const", data=code))

    @classmethod
    def label(cls, code: int) -> str:
        """The name."""
        return cls.names[code]

    @classmethod
    def size(cls, bounds: dict[str, int]) -> int:
        """As many as there are names."""
        return len(cls.names)


class _Unnamed:
    """Holds the place of an Enum's value until the class body is complete."""


def values(count: int) -> tuple[Any, ...]:
    """Give the values of an Enum, to be unpacked into their names."""
    return tuple(_Unnamed() for _ in range(count))


class Option(Term):
    """The sort written `Broker | None`: `none` (code 0), or a value of the sort `of` (its code plus 1)."""

    of: ClassVar[type[Term]]

    @classmethod
    def code(cls, value: object) -> int | None:
        """`none` is 0."""
        return 0 if value is None else None

    @classmethod
    def label(cls, code: int) -> str:
        """`none`, or the value's own name."""
        return cls.of.label(code - 1) if code else "none"

    @classmethod
    def size(cls, bounds: dict[str, int]) -> int:
        """One more than the sort it is made of."""
        return cls.of.size(bounds) + 1


_options: dict[type[Term], type[Option]] = {}


def _option(of: type[Term]) -> type[Option]:
    if of not in _options:
        _options[of] = type(f"{of.__name__} | None", (Option,), {"of": of})
    return _options[of]


def plain(sort: type[Term]) -> type[Term]:
    """Give X for X | None, and every other sort itself."""
    return sort.of if issubclass(sort, Option) else sort


_RESERVED: Final = frozenset({"code", "label", "size", "op", "args", "data"})


def sort_of(annotation: object) -> type[Term]:
    """Give the sort that an annotation or an argument of Var means."""
    if isinstance(annotation, types.UnionType) and len(annotation.__args__) == 2:
        some = [part for part in annotation.__args__ if part is not types.NoneType]
        if len(some) == 1:
            return _option(sort_of(some[0]))
    abstract = (Term, Sort, Ordered, Enum, Option)
    if annotation is Number:
        raise SpecError("a Number is computed, not kept: use a subclass of Ordered")
    if not isinstance(annotation, type) or not issubclass(annotation, Term) or annotation in abstract:
        name = getattr(annotation, "__name__", repr(annotation))
        raise SpecError(f"`{name}` is not a sort: use Bool, or a subclass of Sort, Ordered or Enum, or one `| None`")
    if annotation.__bases__[0] not in abstract:
        raise SpecError(f"`{annotation.__name__}` is made from another sort: make it a subclass of Sort or Ordered")
    if not issubclass(annotation, (Bool, Option)) and (own := _RESERVED & vars(annotation).keys()):
        raise SpecError(f"`{annotation.__name__}.{min(own)}`: the name is one of the language's own, choose another")
    return annotation


def lift(value: object, sort: type[T]) -> T:
    """Give the value as a term of the sort; a Python literal becomes a constant, an X an X | None."""
    if isinstance(value, sort):
        return value
    if issubclass(sort, Option) and value is not None:
        inner = lift(value, sort.of)
        if leaves(inner) and inner.op != "const":
            raise SpecError(f"arithmetic cannot become {sort.__name__}: take a parameter and require it to equal it")
        return node(sort, "some", inner)
    if issubclass(sort, Number) and isinstance(value, Ordered):
        return node(sort, "number", value)
    if isinstance(value, Number):
        raise SpecError(f"`{value}` is compared, not kept: take a parameter n of sort {sort.__name__}, require it == n")
    if isinstance(value, Term):
        raise SpecError(f"`{value}` is of sort {type(value).__name__}, where {sort.__name__} is needed")
    code = sort.code(value)
    if code is None:
        shown = "none" if value is None else repr(value)
        raise SpecError(f"{shown} is not a value of sort {sort.__name__}")
    return node(sort, "const", data=code)


def unify(a: object, b: object) -> tuple[Term, Term]:
    """Give both as terms of one sort; an optional sort absorbs the sort that it is made of."""
    sorts = [type(x) for x in (a, b) if isinstance(x, Term)]
    if not sorts:
        raise SpecError(f"{a!r} and {b!r} are both Python values: give one its sort, as in Epoch(0) or Bool(True)")
    sort = next((each for each in sorts if issubclass(each, (Option, Number))), sorts[0])
    return lift(a, sort), lift(b, sort)


def formula(value: object) -> Bool:
    """Give the value if it is a term of sort Bool; a bare Python bool is a mistake that came from outside."""
    if isinstance(value, Bool):
        return value
    if isinstance(value, Term):
        raise SpecError(f"`{value}` is of sort {type(value).__name__}, where a formula (Bool) is needed")
    if isinstance(value, int):
        raise SpecError(
            f"a bare Python {value!r} where a formula is needed: compare terms (`==`, not `is`), put each comparison "
            f"in parentheses, or write Bool(True)"
        )
    if value is None:
        raise SpecError("None where a formula is needed: does a definition lack its `return`?")
    if isinstance(value, (tuple, list)):
        raise SpecError("several formulas where one is needed: join them with `&`")
    raise SpecError(f"{value!r} where a formula is needed")


def is_literal(term: Term) -> bool:
    """Tell whether the term is a value that was written out, perhaps as one of an optional sort."""
    return term.op == "const" or (term.op == "some" and term.args[0].op == "const")


def leaves(value: Term) -> bool:
    """Tell whether the value could lie outside the bound of its sort: arithmetic and large literals can."""
    return (
        value.op == "add"
        or (value.op == "const" and isinstance(value, Ordered) and value.data > 0)
        or (value.op == "ite" and any(map(leaves, value.args[1:])))
        or (value.op == "some" and leaves(value.args[0]))
    )
