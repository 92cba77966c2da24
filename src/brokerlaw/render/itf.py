"""A run of a protocol in the Informal Trace Format (ITF), which Apalache, Quint and their viewers read.

Format: https://apalache-mc.org/docs/adr/015adr-trace.html. A variable with indices is a `#map`, its keys a value or a
`#tup` of several; a number a `#bigint`; a Sort's or an Enum's value a string; an X | None the variant Some or None.
What was done is in each state's `#meta`: the action, and its parameters as ITF values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from brokerlaw.spec.language import Bool, Model, Off, Option, Ordered, State, Term, Trace, Variable


def render(model: Model, trace: Trace, description: str = "", loop: int | None = None) -> str:
    """The run as JSON text."""
    return json.dumps(data(model, trace, description, loop), indent=1) + "\n"


def data(model: Model, trace: Trace, description: str = "", loop: int | None = None) -> dict[str, Any]:
    """The run as ITF; `loop` is the number of the state to which the last leads back, in a lasso."""
    variables = model.spec.variables
    meta: dict[str, Any] = {
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "source": model.spec.name,
        "description": description,
        "bounds": dict(model.layout.bounds),
        "varTypes": {name: _type(variable) for name, variable in variables.items()},
    }
    states = [{"#meta": {"index": 0}} | _state(model, trace.start)]
    for index, step in enumerate(trace.steps, 1):
        params = model.spec.actions[step.action].params
        done = {
            "action": step.action,
            "params": {p.data: value(type(p), code) for p, code in zip(params, step.params, strict=True)},
        }
        if isinstance(step.target, Off):
            meta["last"] = done | {"off": f"writes a value {step.target.value}"}
        else:
            states.append({"#meta": {"index": index} | done} | _state(model, step.target))
    found: dict[str, Any] = {"#meta": meta, "params": [], "vars": list(variables), "states": states}
    return found if loop is None else found | {"loop": loop}


def value(sort: type[Term], code: int) -> Any:
    """A value of a sort, as ITF writes it."""
    if issubclass(sort, Bool):
        return bool(code)
    if issubclass(sort, Ordered):
        return {"#bigint": str(code)}
    if issubclass(sort, Option):
        return {"tag": "Some", "value": value(sort.of, code - 1)} if code else {"tag": "None", "value": {"#tup": []}}
    return sort.label(code)


def _state(model: Model, state: State) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for cell, code in zip(model.layout.cells, state, strict=True):
        variable = model.spec.variables[cell.variable]
        if cell.index:
            entry = [_key(variable.indices, cell.index), value(variable.sort, code)]
            shown.setdefault(cell.variable, {"#map": []})["#map"].append(entry)
        else:
            shown[cell.variable] = value(variable.sort, code)
    return shown


def _key(sorts: Sequence[type[Term]], index: Sequence[int]) -> Any:
    parts = [value(sort, at) for sort, at in zip(sorts, index, strict=True)]
    return parts[0] if len(parts) == 1 else {"#tup": parts}


def _type(variable: Variable) -> str:
    """The type in the notation of Apalache: `<<Str, Int>> -> Bool`."""
    parts = [_sort(sort) for sort in variable.indices]
    domain = parts[0] if len(parts) == 1 else f"<<{', '.join(parts)}>>"
    return f"{domain} -> {_sort(variable.sort)}" if parts else _sort(variable.sort)


def _sort(sort: type[Term]) -> str:
    if issubclass(sort, Option):
        return f"Some({_sort(sort.of)}) | None(<<>>)"
    return "Bool" if issubclass(sort, Bool) else "Int" if issubclass(sort, Ordered) else "Str"
