"""The histories of a run, kept in its folder on demand, so that it can be judged again: one file for each case."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, TypeAlias

from brokerlaw.spec.history import rows
from brokerlaw.spec.history.rows import Recording

Keep: TypeAlias = Literal["none", "violations", "all"]
"""Which histories are kept."""
HISTORIES: Final = "histories"
"""Their folder, in the run's."""


def keep(folder: Path, number: int, plan: str, recording: Recording) -> None:
    """Write the history of case `number`. Raises `OSError`."""
    path = folder / HISTORIES / f"{number:05d}-{re.sub(r'[^a-z0-9-]+', '-', plan)}.jsonl"
    path.parent.mkdir(exist_ok=True)
    rows.write(path, recording)


def kept(folder: Path) -> Iterator[Path]:
    """The histories that are in a run's folder, in the order of their cases."""
    yield from sorted((folder / HISTORIES).glob("*.jsonl"))
