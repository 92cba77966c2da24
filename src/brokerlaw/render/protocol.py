"""A protocol explained, or one thing in it: what it says, in words and in symbols, and what speaks of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from brokerlaw.render.story import bounded
from brokerlaw.spec.language import Action, Property, Spec, Term, Update, Variable, show
from brokerlaw.spec.language.printers.notation import sourced

_KINDS: Final = {
    "invariant": "in every reachable state",
    "witness": "in some reachable state",
    "eventually": "in every fair run, again and again",
}


@dataclass(frozen=True)
class Subject:
    """A protocol by its name in the registry, its variants, and the promises of the book that each invariant backs."""

    name: str
    spec: Spec
    variants: Mapping[str, Spec]
    seen_as: Mapping[str, Sequence[str]]

    @property
    def members(self) -> dict[str, Variable | Action | Property | Spec]:
        """Everything in it that has a name."""
        return {**self.spec.variables, **self.spec.actions, **self.spec.properties, **self.variants}


def overview(subjects: Iterable[Subject]) -> str:
    """A paragraph for each protocol: what it is, its bounds, and each variant with what it breaks."""
    return "\n\n".join("\n".join(_overview(each)) for each in subjects)


def _overview(subject: Subject) -> Iterator[str]:
    yield f"{subject.name}: {_first(subject.spec.doc)}"
    yield f"  bounds    {bounded(subject.spec.bounds)}"
    for at, variant in enumerate(subject.variants.values()):
        yield f"  {'' if at else 'variants':9} {variant.name}: {_breaks(variant)}"


def whole(subject: Subject) -> str:
    """All of a protocol, a line for each thing in it."""
    spec = subject.spec
    parts = [f"{subject.name}: {spec.doc}", f"bounds: {bounded(spec.bounds)}"]
    parts += _section("state", ((_declared(each), each.doc) for each in spec.variables.values()))
    parts += _section("actions", ((_call(each), _first(each.doc)) for each in spec.actions.values()))
    for kind, when in _KINDS.items():
        found = (each for each in spec.properties.values() if each.kind == kind)
        parts += _section(f"{kind}: {when}", ((each.name, _first(each.doc)) for each in found))
    parts += _section("variants", ((name, _first(each.doc)) for name, each in subject.variants.items()))
    return "\n\n".join(parts)


def member(subject: Subject, name: str) -> str:
    """One thing in a protocol."""
    found = subject.members[name]
    title = f"{subject.name}.{_call(found) if isinstance(found, Action) else name}"
    if isinstance(found, Variable):
        return f"{title}: {found.doc}\n\n  {_declared(found)}"
    said, source = sourced(found.doc)
    if isinstance(found, Property):
        body = _property(subject, found)
    elif isinstance(found, Action):
        body = _action(subject, found)
    else:
        body = _variant(subject, found)
    facts = {**body, "source": source or _source(subject.spec)}
    return "\n".join([f"{title}: {' '.join(said.split())}", "", *_facts(facts)])


def _property(subject: Subject, found: Property) -> dict[str, str | list[str]]:
    broken = [name for name, variant in subject.variants.items() if found.name in variant.breaks]
    return {
        "formula": show(found.term),
        "holds": _KINDS[found.kind] + (", for each on its own" if found.each else ""),
        "clients see": ", ".join(subject.seen_as.get(found.name, ())),
        "broken by": ", ".join(broken),
    }


def _action(subject: Subject, found: Action) -> dict[str, str | list[str]]:
    guards = [f"{at}  {guard.text}" for at, guard in enumerate(found.guards)]
    return {
        "requires": guards or "nothing",
        "then": [_written(update) for update in found.updates] or "nothing changes",
        "fairness": "happens in the end, if it stays possible" if found.fair else "need never happen",
        "guards": f"`brokerlaw guards {subject.name}` tells what each of them is for" if guards else "",
    }


def _variant(subject: Subject, found: Spec) -> dict[str, str | list[str]]:
    base = subject.variants.get(found.variant_of or "", subject.spec)
    old, new = base.actions, found.actions
    differs = [f"{name} is otherwise" for name in new if name in old and _shape(new[name]) != _shape(old[name])]
    differs += [f"{name} is new" for name in new if name not in old]
    differs += [f"{name} is missing" for name in old if name not in new]
    return {"variant of": base.name, "breaks": ", ".join(found.breaks) or "nothing that is known", "differs": differs}


def _shape(action: Action) -> tuple[object, ...]:
    """What an action says, whatever its words: terms that look the same are the same object."""
    updates = [(each.variable, *map(id, (*each.indices, each.value))) for each in action.updates]
    return (
        tuple(map(id, action.params)),
        tuple(id(guard.term) for guard in action.guards),
        tuple(updates),
        action.fair,
    )


def _written(update: Update) -> str:
    index = f"[{', '.join(map(show, update.indices))}]" if update.indices else ""
    every = f"  for every {', '.join(map(show, update.locals))}" if update.locals else ""
    return f"s.{update.variable}{index} = {show(update.value)}{every}"


def _call(action: Action) -> str:
    params = (f"{param.data}: {_sort(type(param))}" for param in action.params)
    return f"{action.name}({', '.join(params)})"


def _declared(variable: Variable) -> str:
    index = f"[{', '.join(_sort(each) for each in variable.indices)}]" if variable.indices else ""
    return f"{variable.name}{index}: {_sort(variable.sort)}"


def _sort(sort: type[Term]) -> str:
    return sort.__name__


def _breaks(variant: Spec) -> str:
    return f"breaks {', '.join(variant.breaks)}" if variant.breaks else _first(variant.doc)


def _source(spec: Spec) -> str:
    """The last paragraph of a protocol's docstring that names its source."""
    _, found, source = spec.doc.rpartition("Source: ")
    return " ".join(source.split()) if found else ""


def _first(doc: str) -> str:
    """The first sentence or line, with its source."""
    return " ".join(doc.split("\n\n")[0].split("\n")[0].split())


def _section(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    listed = list(rows)
    width = min(max((len(name) for name, _ in listed), default=0), 44)
    return ["\n".join([title, *(f"  {name:{width}}  {text}".rstrip() for name, text in listed)])] if listed else []


def _facts(facts: Mapping[str, str | list[str]]) -> Iterator[str]:
    for key, value in facts.items():
        lines = value if isinstance(value, list) else [value]
        for at, line in enumerate(lines if value else ()):
            yield f"  {'' if at else key:13}{line}"
