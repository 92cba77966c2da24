"""Protocols drawn at random, as text that an author could have written: sorts, options as indices and as values."""

from __future__ import annotations

import contextlib
import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import brokerlaw.spec.language
from brokerlaw.spec.language import Protocol

SORTS = ("A", "B", "C")
HEAD = """
class A(Sort): pass
class B(Sort): pass
class C(Sort): pass
class N(Ordered): pass
class E(Enum): first, second, third = values(3)

class Drawn(Protocol):
"""
LITERALS = {"Bool": ("Bool(True)", "Bool(False)"), "N": ("N(0)", "N(1)"), "E": ("E.first", "E.second", "E.third")}


def defined(text: str) -> type[Protocol]:
    """The protocol of that text."""
    scope: dict[str, Any] = {name: value for name, value in vars(brokerlaw.spec.language).items() if name[0] != "_"}
    scope["__name__"] = "drawn"
    exec(compile(text, "drawn.py", "exec"), scope)
    found: type[Protocol] = scope["Drawn"]
    return found


def drawn(number: int) -> str:
    """The text of the protocol with this number."""
    for attempt in itertools.count():
        with contextlib.suppress(_Nothing):
            return _Draw(random.Random(f"{number}, {attempt}")).protocol()
    raise AssertionError


@dataclass
class _Draw:
    """One protocol under way: its variables by name, and the local names in scope with their sorts."""

    random: random.Random
    variables: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    fresh: int = 0

    def protocol(self) -> str:
        some = self.random
        sorts = {sort: some.choice((1, 2, 3, 3)) for sort in some.sample(SORTS, some.choice((1, 1, 2, 2, 3)))}
        self.sorts = [*sorts, *(f"{sort} | None" for sort in sorts)]
        everything = [*self.sorts, *self.sorts, "Bool", "Bool", "N", "N | None", "E", "E | None"]
        for k in range(some.choice((2, 3, 3, 4))):
            indices = tuple(some.choice(everything) for _ in range(some.choice((0, 1, 1, 2))))
            self.variables[f"v{k}"] = (some.choice(everything), indices)
        lines = [f"bounds = {{{', '.join(f'{sort}: {n}' for sort, n in (sorts | {'N': 2}).items())}}}"]
        for name, (sort, indices) in self.variables.items():
            lines.append(f"{name} = Var({', '.join((sort, *indices))})")
        lines += self.init()
        for k in range(some.choice((2, 3, 4))):
            lines += self.action(f"act{k}")
        for k in range(some.choice((1, 2))):
            lines += self.property("invariant", f"inv{k}")
        lines += self.property("witness", "wit")
        return HEAD + "\n".join(f"    {line}" for line in lines) + "\n"

    def init(self) -> list[str]:
        """Start everything that has no neutral value anywhere, so that no value is told from another."""
        params, body = [], []
        for name, (sort, indices) in self.variables.items():
            if sort in SORTS and self.random.random() < 0.9:
                params.append(f"{name}_: {sort}")
                body.append(f"s.{name}{'[' + ', '.join(':' * len(indices)) + ']' if indices else ''} = {name}_")
        return ["@init", f"def start({', '.join(['s', *params])}):", *(f"    {line}" for line in body)] if body else []

    def action(self, name: str) -> list[str]:
        scope = self.params()
        head = ["@action", f"def {name}({', '.join(['s', *(f'{n}: {sort}' for n, sort in scope.items())])}):"]
        guards = [self.formula(scope, 2) for _ in range(self.random.choice((0, 1, 1, 2)))]
        body = [f"require({', '.join(guards)})"] if guards else []
        written = self.random.sample([*self.variables], min(len(self.variables), self.random.choice((1, 1, 2))))
        writes: list[str] = []
        for variable in written:
            sort, indices = self.variables[variable]
            rows = [each for each in indices if self.random.random() < 0.25]
            if rows:
                writes.append(self.row(variable, scope, written[: written.index(variable)]))
                continue
            value = self.number(scope) if sort == "N" else self.term(sort, scope, 2)
            where = [self.term(each, scope, 1) for each in indices]
            for k, text in enumerate([value, *where]):
                body.append(f"{variable}_{k} = {text}")
            index = f"[{', '.join(f'{variable}_{k + 1}' for k in range(len(where)))}]" if where else ""
            writes.append(f"s.{variable}{index} = {variable}_0")
        return [*head, *(f"    {line}" for line in [*body, *writes])]

    def row(self, variable: str, scope: dict[str, str], written: list[str]) -> str:
        """A whole variable written at once, from what was not yet written."""
        sort, indices = self.variables[variable]
        names = {self.name(): each for each in indices}
        kept, self.variables = self.variables, {n: v for n, v in self.variables.items() if n not in written}
        value = self.term(sort, scope | names, 2)
        self.variables = kept
        return f"s.{variable}[{', '.join(':' * len(indices))}] = lambda {', '.join(names)}: {value}"

    def number(self, scope: dict[str, str]) -> str:
        """A number to be written, that may leave the bound on either side."""
        return self.term("N", scope, 1) + self.random.choice(("", "", " + 1", " - 1"))

    def property(self, kind: str, name: str) -> list[str]:
        scope = self.params()
        head = f"def {name}({', '.join(['s', *(f'{n}: {sort}' for n, sort in scope.items())])}):"
        return [f"@{kind}", head, f"    return {self.formula(scope, 3)}"]

    def params(self) -> dict[str, str]:
        sorts = [*self.sorts, *self.sorts, "N", "E", "Bool"]
        return {self.name(): self.random.choice(sorts) for _ in range(self.random.choice((0, 1, 1, 2)))}

    def name(self) -> str:
        self.fresh += 1
        return f"x{self.fresh}"

    def formula(self, scope: dict[str, str], depth: int) -> str:
        some = self.random
        if depth == 0:
            return self.comparison(scope, 1)
        op = some.choice(
            ("eq", "eq", "eq", "le", "not", "and", "or", "implies", "forall", "exists", "count", "ite", "read")
        )
        if op in ("eq", "le"):
            return self.comparison(scope, depth, "<=" if op == "le" else "==")
        if op == "not":
            return f"(~{self.formula(scope, depth - 1)})"
        if op in ("and", "or"):
            symbol = " & " if op == "and" else " | "
            return f"({symbol.join(self.formula(scope, depth - 1) for _ in range(2))})"
        if op in ("forall", "exists"):
            name, sort = self.name(), some.choice([*self.sorts, "N"])
            return f"{op}({sort}, lambda {name}: {self.formula(scope | {name: sort}, depth - 1)})"
        if op == "count":
            name, sort = self.name(), some.choice(self.sorts)
            counted = f"count({sort}, lambda {name}: {self.formula(scope | {name: sort}, depth - 1)})"
            return f"({counted} {some.choice(('<=', '==', '>='))} {some.choice(('1', '2', f'size({sort}) - 1'))})"
        if op in ("implies", "ite"):
            parts = [self.formula(scope, depth - 1) for _ in range(3 if op == "ite" else 2)]
            return f"{op}({', '.join(parts)})"
        return self.term("Bool", scope, depth, literal=False)

    def comparison(self, scope: dict[str, str], depth: int, symbol: str = "==") -> str:
        """A comparison of something that changes, or is a choice."""
        sorts = ["N"] if symbol == "<=" else [*self.sorts, *self.sorts, "N", "N | None", "E", "E | None", "Bool"]
        self.random.shuffle(sorts)
        for sort in sorts:
            with contextlib.suppress(_Nothing):
                known = self.term(sort, scope, depth, literal=False)
                return f"({known} {symbol} {self.term(sort, scope, depth)})"
        raise _Nothing(symbol)

    def term(self, sort: str, scope: dict[str, str], depth: int, *, literal: bool = True) -> str:
        """A term of the sort, or one that becomes one of it; without `literal`, none that has no sort of its own."""
        some = self.random
        plain, _, option = sort.partition(" | ")
        found = [name for name, of in scope.items() if of == sort or (option and literal and of == plain)]
        if depth > 0:
            for name, (of, indices) in self.variables.items():
                if of == sort:
                    where = ", ".join(self.term(each, scope, depth - 1) for each in indices)
                    found += [f"s.{name}[{where}]" if where else f"s.{name}"] * 2
        if literal and plain in LITERALS:
            found += LITERALS[plain]
        if option and literal:
            found.append("none")
        if not found:
            raise _Nothing(sort)
        return some.choice(found)


class _Nothing(Exception):
    """There is no term of a sort in scope."""
