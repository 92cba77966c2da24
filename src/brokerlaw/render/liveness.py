"""What was promised to come in the end: a line for each promise, and the fair run that breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brokerlaw.render import story
from brokerlaw.spec.language import Liveness, Model


def render(model: Model, found: Liveness | str) -> str:
    """The verdict of each promise; or of all that it was not checked, and why."""
    return "\n".join(_lines(model, found))


def _lines(model: Model, found: Liveness | str) -> Iterator[str]:
    if isinstance(found, str):
        yield from (f"? {each.name} was not checked: {found}" for each in model.spec.of_kind("eventually"))
        return
    for name, lasso in found.promises.items():
        if lasso:
            yield story.text(story.of_lasso(model, lasso, model.spec.properties[name]))
        elif found.incomplete:
            yield f"? {name} was not checked to the end: the graph {found.incomplete}"
        else:
            whom = ", ".join(str(param.data) for param in model.spec.properties[name].each)
            yield f"✓ {name} comes again in every fair run{f', for each {whom}' if whom else ''}{_but(found)}"


def _but(found: Liveness) -> str:
    return f" (runs that rest where the bound cuts {found.cut:,} fair steps off are not judged)" if found.cut else ""


def data(model: Model, found: Liveness | str) -> dict[str, Any]:
    """The same for programs."""
    if isinstance(found, str):
        return {"outcome": "not checked", "reason": found}
    lassos = {name: lasso for name, lasso in found.promises.items() if lasso}
    shown = {
        name: {
            "prefix": [model.call(step.action, step.params) for step in lasso.prefix.steps],
            "cycle": [model.call(step.action, step.params) for step in lasso.cycle],
        }
        for name, lasso in lassos.items()
    }
    return {"outcome": found.outcome, "reason": found.incomplete, "cut": found.cut, "lassos": shown}
