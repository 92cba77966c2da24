"""Print as Markdown, for people: the state, and each action and property with its sentence, its source, its formula."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from brokerlaw.spec.language.fold import free, is_size
from brokerlaw.spec.language.layout import Layout
from brokerlaw.spec.language.printers.notation import OPEN, Phrase, infix, sourced
from brokerlaw.spec.language.spec import Action, Guard, Kind, Spec, Update, Variable
from brokerlaw.spec.language.term import Bool, Enum, Option, Ordered, Sort, Term

SYMBOLS: Final = {
    "and": "∧",
    "or": "∨",
    "not": "¬",
    "implies": "⇒",
    "iff": "⇔",
    "eq": "=",
    "ne": "≠",
    "lt": "<",
    "le": "≤",
    "times": "·",
}
HEADINGS: Final[dict[Kind, tuple[str, str]]] = {
    "invariant": ("Invariants", "Each holds in every reachable state."),
    "witness": ("Witnesses", "Each holds in some reachable state: what the invariants speak of does happen."),
    "eventually": ("Promises", "Each comes to hold in every fair run, and again whatever happens then."),
}
_SYNTAX: Final = re.compile(r"([\\*_{}\[\]<>#|~!&])")
_SPAN: Final = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_BLOCK: Final = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))", re.MULTILINE)


def markdown(spec: Spec, bounds: Mapping[str, int] | None = None, variants: Sequence[Spec] = ()) -> str:
    """Give the protocol as a page; the bounds are those under which it is searched."""
    return "\n\n".join(_parts(spec, Layout(spec, bounds), variants)) + "\n"


def _parts(spec: Spec, layout: Layout, variants: Sequence[Spec]) -> Iterator[str]:
    yield f"# {spec.name}"
    yield prose(spec.doc)
    if spec.variant_of:
        yield _variant_of(spec)
    if sorts := [each for each in spec.sorts if each is not Bool]:
        yield "## Sorts"
        yield table(
            ("sort", "what it is", "values"), ([f"`{s.__name__}`", _about(s), _values(s, layout)] for s in sorts)
        )
    yield "## State"
    yield table(("variable", "values", "what it is"), map(_variable, spec.variables.values()))
    yield "### Initially"
    if spec.init.doc:
        yield prose(spec.init.doc)
    yield code(_start(spec))
    yield "## Actions"
    for action in spec.actions.values():
        yield from _described(_call(action), action.doc)
        if not action.fair:
            yield "It need not happen, however long it could."
        yield code(_action(action))
    for kind, (heading, meaning) in HEADINGS.items():
        if properties := spec.of_kind(kind):
            yield f"## {heading}"
            yield meaning
            for each in properties:
                yield from _described(each.name, each.doc)
                yield code([_read(each.term).text])
                if each.each:
                    yield f"Promised for each {_bound(each.each)} on its own, not for all at one time."
    if variants:
        yield "## Variants"
        yield table(("variant", "what it does", "breaks"), map(_variant, variants))


def _variant_of(spec: Spec) -> str:
    broken = ", ".join(f"`{name}`" for name in spec.breaks)
    return f"A variant of {spec.variant_of}" + (f", known to break {broken}." if broken else ".")


def _variant(spec: Spec) -> list[str]:
    text, source = sourced(spec.doc)
    said = line(text) + (f" *{line(source)}*" if source else "")
    return [f"`{spec.name}`", said, ", ".join(f"`{name}`" for name in spec.breaks) or "nothing"]


def _described(name: str, doc: str) -> Iterator[str]:
    text, source = sourced(doc)
    yield f"### `{name}`"
    if text:
        yield prose(text) + (f" *{line(source)}*" if source else "")


def _about(sort: type[Term]) -> str:
    return line(inspect.getdoc(sort) or "") if sort.__doc__ else ""


def _values(sort: type[Term], layout: Layout) -> str:
    if issubclass(sort, Enum):
        return ", ".join(f"`{name}`" for name in sort.names)
    kind = "numbers from 0" if issubclass(sort, Ordered) else "interchangeable"
    return f"{kind}; searched with {layout.size(sort)}, proved with any number"


def _variable(variable: Variable) -> list[str]:
    index = ", ".join(sort.__name__ for sort in variable.indices)
    name = f"{variable.name}[{index}]" if index else variable.name
    return [f"`{name}`", f"`{_set(variable.sort)}`", line(variable.doc)]


def _set(sort: type[Term]) -> str:
    return f"{_set(sort.of)} or none" if issubclass(sort, Option) else sort.__name__


def _call(action: Action) -> str:
    return f"{action.name}({', '.join(f'{p.data}: {type(p).__name__}' for p in action.params)})"


def _start(spec: Spec) -> list[str]:
    """Write what the variables start with, those first that init writes."""
    written = {update.variable for update in spec.init.updates}
    lines = [*(f"given {_guard(each)}" for each in spec.init.guards), *map(_update, spec.init.updates)]
    rest = (variable for name, variable in spec.variables.items() if name not in written)
    return [*lines, *(f"{v.name}{'[…]' if v.indices else ''} := {_value(v.sort, 0)}" for v in rest)]


def _action(action: Action) -> list[str]:
    """Write the guards, then the updates, each in its line."""
    lines = [*map(_guard, action.guards), *map(_update, action.updates)]
    heads = ["when"] + ["and"] * (len(action.guards) - 1) if action.guards else []
    heads += ["then"] + [""] * (len(action.updates) - 1) if action.updates else []
    return [f"{head:6} {each}" for head, each in zip(heads, lines, strict=True)]


def _guard(guard: Guard) -> str:
    """Write a guard; one that calls definitions also as it is written, so that it has their names."""
    formula = _read(guard.term).text
    called = re.fullmatch(r"s\.\w+\(.*\)", guard.text)
    written = re.sub(r"\bs\.", "", guard.text)
    return f"{written}, that is, {formula}" if called else formula


def _update(update: Update) -> str:
    used = free(update.value)
    whole = {each.data for each in update.locals if each.data not in used}
    shown = ["…" if each.op == "local" and each.data in whole else _read(each).text for each in update.indices]
    index = f"[{', '.join(shown)}]" if shown else ""
    rows = [each for each in update.locals if each.data in used]
    every = f" for all {_bound(rows)}" if rows else ""
    return f"{update.variable}{index} := {_read(update.value).text}{every}"


def _bound(bound: Iterable[Term]) -> str:
    groups = groupby(bound, type)
    return ", ".join(f"{', '.join(str(each.data) for each in group)} ∈ {_set(sort)}" for sort, group in groups)


def _value(sort: type[Term], code_: int) -> str:
    if issubclass(sort, Option):
        return _value(sort.of, code_ - 1) if code_ else "none"
    if issubclass(sort, Sort):
        return f"some {sort.__name__}"
    return sort.label(code_).lower() if sort is Bool else sort.label(code_)


def _cell(t: Term, *index: Phrase) -> Phrase:
    return Phrase(f"{t.data}[{', '.join(each.text for each in index)}]" if index else str(t.data))


def _quantifier(t: Term, *args: Phrase) -> Phrase:
    return Phrase(f"{'∀' if t.op == 'forall' else '∃'} {_bound(t.args[:-1])}: {args[-1].text}", OPEN)


def _count(t: Term, *args: Phrase) -> Phrase:
    if is_size(t):
        return Phrase(f"#{_set(type(t.args[0]))}")
    return Phrase(f"#{{{_bound(t.args[:-1])}: {args[-1].text}}}")


_read: Final = infix(
    SYMBOLS,
    {
        "const": lambda t: Phrase(_value(type(t), t.data)),
        "local": lambda t: Phrase(str(t.data)),
        "read": _cell,
        "ite": lambda _, c, a, b: Phrase(f"if {c.text} then {a.text} else {b.text}", OPEN),
        "some": lambda _, a: a,
        "forall": _quantifier,
        "exists": _quantifier,
        "count": _count,
    },
)


def prose(doc: str) -> str:
    """Write a docstring as paragraphs, harmless: code between backticks stays, all other syntax is escaped."""
    paragraphs = re.split(r"\n\s*\n", doc.strip())
    return "\n\n".join("\n".join(_escaped(each.strip()) for each in text.splitlines()) for text in paragraphs)


def line(doc: str) -> str:
    """Write it in one line, that may stand in a table."""
    return _escaped(" ".join(doc.split()))


def _escaped(text: str) -> str:
    parts, last = [], 0
    for span in _SPAN.finditer(text):
        parts += [_outside(text[last : span.start()]), span[0].replace("|", "\\|")]
        last = span.end()
    return "".join([*parts, _outside(text[last:])])


def _outside(text: str) -> str:
    escaped = _SYNTAX.sub(r"\\\1", text).replace("`", "\\`")
    return _BLOCK.sub(lambda found: f"{found[1]}\\{found[2]}" if not found[2].isdigit() else found[0], escaped)


def code(lines: Iterable[str]) -> str:
    """Write lines as a block of text; none of them can end it, for formulas have no backticks."""
    return "\n".join(["```text", *lines, "```"])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table whose cells are Markdown of one line each."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
