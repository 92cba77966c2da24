"""Print as Murphi, for rumur: the same states, counted by a checker that shares nothing with ours.

Values are codes: none is 0, some(x) is x + 1. A step that the bound cuts off returns before it writes; one that would
write a number below 0 is an error. What an action reads after it has written it is copied first.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from brokerlaw.spec.language.fold import is_size, subterms
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.printers.notation import (
    JUNCTION,
    OPEN,
    RELATION,
    SUM,
    Names,
    Phrase,
    Reading,
    indented,
    infix,
    locals_of,
    risks,
    substituted,
    terms,
)
from brokerlaw.spec.language.spec import Action, Property, Spec, Update, Variable
from brokerlaw.spec.language.term import Bool, Enum, Number, Option, Term, node

KEYWORDS: Final = re.findall(
    r"\w+",
    """alias array assert assume begin bool boolean by case clear const cover do else elsif end enum error exists false
    flushall for forall function if in interleaved invariant isundefined liveness map max min of procedure process
    program property put real record return rule ruleset scalarset startstate stopif switch then to traceuntil true type
    undefine union var while""",
)
SYMBOLS: Final = {
    "and": "&",
    "or": "|",
    "not": "!",
    "implies": "->",
    "iff": "=",
    "eq": "=",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "times": "*",
}


def murphi(spec: Spec, bounds: Mapping[str, int] | None = None) -> str:
    """Give the protocol under bounds as a model for `rumur --deadlock-detection off`."""
    printer = _Printer(spec, Model(spec, bounds))
    return "\n\n".join("\n".join(part) for part in printer.parts() if part) + "\n"


class _Printer:
    def __init__(self, spec: Spec, model: Model) -> None:
        self.spec, self.model = spec, model
        self.names = names = Names(KEYWORDS)
        for name in spec.variables:
            names.give("variable", name)
        for sort in spec.sorts:
            names.give("sort", sort.__name__)
            for value in sort.names if issubclass(sort, Enum) else ():
                names.give(sort.__name__, value, f"{sort.__name__}_{value}")
        for name in locals_of(spec):
            names.give("local", name)
        self.none = names.give("constant", "none")
        self.start = names.give("procedure", spec.init.name)
        self.read = self.reading()

    def parts(self) -> Iterator[list[str]]:
        yield [f"-- {line}".rstrip() for line in (self.spec.name, "", *self.spec.doc.splitlines())]
        yield ["const", *indented(self.constants())]
        yield ["type", *indented(self.types())]
        yield ["var", *indented(map(self.variable, self.spec.variables.values()))]
        yield self.init()
        yield from map(self.rule, self.spec.actions.values())
        yield from map(self.property, self.spec.properties.values())

    def constants(self) -> Iterator[str]:
        yield f"{self.none}: 0;"
        for sort in self.spec.sorts:
            for code, value in enumerate(sort.names if issubclass(sort, Enum) else ()):
                yield f"{self.names[sort.__name__, value]}: {code};"

    def types(self) -> Iterator[str]:
        size = self.model.layout.size
        added = (t for t in terms(self.spec) if t.op == "add" and not isinstance(t, Number))
        exact = [(t.data, size(type(t)) - 1 + t.data) for t in added]
        exact += [(0, t.data) for t in terms(self.spec) if t.op == "const"]
        exact += [self.span(t) for t in terms(self.spec) if isinstance(t, Number)]
        if exact:  # rumur makes its numbers no wider than the types that it sees
            lowest, highest = min(0, *(low for low, _ in exact)), max(high for _, high in exact)
            yield f"{self.names.give('type', 'number')}: {lowest} .. {highest + 1};"
        for sort in self.spec.sorts:
            if sort is not Bool:
                yield f"{self.names['sort', sort.__name__]}: 0 .. {self.model.layout.size(sort) - 1};"
        for variable in self.spec.variables.values():
            if variable.indices:
                rows = "".join(f"array [{self.typed(sort)}] of " for sort in variable.indices)
                yield f"{self.map(variable)}: {rows}{self.typed(variable.sort)};"

    def span(self, t: Term) -> tuple[int, int]:
        """Give the least and the largest that a Number can be."""
        size, inside = self.model.layout.size, [self.span(each) for each in t.args if isinstance(each, Number)]
        if t.op == "count":
            return 0, math.prod(size(type(local)) for local in t.args[:-1])
        if t.op == "number":
            return -abs(size(type(t.args[0]))), size(type(t.args[0]))
        if t.op == "const":
            return t.data, t.data
        if t.op == "scale":
            ends = [t.data * end for end in inside[0]]
            return min(ends), max(ends)
        lows, highs = zip(*inside, strict=True)
        if t.op == "ite":
            return min(lows), max(highs)
        more = t.data if t.op == "add" else 0
        return sum(lows) + more, sum(highs) + more

    def typed(self, sort: type[Term]) -> str:
        if issubclass(sort, Option):
            return f"0 .. {self.model.layout.size(sort) - 1}"
        return "boolean" if sort is Bool else self.names["sort", sort.__name__]

    def map(self, variable: Variable) -> str:
        return self.names.give("map", variable.name, f"{variable.name}_map")

    def variable(self, variable: Variable) -> str:
        sort = self.map(variable) if variable.indices else self.typed(variable.sort)
        return f"{self.names['variable', variable.name]}: {sort};{_remark(variable.doc)}"

    def reading(self, copied: Iterable[str] = ()) -> Reading:
        """Read terms; of the variables that are copied, the copies."""
        copies = {name: self.names.give("copy", name, f"old_{name}") for name in copied}

        def read(t: Term, *index: Phrase) -> Phrase:
            name = copies.get(t.data) or self.names["variable", t.data]
            return Phrase(name + "".join(f"[{each.text}]" for each in index))

        def some(t: Term, a: Phrase) -> Phrase:
            number = f"({a.text} ? 1 : 0)" if isinstance(t.args[0], Bool) else a.within(RELATION)
            return Phrase(f"{number} + 1", SUM)

        def quantifier(t: Term, *args: Phrase) -> Phrase:
            *bound, body = zip(t.args, args, strict=True)
            heads = (f"{t.op} {name.text}: {self.typed(type(local))} do" for local, name in bound)
            return Phrase(f"{' '.join(heads)} {body[1].text}{f' end{t.op}' * len(bound)}", OPEN)

        def count(t: Term, *_: Phrase) -> Phrase:
            """Write out each case: Murphi has no expression that counts."""
            if is_size(t):
                return Phrase(str(self.model.layout.size(type(t.args[0]))))
            *bound, body = t.args
            ranges = (range(self.model.layout.size(type(local))) for local in bound)
            cases = (dict(zip(bound, codes, strict=True)) for codes in itertools.product(*ranges))
            ones = [f"({reads(substituted(body, case)).within(OPEN)} ? 1 : 0)" for case in cases]
            return Phrase(f"({' + '.join(ones)})")

        reads = infix(
            SYMBOLS,
            {
                "const": lambda t: Phrase(self.value(type(t), t.data)),
                "local": lambda t: Phrase(self.names["local", t.data]),
                "read": read,
                "ite": lambda _, *args: Phrase("({} ? {} : {})".format(*(arg.within(OPEN) for arg in args))),
                "some": some,
                "forall": quantifier,
                "exists": quantifier,
                "count": count,
            },
        )
        return reads

    def value(self, sort: type[Term], code: int) -> str:
        if issubclass(sort, Enum):
            return self.names[sort.__name__, sort.names[code]]
        if issubclass(sort, Option) and code == 0:
            return self.none
        return ("false", "true")[code] if sort is Bool else str(code)

    def init(self) -> list[str]:
        """Write a procedure that makes an initial state, and a start for each choice that its guards admit."""
        action, names = self.spec.init, self.names
        params = "; ".join(f"{names['local', p.data]}: {self.typed(type(p))}" for p in action.params)
        variables, writes = self.effect(action)
        defaults = (line for variable in self.spec.variables.values() for line in self.default(variable))
        lines = [*_comments(action.doc), f"procedure {self.start}({params});", *variables, "begin"]
        lines += [*indented(defaults), *indented(writes), "end;"]
        for choice, _ in self.model.starts():
            values = [self.value(type(p), code) for p, code in zip(action.params, choice, strict=True)]
            call = f"{self.start}({', '.join(values)})"
            lines.append(f'startstate "{call}" begin {call}; end;')
        return lines

    def default(self, variable: Variable) -> list[str]:
        loops = [node(sort, "local", data=f"cell{k}") for k, sort in enumerate(variable.indices)]
        for each in loops:
            self.names.give("local", each.data)
        first = node(variable.sort, "const", data=0)
        return self.loop(loops, [self.write(Update(variable.name, (), tuple(loops), first), self.read)])

    def rule(self, action: Action) -> list[str]:
        params = "; ".join(f"{self.names['local', p.data]}: {self.typed(type(p))}" for p in action.params)
        guards = [self.read(guard.term).within(JUNCTION) for guard in action.guards] or ["true"]
        variables, writes = self.effect(action)
        joined = [f"{guard} &" for guard in guards[:-1]] + guards[-1:]
        lines = [f'rule "{action.name}"', *indented(joined), "==>", *variables, "begin", *indented(writes), "endrule;"]
        inside = [f"ruleset {params} do", *indented(lines), "endruleset;"] if params else lines
        return [*_comments(action.doc), *inside]

    def effect(self, action: Action) -> tuple[list[str], list[str]]:
        """Give the declarations of copies, and the statements: what is off the bound, the copies, the writes."""
        copied = [self.spec.variables[name] for name in _read_after_writing(action)]
        read = self.reading(variable.name for variable in copied)
        copies = [(self.names["copy", each.name], self.names["variable", each.name], each) for each in copied]
        declared = [f"{copy}: {self.map(each) if each.indices else self.typed(each.sort)};" for copy, _, each in copies]
        checks = (line for update in action.updates for line in self.checks(action, update))
        writes = (line for each in action.updates for line in self.loop(each.locals, [self.write(each, read)]))
        saved = (f"{copy} := {name};" for copy, name, _ in copies)
        return ["var", *indented(declared)] if declared else [], [*checks, *saved, *writes]

    def checks(self, action: Action, update: Update) -> list[str]:
        """Return where the bound cuts the step off; fail where a number would fall below 0."""
        lines: list[str] = []
        for risk in risks(update):
            value, last = self.read(risk.term).within(RELATION), self.model.layout.size(type(risk.term)) - 1
            if risk.term.op == "const" and risk.term.data <= last:
                continue
            conditions = [self.read(condition).within(JUNCTION) for condition in risk.conditions]
            where = " & ".join([*conditions, f"{value} > {last}"])
            lines.append(f"if {where} then return; end; /* cut off by the bound */")
            if risk.sinks:
                where = " & ".join([*conditions, f"{value} < 0"])
                lines.append(f'if {where} then error "{action.name}: below 0"; end;')
        return self.loop(update.locals, lines) if lines else []

    def write(self, update: Update, read: Reading) -> str:
        index = "".join(f"[{read(each).text}]" for each in update.indices)
        return f"{self.names['variable', update.variable]}{index} := {read(update.value).text};"

    def loop(self, bound: Sequence[Term], lines: list[str]) -> list[str]:
        for local in reversed(bound):
            head = f"for {self.names['local', local.data]}: {self.typed(type(local))} do"
            lines = [f"{head} {lines[0]} end;"] if len(lines) == 1 else [head, *indented(lines), "end;"]
        return lines

    def property(self, each: Property) -> list[str]:
        formula = self.read(each.term).text
        if each.kind == "eventually":
            how = "eventually, for each on its own" if each.each else "eventually"
            return [*_comments(each.doc), f"-- {how}, under fairness, which Murphi lacks: {each.name}: {formula}"]
        word = {"invariant": "invariant", "witness": "cover"}[each.kind]
        return [*_comments(each.doc), f'{word} "{each.name}"', *indented([f"{formula};"])]


def _read_after_writing(action: Action) -> list[str]:
    """Give the variables that an update reads when it, or one before it, may already have written them."""
    found: dict[str, None] = {}
    written: set[str] = set()
    for update in action.updates:
        before = written | ({update.variable} if update.locals else set())
        reads = [t.data for t in subterms(*update.indices, update.value) if t.op == "read"]
        found |= dict.fromkeys(name for name in reads if name in before)
        written.add(update.variable)
    return list(found)


def _comments(doc: str) -> list[str]:
    return [f"-- {line}".rstrip() for line in doc.splitlines()]


def _remark(doc: str) -> str:
    return f" -- {' '.join(doc.split())}" if doc else ""
