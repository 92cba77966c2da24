"""Tracing: a protocol's function is called once with a symbolic state, and leaves guards, updates or a formula."""

from __future__ import annotations

import inspect
import itertools
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, UnionType
from typing import Any, NoReturn

from brokerlaw.spec.language.author import arguments, check_precedence
from brokerlaw.spec.language.spec import Action, Guard, Kind, Property, Update, Variable
from brokerlaw.spec.language.term import (
    SortType,
    SpecError,
    Term,
    formula,
    is_literal,
    leaves,
    lift,
    node,
    plain,
    sort_of,
)
from brokerlaw.spec.language.vocabulary import bound, names_of

_HERE = Path(__file__).parent
_active: list[Tracer] = []


class Tracer:
    """Collects what one function requires and writes. `writable` is false for a formula."""

    def __init__(self, writable: bool) -> None:
        self.writable = writable
        self.guards: list[Guard] = []
        self.updates: list[Update] = []

    def read(self, variable: Variable, index: tuple[Any, ...]) -> Term:
        """Give the term of a cell in the old state."""
        terms = tuple(map(_index, index, _arity(variable, index)))
        for update in self.updates:
            if update.variable == variable.name and not _apart(update.indices, terms):
                raise SpecError(
                    f"`s.{variable.name}` is read after it was written: reads see the old state, so read it first, "
                    f"into a name of its own"
                )
        return node(variable.sort, "read", *terms, data=variable.name)

    def write(self, variable: Variable, index: tuple[Any, ...], value: Any) -> None:
        """Record an update of one cell, or of a row for each `:` in the index."""
        if not self.writable:
            raise SpecError(f"`s.{variable.name}` is written in a formula: only actions and init write")
        sorts = _arity(variable, index)
        rows = [sort for part, sort in zip(index, sorts, strict=True) if isinstance(part, slice)]
        if any(part != slice(None) for part in index if isinstance(part, slice)):
            raise SpecError("a row is written with a bare `:`; say which cells change with ite(...) in its value")
        body = value if callable(value) and rows else None
        names = names_of(body, rows) if body else [f"each_{plain(sort).__name__.lower()}" for sort in rows]
        with bound(names, rows) as row_locals:
            each = iter(row_locals)
            where = tuple(
                next(each) if isinstance(part, slice) else lift(part, sort)
                for part, sort in zip(index, sorts, strict=True)
            )
            what = lift(_cell(body(*row_locals) if body else value), variable.sort)
        if any(old.variable == variable.name and _same(old.indices, where) for old in self.updates):
            raise SpecError(f"`s.{variable.name}` is written twice in the same cell: write it once, with ite(...)")
        self.updates.append(Update(variable.name, row_locals, where, what))


def _same(a: tuple[Term, ...], b: tuple[Term, ...]) -> bool:
    return all(x is y for x, y in zip(a, b, strict=True))


def _apart(a: tuple[Term, ...], b: tuple[Term, ...]) -> bool:
    return any(x.op == y.op == "const" and x is not y for x, y in zip(a, b, strict=True))


def _arity(variable: Variable, index: tuple[Any, ...]) -> tuple[type[Term], ...]:
    if len(index) != len(variable.indices):
        wanted = ", ".join(sort.__name__ for sort in variable.indices)
        shape = f"s.{variable.name}[{wanted}]" if wanted else f"s.{variable.name}"
        raise SpecError(f"`s.{variable.name}` has {len(index)} indices here; it is {shape}")
    return variable.indices


def _index(part: Any, sort: type[Term]) -> Term:
    if isinstance(part, slice):
        raise SpecError("a row cannot be read: use forall(...), or a lambda over the row that is written")
    term = lift(part, sort)
    if not is_literal(term) and leaves(term):
        raise SpecError(
            f"the index `{term}` is arithmetic, which could leave the bound: take a parameter (or a quantified "
            f"value) j and require j == {term}"
        )
    return term


def _cell(value: Any) -> Any:
    if isinstance(value, Cells):
        raise SpecError(f"`s.{value.variable.name}` needs an index for each of its sorts")
    if callable(value):
        raise SpecError("a function is the value of a row: write s.log[b, :] = lambda i: ...")
    return value


class Cells:
    """An indexed variable in a traced function: `s.log[b, i]` reads, `s.log[b, i] = x` writes."""

    def __init__(self, tracer: Tracer, variable: Variable) -> None:
        self.tracer, self.variable = tracer, variable

    def __getitem__(self, index: Any) -> Term:
        return self.tracer.read(self.variable, index if isinstance(index, tuple) else (index,))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tracer.write(self.variable, index if isinstance(index, tuple) else (index,), value)

    @property
    def shape(self) -> str:
        """How a cell is written."""
        return f"{self.variable.name}[{', '.join(sort.__name__ for sort in self.variable.indices)}]"

    def _misused(self, *_: object) -> NoReturn:
        raise SpecError(f"`s.{self.variable.name}` has no index here: it is s.{self.shape}")

    __bool__ = __contains__ = __eq__ = __ne__ = __invert__ = __and__ = __or__ = __lt__ = __le__ = __add__ = _misused
    __hash__ = object.__hash__

    def __iter__(self) -> NoReturn:
        raise SpecError(f"the cells of `s.{self.variable.name}` cannot be listed: write forall(...), exists(...)")

    def __delitem__(self, index: Any) -> NoReturn:
        raise SpecError(f"`s.{self.shape}` cannot be deleted: write what it becomes, as in s.{self.shape} = none")

    def __getattr__(self, name: str) -> NoReturn:
        raise SpecError(f"`s.{self.variable.name}` has no `{name}`: a cell is read and written as s.{self.shape}")


