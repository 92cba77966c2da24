"""A run and what it shows: the common input of the diagrams, and the run's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from brokerlaw.render.trace import changes, lines, rows
from brokerlaw.spec.language import (
    Lasso,
    Model,
    Off,
    Option,
    Property,
    Sort,
    Spec,
    State,
    Step,
    Term,
    Trace,
    instance,
)


@dataclass(frozen=True)
class Story:
    """A run, with a title, and an ending that says what it came to; `good` if that was hoped for.

    `loop` is the number of steps before the part that goes on for ever, in a lasso.
    """

    model: Model
    trace: Trace
    title: str
    ending: str
    good: bool = False
    loop: int | None = None


@dataclass(frozen=True)
class Event:
    """One step: whom it concerns, in the order of its parameters, what else was chosen, and what it changed."""

    number: int
    action: str
    call: str
    actors: tuple[str, ...]
    rest: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class Actor:
    """A value of an interchangeable sort that takes part, and the place of its sort among those that do."""

    name: str
    kind: int


def of_goal(model: Model, trace: Trace, goal: Property | None) -> Story:
    """The story of a violated invariant, of a witness that was reached, or (None) of a number below 0."""
    if goal is None:
        return Story(model, trace, titled(model.spec), "a number below 0 is written")
    where = ", ".join(f"{name}={value}" for name, value in instance(model, goal, trace.states[-1]).items())
    said = f"{goal.name} {'is reached' if goal.kind == 'witness' else 'is violated'}{f' for {where}' if where else ''}"
    return Story(model, trace, titled(model.spec), f"{said}: {first_sentence(goal.doc)}", goal.kind == "witness")


def of_lasso(model: Model, lasso: Lasso, goal: Property) -> Story:
    """The story of a fair run that never comes to a promise again."""
    trace = Trace(lasso.prefix.start, (*lasso.prefix.steps, *lasso.cycle))
    how = "goes round for ever" if lasso.cycle else "rests for ever"
    whom = ", ".join(f"{name}={value}" for name, value in model.layout.labels(goal.each, lasso.values).items())
    how = f"{how}, for {whom}" if whom else how
    ending = f"{goal.name} never comes again, as a fair run {how}: {first_sentence(goal.doc)}"
    return Story(model, trace, titled(model.spec), ending, loop=len(lasso.prefix.steps))


def titled(spec: Spec) -> str:
    """The name of a protocol, after that of the protocol whose variant it is."""
    return f"{spec.variant_of}, {spec.name}" if spec.variant_of else spec.name


def seen(model: Model, distinct: int, incomplete: str) -> str:
    """What was looked at: all states within the bounds, or so many of them."""
    if incomplete:
        return f"the first {distinct} states with {bounded(model.layout.bounds)} (search {incomplete})"
    return f"all {distinct} states with {bounded(model.layout.bounds)}"


def bounded(bounds: Mapping[str, int]) -> str:
    """The bounds as they are set: `Broker=3, Epoch=2`."""
    return ", ".join(f"{name}={size}" for name, size in bounds.items()) or "no sorts"


def text(story: Story) -> str:
    """The run for a terminal: its title and bounds, each step with what it changed, what it came to."""
    bounds = bounded(story.model.layout.bounds)
    shown = [f"{story.title} ({bounds})", "", *lines(story.model, story.trace), ""]
    if story.loop is not None and story.loop < len(story.trace.steps):
        shown.append(f"From here it goes on as after step {story.loop}, and so for ever.")
    return "\n".join([*shown, f"{'✓' if story.good else '✗'} {story.ending}"])


def json_text(story: Story) -> str:
    """The run as JSON: each step with its parameters and the whole state after it."""
    layout = story.model.layout
    steps = [
        {
            "action": step.action,
            "params": layout.labels(story.model.spec.actions[step.action].params, step.params),
            "state": step.target.value if isinstance(step.target, Off) else layout.view(step.target),
        }
        for step in story.trace.steps
    ]
    shown = {
        "protocol": story.model.spec.name,
        "bounds": dict(layout.bounds),
        "ending": story.ending,
        "good": story.good,
        "loop": story.loop,
        "start": layout.view(story.trace.start),
        "steps": steps,
    }
    return json.dumps(shown, indent=2) + "\n"


def first_sentence(doc: str) -> str:
    """The sentence of a docstring, on one line."""
    return " ".join(doc.split("\n\n")[0].split())


def initially(story: Story) -> tuple[str, ...]:
    """What is not all zero, none or first in the beginning."""
    return tuple(rows(story.model, story.trace.start))


def events(story: Story) -> list[Event]:
    """Every step of the run."""
    found: list[Event] = []
    before = story.trace.start
    for number, step in enumerate(story.trace.steps, 1):
        found.append(_event(story.model, number, step, before))
        before = before if isinstance(step.target, Off) else step.target
    return found


def actors(story: Story) -> list[Actor]:
    """Everybody who takes part, sort by sort in the order of their first step."""
    by_sort: dict[type[Term], set[int]] = {}
    for step in story.trace.steps:
        for param, code in zip(story.model.spec.actions[step.action].params, step.params, strict=True):
            if (found := _actor(param, code)) is not None:
                by_sort.setdefault(found[0], set()).add(found[1])
    each = ((kind, sort, code) for kind, (sort, codes) in enumerate(by_sort.items()) for code in sorted(codes))
    return [Actor(sort.label(code), kind) for kind, sort, code in each]


def _event(model: Model, number: int, step: Step, before: State) -> Event:
    params = model.spec.actions[step.action].params
    concerned: dict[str, None] = {}
    rest: list[str] = []
    for param, code in zip(params, step.params, strict=True):
        if (found := _actor(param, code)) is not None:
            concerned[found[0].label(found[1])] = None
        else:
            rest.append(f"{param.data}={type(param).label(code)}")
    if isinstance(step.target, Off):
        changed = [f"writes a value {step.target.value}"]
    else:
        changed = changes(model, before, step.target) or ["changes nothing"]
    call = model.call(step.action, step.params)
    return Event(number, step.action, call, tuple(concerned), ", ".join(rest), tuple(changed))


def _actor(param: Term, code: int) -> tuple[type[Term], int] | None:
    """The sort and code of a parameter that is one of several interchangeable things."""
    sort = type(param)
    if issubclass(sort, Option) and code:
        sort, code = sort.of, code - 1
    return (sort, code) if issubclass(sort, Sort) else None
