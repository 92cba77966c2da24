"""What printers share: infix notation with few parentheses, names that collide with nothing, values off the bound."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from brokerlaw.spec.language.fold import fold, free, subterms
from brokerlaw.spec.language.spec import Spec, Update
from brokerlaw.spec.language.term import BINDERS, Bool, Term, formula, leaves, node

OPEN, IMPLIES, JUNCTION, NOT, RELATION, SUM, ATOM = range(7)
"""How strongly a phrase holds together; one that holds no stronger than what is around it gets parentheses."""


class Phrase(NamedTuple):
    """A term in another language."""

    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """Give it as a part of a phrase of that level."""
        return self.text if self.level > level else f"({self.text})"


Reading = Callable[[Term], Phrase]
Words = Mapping[str, Callable[..., Phrase]]


def infix(symbols: Mapping[str, str], words: Words) -> Reading:
    """Make a reading: a symbol for each of not, ne, iff and the infix operators, a word for all others."""

    def between(name: str, level: int) -> Callable[..., Phrase]:
        return lambda _, *args: Phrase(f" {symbols[name]} ".join(arg.within(level) for arg in args), level)

    def equal(t: Term, a: Phrase, b: Phrase) -> Phrase:
        if isinstance(t.args[0], Bool):
            return Phrase(f"{a.within(RELATION)} {symbols['iff']} {b.within(RELATION)}", IMPLIES)
        return between("eq", RELATION)(t, a, b)

    def negation(t: Term, a: Phrase) -> Phrase:
        inner = t.args[0]
        if inner.op == "eq" and not isinstance(inner.args[0], Bool):
            return between("ne", RELATION)(t, *map(read, inner.args))
        return Phrase(f"{symbols['not']}{a.within(SUM)}", NOT)

    def add(t: Term, a: Phrase) -> Phrase:
        return Phrase(f"{a.within(RELATION)} {'+' if t.data >= 0 else '-'} {abs(t.data)}", SUM)

    def total(t: Term, a: Phrase, b: Phrase) -> Phrase:
        taken = t.args[1].op == "scale" and t.args[1].data == -1
        sign, b = ("-", read(t.args[1].args[0])) if taken else ("+", b)
        return Phrase(f"{a.within(RELATION)} {sign} {b.within(SUM)}", SUM)

    def scale(t: Term, a: Phrase) -> Phrase:
        times = str(t.data) if t.data >= 0 else f"({t.data})"
        return Phrase(f"{times} {symbols['times']} {a.within(SUM)}", SUM)

    levels = {"and": JUNCTION, "or": JUNCTION, "implies": IMPLIES, "lt": RELATION, "le": RELATION}
    table = {name: between(name, level) for name, level in levels.items()}
    table |= {"eq": equal, "not": negation, "add": add, "sum": total, "scale": scale, "number": lambda _, a: a}
    read: Reading = fold({**table, **words})
    return read


class Names:
    """The names of a protocol in another language: each kind of thing has its own, no two are alike."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._reserved = {name.casefold() for name in reserved}
        self._taken: set[str] = set()
        self._given: dict[tuple[str, str], str] = {}

    def give(self, kind: str, name: str, wish: str = "") -> str:
        """Choose a name, as near to the wish as can be; the same thing keeps its name."""
        if (kind, name) not in self._given:
            chosen = _plain(wish or name)
            while chosen in self._taken or chosen.casefold() in self._reserved:
                chosen += "_"
            self._taken.add(chosen)
            self._given[kind, name] = chosen
        return self._given[kind, name]

    def alias(self, kind: str, name: str, given: str) -> str:
        """Let another thing go by a name that was given already."""
        self._given[kind, name] = given
        return given

    def __getitem__(self, key: tuple[str, str]) -> str:
        return self._given[key]


def _plain(name: str) -> str:
    """Write a name of Python's in letters, digits and `_`, with a letter in front."""
    ascii_ = re.sub(r"[^0-9A-Za-z_]", lambda found: f"u{ord(found[0]):x}" if found[0].isalpha() else "_", name)
    return ascii_ if ascii_[:1].isalpha() else f"x{ascii_}"


def terms(spec: Spec) -> Iterator[Term]:
    """Visit every distinct term of a protocol once."""
    actions = (term for action in (spec.init, *spec.actions.values()) for term in action.terms)
    return subterms(*actions, *(each.term for each in spec.properties.values()))


def locals_of(spec: Spec) -> list[str]:
    """Give the names of all parameters and bound variables, each once, in the order of the text."""
    return list(dict.fromkeys(term.data for term in terms(spec) if term.op == "local"))


def renamed(term: Term, names: Mapping[str, str]) -> Term:
    """Give a term with its free locals under other names; a quantifier that binds one of them keeps its own."""
    if not names.keys() & free(term):
        return term
    if term.op == "local":
        return node(type(term), "local", data=names[term.data])
    bound = {local.data for local in term.args[:-1]} if term.op in BINDERS else set[str]()
    inside = {name: new for name, new in names.items() if name not in bound}
    return node(type(term), term.op, *(renamed(each, inside) for each in term.args), data=term.data)


def substituted(term: Term, values: Mapping[Term, int]) -> Term:
    """Give a term with values, by their codes, in the place of free locals."""
    if term.op == "local":
        return node(type(term), "const", data=values[term]) if term in values else term
    bound = term.args[:-1] if term.op in BINDERS else ()
    inside = {local: code for local, code in values.items() if not any(local is each for each in bound)}
    return node(type(term), term.op, *(substituted(each, inside) for each in term.args), data=term.data)


class Risk(NamedTuple):
    """A number about to be written, or a written index, that may not fit its sort where the conditions hold."""

    conditions: tuple[Bool, ...]
    term: Term

    @property
    def sinks(self) -> bool:
        """Tell whether it could lie below 0."""
        return any(part.op == "add" and part.data < 0 for part in subterms(self.term))


def risks(update: Update) -> list[Risk]:
    """Give all of an update that may not fit, in the order in which it is tried."""
    return [risk for term in (update.value, *update.indices) for risk in _risks((), term)]


def _risks(conditions: tuple[Bool, ...], term: Term) -> Iterator[Risk]:
    if not leaves(term):
        return
    if term.op == "ite":
        condition = formula(term.args[0])
        yield from _risks((*conditions, condition), term.args[1])
        yield from _risks((*conditions, ~condition), term.args[2])
    elif term.op == "some":
        yield from _risks(conditions, term.args[0])
    else:
        yield Risk(conditions, term)


_SOURCE: Final = re.compile(r"\s*\[([^][]+)\]\s*$")


def sourced(doc: str) -> tuple[str, str]:
    """Split a docstring into what it says and the source in brackets at its end, or an empty one."""
    found = _SOURCE.search(doc)
    return (doc[: found.start()], found[1]) if found else (doc, "")


def indented(lines: Iterable[str], by: int = 1) -> list[str]:
    """Move lines to the right."""
    return [f"{'  ' * by}{line}" for line in lines]