def require(*conjuncts: Any) -> None:
    """State what must hold in the old state for the action to be possible; the conjuncts are kept apart."""
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    if not _active or not _active[-1].writable:
        raise SpecError("require(...) belongs in an action or init; a formula says implies(...)")
    if not conjuncts:
        raise SpecError("require(...) of nothing: give it what must hold, or leave it out")
    texts = arguments(frame.f_back, len(conjuncts))
    for conjunct, text in itertools.zip_longest(conjuncts, texts):
        term = formula(_cell(conjunct))
        _active[-1].guards.append(Guard(term, text or repr(term), frame.f_back.f_lineno))


@contextmanager
def located(what: str, code: CodeType | None = None) -> Iterator[None]:
    """Say of any error below where in the author's text it arose: in the code, else at the call from outside."""
    try:
        yield
    except Exception as error:
        if isinstance(error, SpecError) and error.where:
            raise
        inside = reversed(traceback.extract_tb(error.__traceback__))
        outside = (frame for frame in reversed(traceback.extract_stack()) if not _ours(frame.filename))
        if code is not None:
            lines = (frame.lineno for frame in inside if frame.filename == code.co_filename)
            file, line = code.co_filename, next(lines, code.co_firstlineno)
        else:
            file, line = next((frame.filename, frame.lineno) for frame in outside)
        fault = SpecError(_mended(error))
        fault.where = f"{file}:{line}: in {what}"
        raise fault from error


def _mended(error: Exception) -> str:
    """Say what went wrong in an author's text; of what Python says itself, also the mend."""
    if isinstance(error, RecursionError):
        return "a definition calls itself without end: say it with forall(...) or exists(...), or keep it in a variable"
    if isinstance(error, AttributeError) and isinstance(error.obj, Term):
        return f"{error}: a value has no parts, what belongs to it is a variable indexed by it, as in s.epoch[b]"
    if str(error).endswith("object is not callable"):
        return f"{error}: a cell is read with square brackets, as in s.live[b]"
    return str(error)


def _ours(file: str) -> bool:
    return Path(file).parent == _HERE or Path(file).name == "contextlib.py"


def _params(fn: Callable[..., Any]) -> dict[str, type[Term]]:
    check_precedence(fn)
    if inspect.iscoroutinefunction(fn) or inspect.isgeneratorfunction(fn):
        raise SpecError("it is called once, to be read: neither `async` nor `yield` has a meaning here")
    state, params = None, list(inspect.signature(fn, eval_str=True).parameters.values())
    if params:
        state, *params = params
    if state is None or isinstance(state.annotation, (SortType, UnionType)):
        raise SpecError(f"its first parameter is the state, and has no sort: write `def {fn.__name__}(s, ...)`")
    for param in params:
        if param.kind is not param.POSITIONAL_OR_KEYWORD or param.default is not param.empty:
            raise SpecError(f"parameter `{param.name}` is a choice among all values: write `{param.name}: Sort`")
        if param.annotation is param.empty:
            raise SpecError(f"parameter `{param.name}` has no sort: write `{param.name}: Broker`")
    return {param.name: sort_of(param.annotation) for param in params}


@contextmanager
def _tracing(state: Any, writable: bool) -> Iterator[Tracer]:
    _active.append(Tracer(writable))
    object.__setattr__(state, "_tracer", _active[-1])
    try:
        yield _active[-1]
    finally:
        _active.pop()


def trace_action(fn: Callable[..., Any], state: Any) -> Action:
    """Trace a function that requires and writes."""
    with located(fn.__name__, fn.__code__), _tracing(state, writable=True) as tracer:
        params = _params(fn)
        with bound(list(params), list(params.values())) as terms:
            if fn(state, *terms) is not None:
                raise SpecError("an action returns nothing: it requires and it writes")
    guards, updates, line = tuple(tracer.guards), tuple(tracer.updates), fn.__code__.co_firstlineno
    return Action(fn.__name__, _doc(fn), terms, guards, updates, line, vars(fn).get("fair", True))


def trace_property(kind: Kind, fn: Callable[..., Any], state: Any) -> Property:
    """Trace a function that returns a formula; its parameters stand for all values, in a witness for some."""
    with located(fn.__name__, fn.__code__), _tracing(state, writable=False):
        params = _params(fn)
        with bound(list(params), list(params.values())) as terms:
            result = fn(state, *terms)
            if result is None:
                raise SpecError("nothing is returned: return the formula")
            term = formula(_cell(result))
        if terms:
            term = node(type(term), "exists" if kind == "witness" else "forall", *terms, term)
    each = () if kind != "eventually" or vars(fn).get("together") else terms
    return Property(fn.__name__, kind, _doc(fn), term, fn.__code__.co_firstlineno, each)


def _doc(fn: Callable[..., Any]) -> str:
    return inspect.cleandoc(fn.__doc__ or "")
