"""What each guard is for: a table for a terminal, one for Markdown, and data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tabulate import tabulate

from brokerlaw.render.story import bounded
from brokerlaw.render.trace import lines
from brokerlaw.spec.language import Model
from brokerlaw.spec.language.guards import Dropped, Effect, Guards

_HEADERS: Final = ("action", "guard", "without it", "steps")
_CONCLUDED: Final[dict[Effect, str]] = {
    "breaks": "needed for safety",
    "stalls": "needed for liveness",
    "widens": "no effect within this bound",
    "idle": "implied by the others within this bound",
    "incomplete": "not known",
}


def render(found: Guards) -> str:
    """A row for each guard, and the conclusion."""
    if found.outcome == "violated":
        return _broken(found)
    rows = [(f"{row.action}:{row.number}", _short(row.guard.text), *_told(row)) for row in found.rows]
    align = ("left", "left", "left", "right")
    table = tabulate(rows, ("drop", *_HEADERS[1:]), tablefmt="simple", colalign=align, disable_numparse=True)
    return "\n\n".join([table if rows else f"{found.spec.name} has no guards", conclusion(found)])


def markdown(found: Guards) -> str:
    """The table alone, for a page: each guard with all of its text."""
    rows = [(f"`{row.action}`", _code(row.guard.text), *_told(row)) for row in found.rows]
    return _table(rows)


def conclusion(found: Guards) -> str:
    """One paragraph: the bounds, how many guards do what, and what was not looked at."""
    counts = Counter(row.effect for row in found.rows)
    parts = [f"{text} {counts[effect]}" for effect, text in _CONCLUDED.items() if counts[effect]]
    said = [f"{found.spec.name}: {len(found.rows)} guards with {bounded(found.bounds)}: {', '.join(parts)}."]
    if found.outcome == "vacuous":
        said.append("It states no invariant, so that nothing could break: state one.")
    if found.whole.incomplete:
        said.append(f"The search with all guards {found.whole.incomplete}.")
    if found.live and found.live.outcome != "kept":
        why = found.live.incomplete or "the protocol does not keep its promise with all its guards"
        said.append(f"What stalls was not asked: {why}.")
    return " ".join(said)


def data(found: Guards) -> dict[str, Any]:
    """The table for programs."""
    whole = Model(found.spec, found.bounds)
    return {
        "protocol": found.spec.name,
        "outcome": found.outcome,
        "bounds": dict(found.bounds),
        "violated": {violation.name: list(lines(whole, violation.trace)) for violation in found.whole.violations},
        "liveness": None if found.live is None else found.live.outcome,
        "guards": [_data(found, row) for row in found.rows],
    }


def _data(found: Guards, row: Dropped) -> dict[str, Any]:
    model = Model(found.spec.without(row.action, row.number), found.bounds)
    return {
        "action": row.action,
        "number": row.number,
        "guard": row.guard.text,
        "line": row.guard.line,
        "effect": row.effect,
        "breaks": {
            each.name: [model.call(step.action, step.params) for step in each.trace.steps] for each in row.violations
        },
        "stalls": {
            name: {
                "prefix": [model.call(step.action, step.params) for step in lasso.prefix.steps],
                "cycle": [model.call(step.action, step.params) for step in lasso.cycle],
            }
            for name, lasso in row.lassos.items()
        },
        "distinct": row.result.distinct,
        "incomplete": row.result.incomplete,
    }


def _told(row: Dropped) -> tuple[str, str]:
    """What becomes of the protocol, and in how many steps."""
    if row.effect == "breaks":
        names = ", ".join(_broke(violation.name) for violation in row.violations)
        return names, ", ".join(str(len(violation.trace.steps)) for violation in row.violations)
    if row.effect == "stalls":
        steps = (f"{len(each.prefix.steps)} + {len(each.cycle)} for ever" for each in row.lassos.values())
        return f"never again {', '.join(row.lassos)}", ", ".join(steps)
    if row.effect == "incomplete":
        return f"not known: {row.result.incomplete or 'the search with all guards did not end'}", ""
    why = "the other guards imply it" if row.effect == "idle" else "only more steps"
    return f"no effect within this bound: {why}", ""


def _broke(name: str) -> str:
    action, colon, _ = name.partition(": below 0")
    return f"{action} writes a number below 0" if colon else f"breaks {name}"


def _broken(found: Guards) -> str:
    """What a protocol does that is broken already: no guard of it can be judged."""
    model, shown = Model(found.spec, found.bounds), list[str]()
    for violation in found.whole.violations:
        shown += [
            f"{found.spec.name} with all its guards {_broke(violation.name)}:",
            *lines(model, violation.trace),
            "",
        ]
    return "\n".join([*shown, "What a guard is for can be told of a protocol that is kept: mend it first."])


def _short(text: str, width: int = 60) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _code(text: str) -> str:
    """Code in a cell of a Markdown table."""
    return f"`{text.replace('`', '')}`".replace("|", "\\|")


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join(_table_lines(rows))


def _table_lines(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(_HEADERS)} |"
    yield "|---|---|---|--:|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
