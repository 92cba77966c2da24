"""The nearest miss: a step that one guard alone stopped, and that would have led to what is looked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from brokerlaw.spec.language.layout import Off, State
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.spec import Guard


@dataclass(frozen=True)
class Miss:
    """In `state`, the number `after` of those looked at, every guard of the action holds but this one."""

    after: int
    state: State
    action: str
    params: tuple[int, ...]
    guard: Guard
    target: State | Off


def misses(model: Model, states: Iterable[State]) -> Iterator[Miss]:
    """Give every step from the states, in their order, that a single guard stops."""
    without = [
        (action.name, guard, model.fire(model.spec.without(action.name, k).actions[action.name]))
        for action in model.spec.actions.values()
        for k, guard in enumerate(action.guards)
    ]
    for after, state in enumerate(states):
        for action, guard, fire in without:
            for params, target in fire(state):
                if guard in model.blocked(state, action, *params):
                    yield Miss(after, state, action, params, guard, target)


def nearest(model: Model, states: Iterable[State], wanted: Callable[[State], bool]) -> Miss | None:
    """Give the first of them that would have led to a wanted state; None if there is none.

    Of the states of a trace, with a violation wanted, it tells which guard kept it from being shorter; of reachable
    states, with a witness wanted that was never reached, which guard stands before it.
    """
    found = misses(model, states)
    return next((each for each in found if not isinstance(each.target, Off) and wanted(each.target)), None)
