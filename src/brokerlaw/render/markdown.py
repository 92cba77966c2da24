"""A finished run as Markdown, for `reports/`: the whole of it on one page."""

from brokerlaw.conformance.result import ReportedViolation, RunResult
from brokerlaw.render import gfm
from brokerlaw.render.remarks import remarks, told_timeout


def render(result: RunResult) -> str:
    """One page: what was run, the verdicts, each violation with its trace."""
    broker = result.description
    facts = [
        ("broker", f"{broker.name} {broker.version}"),
        ("adapter", result.adapter),
        ("settings", ", ".join(f"{key}={value}" for key, value in result.settings.items()) or "none"),
        ("seed", str(result.seed)),
        ("profile", result.profile),
        ("cases", str(result.cases)),
        ("operations", str(result.operations)),
        ("seconds", f"{result.seconds:.1f}"),
        *([("timeouts", ", ".join(map(told_timeout, result.timeouts)))] if result.timeouts else []),
        ("capabilities", ", ".join(sorted(broker.capabilities))),
    ]
    verdicts = [(v.status, gfm.code(v.invariant), v.exercised, v.cases, v.violations) for v in result.verdicts]
    sections = [
        f"# {gfm.text(f'{broker.name} {broker.version}')}",
        gfm.text(result.conclusion),
        "\n".join(f"- {gfm.text(remark)}" for remark in remarks(result)),
        gfm.table([(name, gfm.text(value)) for name, value in facts], ("", "")),
        "## Verdicts",
        gfm.table(verdicts, ("verdict", "invariant", "times exercised", "cases", "violations"), numbers=3),
        *(["## Transitions of the protocols, as clients see them"] if result.transitions else []),
        "\n".join(f"- {gfm.text(each.told)}" for each in result.transitions),
        *(["## Violations"] if result.found else []),
        *(_found(number, found) for number, found in enumerate(result.found, 1)),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


def _found(number: int, found: ReportedViolation) -> str:
    size = f"{found.steps} steps (from {found.original_steps})"
    again = f"reproduced {found.reproduced} of {found.runs} times"
    often = f"; broken in {found.broken} of {found.cases} cases" if found.cases else ""
    also = [f"By the same cause: {', '.join(map(gfm.code, found.also))}."] if found.also else []
    return "\n\n".join(
        [
            f"### {number}. {gfm.code(found.invariant)}",
            gfm.text(found.reason),
            f"{size}, {again}{often}; {gfm.code(found.trace)}",
            *also,
            gfm.block(found.lines),
        ]
    )
