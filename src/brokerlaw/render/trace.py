"""A run of a protocol, for a terminal: each step with the rows that it changed, old → new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from brokerlaw.spec.language import Miss, Model, Off, State, Trace

_INDENT: Final = "     "


def render(model: Model, trace: Trace) -> str:
    """The run, a few lines for each step."""
    return "\n".join(lines(model, trace))


def lines(model: Model, trace: Trace) -> Iterator[str]:
    """The initial state, as far as it is not all zero, none or first; then each step with what it changed.

    A last step that leads to no state says why.
    """
    state = trace.start
    yield f"{0:3}. initially{'' if state != model.layout.default else ': every cell has its first value'}"
    yield from (_INDENT + row for row in rows(model, state))
    for number, step in enumerate(trace.steps, 1):
        yield f"{number:3}. {model.call(step.action, step.params)}"
        if isinstance(step.target, Off):
            yield f"{_INDENT}writes a value {step.target.value}"
            return
        yield from (_INDENT + row for row in changes(model, state, step.target) or ["changes nothing"])
        state = step.target


def rows(model: Model, state: State) -> list[str]:
    """A state, nested: one line for each row of a variable that is not all zero, none or first."""
    return _rows(model, model.layout.default, state, "{new}")


def changes(model: Model, old: State, new: State) -> list[str]:
    """What differs between two states, nested: `epoch: 0 → 1`, `log[broker0]: 0: none → 1, 1: none → 1`."""
    return _rows(model, old, new, "{old} → {new}")


def _rows(model: Model, old: State, new: State, form: str) -> list[str]:
    found: dict[str, list[str]] = {}
    for cell, before, after in zip(model.layout.cells, old, new, strict=True):
        if before == after:
            continue
        variable = model.spec.variables[cell.variable]
        *outer, last = [sort.label(at) for sort, at in zip(variable.indices, cell.index, strict=True)] or [""]
        row = f"{cell.variable}[{', '.join(outer)}]" if outer else cell.variable
        shown = form.format(old=variable.sort.label(before), new=variable.sort.label(after))
        found.setdefault(row, []).append(f"{last}: {shown}" if last else shown)
    return [f"{row}: {', '.join(cells)}" for row, cells in found.items()]


def miss_line(model: Model, miss: Miss) -> str:
    """One sentence: the step that a single guard stopped, and that guard."""
    when = f"after step {miss.after}" if miss.after else "in the beginning"
    guard = f"`{miss.guard.text}` (line {miss.guard.line})"
    return f"nearest miss: {when}, {model.call(miss.action, miss.params)} would do it, but for {guard}"
