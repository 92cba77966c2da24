"""The options with which `check` is a gate of a CI: where it reports to."""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from brokerlaw.conformance.result import RunResult
from brokerlaw.render import junit, summary

FILE = click.Path(path_type=Path)


class Gate(NamedTuple):
    """What was asked for, and when the run began."""

    junit: Path | None
    summary: Path | None
    began: datetime

    def report(self, result: RunResult, folder: Path) -> list[str]:
        """Write both files. What is returned says of each that cannot be written why."""
        failures: list[str] = []
        for path, write in ((self.junit, self._junit), (self.summary, self._summary)):
            if path is not None:
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write(path, result, folder)
                except OSError as error:
                    failures.append(f"{path} cannot be written: {error.strerror}")
        return failures

    def _junit(self, path: Path, result: RunResult, folder: Path) -> None:
        path.write_bytes(junit.render(result, junit.Origin(self.began, platform.node(), folder)))

    def _summary(self, path: Path, result: RunResult, folder: Path) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(summary.render(result, folder))


def gate_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; the command gets a `gate`."""

    @click.option("--junit", type=FILE, metavar="FILE", help="Write the verdicts there, as JUnit XML.")
    @click.option("--summary", type=FILE, metavar="FILE", help='Append a page of Markdown ("$GITHUB_STEP_SUMMARY").')
    @functools.wraps(command)
    def with_gate(*arguments: Any, junit: Path | None, summary: Path | None, **options: Any) -> None:
        command(*arguments, gate=Gate(junit, summary, datetime.now(UTC)), **options)

    return with_gate
