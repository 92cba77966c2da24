"""`brokerlaw explain NAME`: what a promise says, where it comes from, and what breaks it."""

import difflib

import click

from brokerlaw.cli.errors import Fault
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Invariant


@click.command()
@click.argument("name", required=False)
def explain(name: str | None) -> None:
    """Explain the invariant NAME, all whose ids begin with it, or list the book."""
    if name is None:
        for entry in INVARIANTS.values():
            click.echo(f"{entry.id:38} {entry.statement}")
        return
    chosen = [entry for entry in INVARIANTS.values() if entry.id == name or entry.id.startswith(f"{name}.")]
    if not chosen:
        near = difflib.get_close_matches(name, INVARIANTS, 3)
        raise Fault(f"no invariant is called {name!r}{': perhaps ' + ', '.join(near) if near else ''}")
    click.echo("\n\n".join(_told(entry) for entry in chosen))


def _told(entry: Invariant) -> str:
    facts = {
        "level": entry.level,
        "profiles": ", ".join(entry.profiles),
        "needs": ", ".join(entry.capabilities),
        "promised with": ", ".join(entry.promised),
        "protocol": entry.protocol,
        "source": entry.source,
        "caught by it": ", ".join(entry.mutants),
    }
    lines = [f"{entry.id}: {entry.statement}", "", f"  {entry.formal}", ""]
    lines += [f"  {key:14}{value}" for key, value in facts.items() if value]
    lines += ["", *(f"  {line.strip()}" for line in entry.explanation.splitlines())]
    return "\n".join(lines).rstrip()
