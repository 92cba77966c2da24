"""Print as a TLA+ module that reads like one, and the configuration with which TLC counts the same states.

What the bound cuts off is a conjunct of the action (`epoch + 1 \\in Epoch`), a number below 0 an assertion that fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.printers.notation import JUNCTION, OPEN, RELATION, Risk, indented, renamed, risks, terms
from brokerlaw.spec.language.printers.tla_terms import Vocabulary
from brokerlaw.spec.language.spec import Action, Property, Spec, Update, Variable
from brokerlaw.spec.language.term import Enum, Ordered, Sort, Term

WIDTH: Final = 78
AND: Final = " /\\ "


def tla(spec: Spec) -> str:
    """Give the protocol, for any bounds, as a TLA+ module."""
    return "\n".join("\n".join(part) + "\n" for part in _Module(spec).parts() if part)


def module_name(spec: Spec) -> str:
    """Give the name of that module, which its file must have too."""
    return Vocabulary(spec).module


def tlc_config(spec: Spec, bounds: Mapping[str, int] | None = None) -> str:
    """Give the text of the .cfg file beside it, with which TLC checks it under bounds."""
    return "\n".join(_config(Vocabulary(spec), Layout(spec, bounds))) + "\n"


class _Module:
    def __init__(self, spec: Spec) -> None:
        self.spec, self.words = spec, Vocabulary(spec)
        self.read = self.words.read

    def parts(self) -> Iterator[list[str]]:
        spec, words = self.spec, self.words
        variables = spec.variables.values()
        yield [f" MODULE {words.module} ".center(WIDTH, "-"), *_comment(spec.doc)]
        counts = any(each.op == "count" for each in terms(spec))
        falls = any(each.sinks for each in _risks(spec))
        yield [", ".join(["EXTENDS Integers", *["FiniteSets"] * counts, *["TLC"] * falls])]
        if constants := list(self.constants()):
            yield ["CONSTANTS", *_listed(constants)]
        yield [f"{words.set(sort)} == {self.values(sort)}" for sort in spec.sorts if issubclass(sort, (Enum, Ordered))]
        yield ["VARIABLES", *_listed((words.variable(each), each.doc) for each in variables)]
        yield [f"vars == <<{', '.join(map(words.variable, variables))}>>"]
        yield ["TypeOK ==", *indented(f"/\\ {words.variable(each)} \\in {words.values(each)}" for each in variables)]
        yield self.init()
        yield from map(self.action, spec.actions.values())
        yield ["Next ==", *indented(f"\\/ {self.choice(each)}" for each in spec.actions.values())]
        yield from self.whole()
        yield from map(self.property, spec.properties.values())
        yield ["=" * WIDTH]

    def constants(self) -> Iterator[tuple[str, str]]:
        for sort in self.spec.sorts:
            if issubclass(sort, Sort):
                yield self.words.set(sort), _line(sort.__doc__)
            if issubclass(sort, Ordered):
                yield self.words.names["bound", sort.__name__], f"how many: {_line(sort.__doc__)}"
        if self.words.optional:
            yield self.words.none, "no value"

    def values(self, sort: type[Term]) -> str:
        if issubclass(sort, Enum):
            return "{" + ", ".join(f'"{name}"' for name in sort.names) + "}"
        return f"0 .. {self.words.names['bound', sort.__name__]} - 1"

    def init(self) -> list[str]:
        """Write the initial states. What init reads is what all variables start from."""
        action, first = self.spec.init, self.words.reading(first=True)
        lines = [f"/\\ {first(guard.term).text}" for guard in action.guards]
        for variable in self.spec.variables.values():
            updates = [each for each in action.updates if each.variable == variable.name]
            lines.append(f"/\\ {self.words.variable(variable)} = {self.function(variable, updates, first=True)}")
        if action.params:
            lines = [f"\\E {self.words.bound(action.params)} :", *indented(lines)]
        return [*_comment(action.doc), "Init ==", *indented(lines)]

    def action(self, action: Action) -> list[str]:
        params = f"({self.words.index(action.params, self.read)})" if action.params else ""
        written = {update.variable for update in action.updates}
        lines = [self.read(guard.term).text for guard in action.guards]
        lines += [line for update in action.updates for line in self.checks(action, update)]
        for variable in self.spec.variables.values():
            if variable.name in written:
                updates = [each for each in action.updates if each.variable == variable.name]
                lines.append(f"{self.words.variable(variable)}' = {self.function(variable, updates)}")
        if kept := [self.words.variable(each) for each in self.spec.variables.values() if each.name not in written]:
            lines.append(f"UNCHANGED <<{', '.join(kept)}>>")
        head = f"{self.words.operator(action.name)}{params} =="
        return [*_comment(action.doc), head, *indented(f"/\\ {line}" for line in lines)]

    def checks(self, action: Action, update: Update) -> Iterator[str]:
        """Say what must fit its sort, in the order in which it is tried."""
        found = []
        for risk in risks(update):
            number = self.read(risk.term).within(RELATION)
            tests = [f'Assert({number} >= 0, "{action.name}: below 0")'] if risk.sinks else []
            test = AND.join([*tests, f"{number} \\in {self.words.set(type(risk.term))}"])
            premise = AND.join(self.read(condition).within(JUNCTION) for condition in risk.conditions)
            found.append(f"({premise} => {test})" if premise else test)
        if found and update.locals:
            yield f"\\A {self.words.bound(update.locals)} : {AND.join(found)}"
        else:
            yield from found

    def function(self, variable: Variable, updates: Sequence[Update], *, first: bool = False) -> str:
        """Write the new value: what is written over what was, or what it starts with; the later counts."""
        read = self.words.reading(first=first)
        if not variable.indices:
            return read(updates[-1].value).within(RELATION) if updates else self.words.value(variable.sort, 0)
        if not first and not any(update.locals for update in updates):
            cells = (f"![{self.words.index(each.indices, read)}] = {read(each.value).text}" for each in updates)
            return f"[{self.words.variable(variable)} EXCEPT {', '.join(cells)}]"
        places = self.words.places(variable)
        cell = f"{self.words.variable(variable)}[{', '.join(places)}]"
        cell = self.words.value(variable.sort, 0) if first else cell
        for update in updates:
            cell = self.written(update, places, cell, first=first)
        heads = zip(places, map(self.words.set, variable.indices), strict=True)
        head = ", ".join(f"{place} \\in {domain}" for place, domain in heads)
        return f"[{head} |-> {cell}]"

    def written(self, update: Update, places: Sequence[str], cell: str, *, first: bool) -> str:
        """Write what a cell holds after an update: a row's locals go by the names of its places."""
        rows = {
            index.data: f"place {place}"
            for index, place in zip(update.indices, places, strict=True)
            if any(index is local for local in update.locals)
        }
        read = self.words.reading(first=first)
        pairs = zip((renamed(each, rows) for each in update.indices), places, strict=True)
        hits = [f"{place} = {read(index).within(RELATION)}" for index, place in pairs if read(index).text != place]
        value = read(renamed(update.value, rows))
        if not hits:
            return value.text
        return f"IF {AND.join(hits)} THEN {value.within(OPEN)} ELSE {cell}"

    def choice(self, action: Action) -> str:
        """Write the action for some parameters."""
        operator = self.words.operator(action.name)
        if not action.params:
            return operator
        return f"\\E {self.words.bound(action.params)} : {operator}({self.words.index(action.params, self.read)})"

    def whole(self) -> Iterator[list[str]]:
        """Write what a run is; fairness only where something is promised that needs it."""
        if not self.spec.of_kind("eventually"):
            yield ["Spec == Init /\\ [][Next]_vars"]
            return
        fair = []
        for action in self.spec.actions.values():
            every = f"\\A {self.words.bound(action.params)} : " if action.params else ""
            params = f"({self.words.index(action.params, self.read)})" if action.params else ""
            if action.fair:
                fair.append(f"/\\ {every}WF_vars({self.words.operator(action.name)}{params})")
        yield ["Fairness ==", *indented(fair or ["TRUE"])]
        yield ["Spec == Init /\\ [][Next]_vars /\\ Fairness"]

    def property(self, each: Property) -> list[str]:
        formula, rest = self.read(each.term).text, ""
        if each.each:
            rest, formula = f"\\A {self.words.bound(each.each)} : ", self.read(each.term.args[-1]).text
        kind = {"witness": "Can be reached: ", "eventually": "In every fair run: "}.get(each.kind, "")
        text = f"{rest}[]<>({formula})" if each.kind == "eventually" else formula
        return [*_comment(kind + each.doc), f"{self.words.operator(each.name)} ==", *indented([text])]


