"""The run folder: `run.jsonl` as events happen, `report.json` and `report.md` at the end, traces as they are found."""

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from brokerlaw.conformance.events import AnyEvent, RunFinished
from brokerlaw.conformance.result import RunResult

Reports = Callable[[RunResult], Mapping[str, str]]
"""The reports of a result, by file name."""


class RunFolder:
    """Writes every event at once, so that nothing is lost to whatever comes next.

    Raises `OSError` when it cannot be made. What cannot be written later is `failure`, and does not end the run: its
    verdict can still be shown.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure: str | None = None

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        self._events = (self.path / "run.jsonl").open("wb", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.close()

    def write(self, event: AnyEvent) -> None:
        """One line."""
        try:
            self._events.write(msgspec.json.encode(event) + b"\n")
        except OSError as error:
            self._failed(self.path / "run.jsonl", error)

    def finish(self, result: RunResult, reports: Reports) -> RunResult:
        """Write the last event and the reports. What is returned has what could not be written as its fault."""
        self.write(RunFinished(result))
        self._report(reports(result))
        if self.failure is None:
            return result
        faulted = msgspec.structs.replace(result, fault=result.fault or self.failure)
        self._report(reports(faulted))
        return faulted

    def _report(self, reports: Mapping[str, str]) -> None:
        for name, text in reports.items():
            try:
                _replace(self.path / name, text.encode("utf-8", "backslashreplace"))
            except OSError as error:
                self._failed(self.path / name, error)

    def _failed(self, path: Path, error: OSError) -> None:
        self.failure = self.failure or f"{path} cannot be written: {error.strerror}"


def _replace(path: Path, data: bytes) -> None:
    """Write a file in whole, or leave none: half a report is a wrong one."""
    whole = path.with_name(f".{path.name}")
    try:
        whole.write_bytes(data)
        whole.replace(path)
    except OSError:
        for each in (whole, path):
            with contextlib.suppress(OSError):
                each.unlink(missing_ok=True)
        raise
