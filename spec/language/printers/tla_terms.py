"""Terms as TLA+: values are the names themselves, `none` is a constant that is no value, a sort is a set."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from brokerlaw.spec.language.fold import is_size
from brokerlaw.spec.language.printers.notation import OPEN, Names, Phrase, Reading, infix, locals_of, terms
from brokerlaw.spec.language.spec import Spec, Variable
from brokerlaw.spec.language.term import Bool, Enum, Option, Ordered, Sort, Term

RESERVED: Final = re.findall(
    r"\w+",
    """ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS DOMAIN ELSE
    ENABLED EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW OBVIOUS OMITTED ONLY OTHER
    PICK PROOF PROPOSITION PROVE QED RECURSIVE STATE STRING SUBSET SUFFICES TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED
    UNION USE VARIABLE VARIABLES WITH WITNESS Int Nat Any Assert JavaTime Permutations Print PrintT RandomElement
    SortSeq TLCEval TLCFP TLCGet TLCSet ToString Fairness Init Next Spec TypeOK vars x Cardinality IsFiniteSet""",
)
"""Words of TLA+, of the modules that ours extends, and those that every module of ours uses itself."""
SYMBOLS: Final = {
    "and": "/\\",
    "or": "\\/",
    "not": "~",
    "implies": "=>",
    "iff": "<=>",
    "eq": "=",
    "ne": "#",
    "lt": "<",
    "le": "<=",
    "times": "*",
}


class Vocabulary:
    """The names of a protocol in TLA+, and what is said with them."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.names = names = Names(RESERVED)
        self.module = names.give("module", spec.name)
        for name in spec.variables:
            names.give("variable", name)
        for sort in spec.sorts:
            names.give("sort", sort.__name__)
            if issubclass(sort, Ordered):
                names.give("bound", sort.__name__, f"{sort.__name__}Count")
        for name in (*spec.actions, *spec.properties):
            names.give("operator", name, "".join(part[:1].upper() + part[1:] for part in name.split("_")))
        for name in locals_of(spec):
            names.give("local", name)
        self.none = names.give("constant", "none")
        self.read = self.reading()

    @property
    def optional(self) -> bool:
        """Tell whether `none` occurs."""
        sorts = {variable.sort for variable in self.spec.variables.values()} | set(map(type, terms(self.spec)))
        return any(issubclass(sort, Option) for sort in sorts)

    def variable(self, variable: Variable) -> str:
        """Name a variable."""
        return self.names["variable", variable.name]

    def operator(self, name: str) -> str:
        """Name the definition of an action or a property."""
        return self.names["operator", name]

    def set(self, sort: type[Term]) -> str:
        """Name the set of a sort's values."""
        if issubclass(sort, Option):
            return f"({self.set(sort.of)} \\cup {{{self.none}}})"
        return "BOOLEAN" if sort is Bool else self.names["sort", sort.__name__]

    def domain(self, variable: Variable) -> str:
        """Write the set of a variable's indices."""
        return " \\X ".join(map(self.set, variable.indices))

    def values(self, variable: Variable) -> str:
        """Write the set of what a variable can be."""
        sort = self.set(variable.sort)
        return f"[{self.domain(variable)} -> {sort}]" if variable.indices else sort

    def value(self, sort: type[Term], code: int) -> str:
        """Write the value with this code; of an interchangeable sort there is only the first."""
        if issubclass(sort, Option):
            return self.value(sort.of, code - 1) if code else self.none
        if issubclass(sort, Enum):
            return f'"{sort.names[code]}"'
        if issubclass(sort, Sort):
            return f"(CHOOSE x \\in {self.set(sort)} : TRUE)"
        return ("FALSE", "TRUE")[code] if sort is Bool else str(code)

    def bound(self, locals_: Sequence[Term]) -> str:
        """Write bound variables with their sets: `a, b \\in Replica, i \\in Offset`."""
        groups = ((sort, ", ".join(self.read(t).text for t in each)) for sort, each in itertools.groupby(locals_, type))
        return ", ".join(f"{names} \\in {self.set(sort)}" for sort, names in groups)

    def index(self, indices: Iterable[Term], read: Reading) -> str:
        """Write the arguments of an operator or a function."""
        return ", ".join(read(each).text for each in indices)

    def places(self, variable: Variable) -> list[str]:
        """Give names for the indices of a variable: `replica`, `replica2`."""
        words = [sort.__name__.lower() for sort in variable.indices]
        counted = [(word, words[:k].count(word)) for k, word in enumerate(words)]
        names = [f"{word}{k + 1 if k else ''}" for word, k in counted]
        given = [self.names.give("index", name) for name in names]
        return [self.names.alias("local", f"place {name}", name) for name in given]

    def reading(self, *, first: bool = False) -> Reading:
        """Read terms: over the variables or, `first`, what each starts with."""

        def read(t: Term, *index: Phrase) -> Phrase:
            if first:
                return Phrase(self.value(self.spec.variables[t.data].sort, 0))
            inside = f"[{', '.join(each.text for each in index)}]" if index else ""
            return Phrase(self.names["variable", t.data] + inside)

        def quantifier(t: Term, *args: Phrase) -> Phrase:
            symbol = {"forall": "\\A", "exists": "\\E"}[t.op]
            return Phrase(f"{symbol} {self.bound(t.args[:-1])} : {args[-1].text}", OPEN)

        def count(t: Term, *args: Phrase) -> Phrase:
            *bound, body = (arg.text for arg in args)
            if is_size(t):
                return Phrase(f"Cardinality({self.set(type(t.args[0]))})")
            if len(bound) == 1:
                return Phrase(f"Cardinality({{{self.bound(t.args[:-1])} : {body}}})")
            sets = " \\X ".join(self.set(type(each)) for each in t.args[:-1])
            return Phrase(f"Cardinality({{<<{', '.join(bound)}>> \\in {sets} : {body}}})")

        return infix(
            SYMBOLS,
            {
                "const": lambda t: Phrase(self.value(type(t), t.data)),
                "local": lambda t: Phrase(self.names["local", t.data]),
                "read": read,
                "ite": lambda _, c, a, b: Phrase(f"IF {c.text} THEN {a.text} ELSE {b.text}", OPEN),
                "some": lambda _, a: a,
                "forall": quantifier,
                "exists": quantifier,
                "count": count,
            },
        )
