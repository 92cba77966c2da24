"""`brokerlaw explain NAME`: what a promise or a protocol says, where it comes from, and what breaks it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from brokerlaw.cli import streams
from brokerlaw.cli.errors import CliError, one_line
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Invariant
from brokerlaw.spec.text import did_you_mean

if TYPE_CHECKING:
    from brokerlaw.render.protocol import Subject


@click.command()
@click.argument("name", required=False)
def explain(name: str | None) -> None:
    """Explain NAME, or list the book of invariants.

    NAME is an invariant of the book (durability.acked-survives), the beginning of several (durability); or a protocol
    (replication), or one invariant, action, variable or variant of it (replication.elect, my.py:TwoPhase.consistent).
    """
    from brokerlaw.spec.language import SpecError

    if name is None:
        for entry in INVARIANTS.values():
            streams.say(f"{entry.id:38} {entry.statement}")
        return
    with one_line(SpecError):
        told = [*_of_protocol(name), *_of_book(name)]
    if not told:
        raise CliError(f"no invariant or protocol is called {name!r}{_near(name)}")
    streams.say("\n\n".join(told))


def subject(name: str) -> Subject:
    """The protocol of that name, with what is said of it elsewhere. SpecError if there is none."""
    from brokerlaw.render.protocol import Subject
    from brokerlaw.spec.protocols import registry

    key, found = name.replace("-", "_").lower(), registry.load(name)
    seen: dict[str, list[str]] = {}
    for entry in INVARIANTS.values():
        for each in entry.protocols:
            protocol, _, invariant = each.partition(".")
            if protocol == key:
                seen.setdefault(invariant, []).append(entry.id)
    variants = {each: variant.spec for each, variant in registry.variants(found).items()}
    return Subject(key if key in registry.PROTOCOLS else found.__name__, found.spec, variants, seen)


def _of_protocol(name: str) -> Iterator[str]:
    from brokerlaw.render import protocol as report
    from brokerlaw.spec.protocols.registry import PROTOCOLS

    file, protocol, member = _split(name)
    if not file and protocol.replace("-", "_").lower() not in PROTOCOLS:
        return
    about = subject(file + protocol)
    if not member:
        yield report.whole(about)
    elif member in about.members:
        yield report.member(about, member)
    elif name not in INVARIANTS:
        mend = did_you_mean(member, about.members, f"it has {', '.join(about.spec.properties)}")
        raise CliError(f"{about.name} has no {member!r}; {mend}")


def _split(name: str) -> tuple[str, str, str]:
    """A file of the user's own, or nothing; the protocol; something in it, or nothing."""
    found = re.fullmatch(r"(.*\.py(?=$|[:.]))?([^.]*)(?:\.(.*))?", name)
    return (found[1] or "", found[2], found[3] or "") if found else ("", name, "")


def _near(name: str) -> str:
    from brokerlaw.spec.protocols.registry import PROTOCOLS

    known = dict.fromkeys([*INVARIANTS, *PROTOCOLS, *(each.partition(".")[0] for each in INVARIANTS)])
    hint = did_you_mean(name, known)
    return f"; {hint}" if hint else ""


def _of_book(name: str) -> Iterator[str]:
    for entry in INVARIANTS.values():
        if entry.id == name or entry.id.startswith(f"{name}."):
            yield _told(entry)


def _told(entry: Invariant) -> str:
    facts = {
        "level": entry.level,
        "profiles": ", ".join(entry.profiles),
        "needs": ", ".join(entry.capabilities),
        "covers": ", ".join(entry.covers),
        "promised with": ", ".join(entry.promised),
        "protocol": ", ".join(entry.protocols),
        "source": entry.source,
        "caught by it": ", ".join(entry.mutants),
        "liars": ", ".join(entry.liars),
    }
    lines = [f"{entry.id}: {entry.statement}", "", f"  {entry.formal}", ""]
    lines += [f"  {key:14}{value}" for key, value in facts.items() if value]
    lines += ["", *(f"  {line.strip()}" for line in entry.explanation.splitlines())]
    return "\n".join(lines).rstrip()
