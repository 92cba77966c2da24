"""The run folder: `run.jsonl` as events happen, `report.json` and `report.md` at the end, traces as they are found."""

from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from brokerlaw.conformance.events import AnyEvent, RunFinished
from brokerlaw.conformance.result import RunResult


class RunFolder:
    """Writes every event at once, so that nothing is lost to whatever comes next. Raises `OSError`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        self._events = (self.path / "run.jsonl").open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.close()

    def write(self, event: AnyEvent) -> None:
        """One line."""
        self._events.write(msgspec.json.encode(event) + b"\n")
        self._events.flush()

    def finish(self, result: RunResult, reports: dict[str, str]) -> None:
        """The last event, and the reports by file name."""
        self.write(RunFinished(result))
        for name, report in reports.items():
            (self.path / name).write_text(report, encoding="utf-8")
