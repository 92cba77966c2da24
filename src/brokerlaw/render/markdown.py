"""A finished run as Markdown, for `reports/` and for a CI's summary."""

from collections.abc import Sequence

from tabulate import tabulate

from brokerlaw.conformance.result import ReportedViolation, RunResult


def render(result: RunResult) -> str:
    """One page: what was run, the verdicts, each violation with its trace."""
    broker = result.description
    facts = [
        ("broker", f"{broker.name} {broker.version}"),
        ("adapter", result.adapter),
        ("settings", ", ".join(f"{key}={value}" for key, value in result.settings.items()) or "none"),
        ("seed", result.seed),
        ("profile", result.profile),
        ("cases", result.cases),
        ("operations", result.operations),
        ("seconds", f"{result.seconds:.1f}"),
        ("capabilities", ", ".join(sorted(broker.capabilities))),
    ]
    verdicts = [(v.status, f"`{v.invariant}`", v.exercised, v.cases, v.violations) for v in result.verdicts]
    return (
        "\n\n".join(
            [
                f"# {_cell(broker.name)} {_cell(broker.version)}",
                _cell(result.conclusion),
                _table(facts, ("", "")),
                "## Verdicts",
                _table(verdicts, ("verdict", "invariant", "times exercised", "cases", "violations")),
                *(["## Violations"] if result.found else []),
                *(_found(number, found) for number, found in enumerate(result.found, 1)),
            ]
        )
        + "\n"
    )


def _found(number: int, found: ReportedViolation) -> str:
    lines = "\n".join(found.lines).replace("```", "'''")
    return "\n\n".join(
        [
            f"### {number}. `{found.invariant}`",
            _cell(found.reason),
            f"{found.steps} steps (from {found.original_steps}), reproduced {found.reproduced} of {found.runs} times; "
            f"`{found.trace}`",
            f"```text\n{lines}\n```",
        ]
    )


def _table(rows: Sequence[Sequence[object]], headers: tuple[str, ...]) -> str:
    return tabulate([[_cell(str(cell)) for cell in row] for row in rows], headers=headers, tablefmt="github")


def _cell(text: str) -> str:
    """Text that comes from a broker or a user, harmless in a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