def _config(words: Vocabulary, layout: Layout) -> Iterator[str]:
    spec = words.spec
    yield "SPECIFICATION Spec"
    yield "CONSTANTS"
    for sort in spec.sorts:
        if issubclass(sort, Sort):
            members = ", ".join(sort.label(code) for code in range(layout.size(sort)))
            yield f"  {words.set(sort)} = {{{members}}}"
        if issubclass(sort, Ordered):
            yield f"  {words.names['bound', sort.__name__]} = {layout.size(sort)}"
    if words.optional:
        yield f"  {words.none} = {words.none}"
    yield "INVARIANTS"
    yield from indented(["TypeOK", *(words.operator(each.name) for each in spec.of_kind("invariant"))])
    promised = [words.operator(each.name) for each in spec.of_kind("eventually")]
    if promised and not list(_risks(spec)):
        yield from ["PROPERTIES", *indented(promised)]
    elif promised:
        yield f"\\* Not checked here, as the bounds cut fair steps off: {', '.join(promised)}"
    yield "CHECK_DEADLOCK FALSE"


def _risks(spec: Spec) -> Iterator[Risk]:
    return (risk for action in spec.actions.values() for update in action.updates for risk in risks(update))


def _comment(doc: str) -> list[str]:
    return [f"\\* {line}".rstrip() for line in doc.splitlines()]


def _line(doc: str | None) -> str:
    return " ".join((doc or "").split())


def _listed(entries: Iterable[tuple[str, str]]) -> list[str]:
    """Write names with a comma after each but the last, and a comment."""
    known = list(entries)
    width = max((len(name) for name, _ in known), default=0) + 1
    lines = []
    for number, (name, doc) in enumerate(known, 1):
        end = "," if number < len(known) else ""
        lines.append(f"{name + end:{width}}  \\* {_line(doc)}" if doc else name + end)
    return indented(lines)
