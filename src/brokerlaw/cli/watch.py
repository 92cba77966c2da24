"""A long search, watched: its progress and rate on stderr, and Ctrl-C as a clean end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from brokerlaw.cli.interrupts import INTERRUPTS

INTERRUPTED: Final = "interrupted"
_BETWEEN: Final = {True: 0.2, False: 10.0}
"""Seconds between two reports, on a terminal and elsewhere."""


class Watch:
    """What a search tells its progress to."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._begun = self._shown = time.monotonic()

    def progress(self, depth: int, distinct: int, level: int) -> None:
        """Show it now and then. Raises Stopped after Ctrl-C."""
        from brokerlaw.spec.language import Stopped

        if INTERRUPTS.arrived:
            raise Stopped(INTERRUPTED)
        now = time.monotonic()
        if self._quiet or now - self._shown < _BETWEEN[self._terminal]:
            return
        self._shown = now
        counts = f"depth {depth}, {distinct:,} states, {level:,} on this level, {self._rate(distinct)}"
        click.echo(f"\r\033[K{counts}" if self._terminal else counts, nl=not self._terminal, err=True)

    def done(self, distinct: int) -> None:
        """Tell the rate in the end."""
        if not self._quiet:
            start = "\r\033[K" if self._terminal else ""
            click.echo(f"{start}searched in {time.monotonic() - self._begun:.1f} s, {self._rate(distinct)}", err=True)

    def _rate(self, distinct: int) -> str:
        rate = distinct / max(time.monotonic() - self._begun, 1e-3)
        return f"{rate:,.0f} states/s" if rate < 1e6 else f"{rate / 1e6:.2f} M states/s"

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """The first Ctrl-C ends the search when it next tells its progress; the second ends the program."""
        with INTERRUPTS.held(1):
            yield
