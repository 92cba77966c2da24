"""The options with which `check` is a gate of a CI: where it reports to, and which violations are known."""

from __future__ import annotations

import functools
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from brokerlaw.cli import streams
from brokerlaw.cli.errors import one_line
from brokerlaw.conformance import acceptance
from brokerlaw.conformance.baseline import BaselineError, Known, read
from brokerlaw.conformance.options import Options
from brokerlaw.conformance.result import RunResult
from brokerlaw.conformance.trace import TraceError
from brokerlaw.render import junit, summary

FILE = click.Path(path_type=Path)


class Gate(NamedTuple):
    """What was asked for, and when the run began."""

    junit: Path | None
    summary: Path | None
    baseline: Path | None
    updates: bool
    began: datetime

    def known(self, adapter: str) -> tuple[Known, ...] | None:
        """The known violations; None without a baseline. An update may begin with no file."""
        if self.baseline is None:
            return None
        if self.updates and not self.baseline.exists():
            return ()
        with one_line(BaselineError):
            return read(self.baseline, adapter)

    def updated(self, result: RunResult, options: Options) -> tuple[RunResult, list[str]]:
        """The result under the new baseline, if that was asked for; and why the file cannot be written."""
        if self.baseline is None or not self.updates:
            return result, []
        today = self.began.astimezone().date()
        try:
            update = acceptance.update(self.baseline, options.baseline or (), result, options.out, today)
        except (OSError, TraceError) as error:
            return result, [_unwritten(self.baseline, error)]
        streams.say("\n".join(update.changes))
        return update.result, []

    def report(self, result: RunResult, folder: Path) -> list[str]:
        """Write both files. What is returned says of each that cannot be written why."""
        failures: list[str] = []
        for path, write in ((self.junit, self._junit), (self.summary, self._summary)):
            if path is not None:
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write(path, result, folder)
                except OSError as error:
                    failures.append(_unwritten(path, error))
        return failures

    def _junit(self, path: Path, result: RunResult, folder: Path) -> None:
        path.write_bytes(junit.render(result, junit.Origin(self.began, platform.node(), folder)))

    def _summary(self, path: Path, result: RunResult, folder: Path) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(summary.render(result, folder))


def _unwritten(path: Path, error: Exception) -> str:
    return f"{path} cannot be written: {getattr(error, 'strerror', None) or error}"


def gate_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options; the command gets a `gate`."""

    @click.option("--junit", type=FILE, metavar="FILE", help="Write the verdicts there, as JUnit XML.")
    @click.option(
        "--summary", type=FILE, metavar="FILE", help="Append a page of Markdown to it ($GITHUB_STEP_SUMMARY)."
    )
    @click.option(
        "--baseline", type=FILE, metavar="FILE", help="Known violations: they do not fail the run, if they come back."
    )
    @click.option("--update-baseline", is_flag=True, help="Write into the baseline what this run found.")
    @functools.wraps(command)
    def with_gate(
        *arguments: Any,
        junit: Path | None,
        summary: Path | None,
        baseline: Path | None,
        update_baseline: bool,
        **options: Any,
    ) -> None:
        if update_baseline and baseline is None:
            raise click.UsageError("--update-baseline needs the file: --baseline FILE")
        command(*arguments, gate=Gate(junit, summary, baseline, update_baseline, datetime.now(UTC)), **options)

    return with_gate
