"""What a trace would have this machine do, and the user's yes to it.

A trace may come from anybody. Its plan is a list of operations, and the reference takes those without harm. But it can
also name a program, a cluster of somebody else's, and settings with which a client loads a library.
"""

import sys
from collections.abc import Iterator, Mapping

import click

from brokerlaw.cli.errors import CliError
from brokerlaw.conformance.trace import SavedTrace
from brokerlaw.spec.history.operations import OpenConsumer, OpenProducer
from brokerlaw.spec.text import printable

HARMLESS = "reference"
"""Runs in this process, and reaches nothing outside of it."""


def consent(saved: SavedTrace, adapter: str | None, settings: Mapping[str, str]) -> None:
    """Ask for a yes to what comes from the trace and not from the command line. Raises `CliError` without one.

    `adapter` is the user's, None where it is the trace's; `settings` are those of the trace that it will be given.
    """
    wants = [printable(want) for want in _wants(saved, adapter, settings)]
    if not wants:
        return
    asked = f"the trace {', and '.join(wants)}"
    if not (sys.stdin is not None and sys.stdin.isatty()):
        raise CliError(f"{asked}: give --yes if you trust it, or name an adapter of your own with --adapter")
    if not click.confirm(f"{asked[0].upper()}{asked[1:]}. Do you trust it?", err=True):
        raise CliError("nothing was run")


def _wants(saved: SavedTrace, adapter: str | None, settings: Mapping[str, str]) -> Iterator[str]:
    if (adapter or saved.adapter) == HARMLESS:
        return
    if adapter is None and saved.adapter.startswith(("py:", "cmd:")):
        yield f"runs {saved.adapter}"
    if settings:
        yield f"has its adapter use {_pairs(settings)}"
    opened = (step.settings for step in saved.plan.steps if isinstance(step, OpenProducer | OpenConsumer))
    clients = {key: value for each in opened for key, value in each.items()}
    if clients:
        yield f"opens clients with {_pairs(clients)}"


def _pairs(settings: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(settings.items()))
