"""What a user asks of a check."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from brokerlaw.conformance.baseline import Known
from brokerlaw.conformance.kept import Keep
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.profiles import Profile
from brokerlaw.conformance.trace import SavedTrace
from brokerlaw.spec.invariants.invariant import Invariant


class Options(NamedTuple):
    """What the user asked for. `examples` counts random plans; times are seconds; `clock` measures them.

    `narrate` tells a trace to people, a line for each step and witness. With a `baseline`, also an empty one, every
    violation is told from those that are known. `keep`: whose histories are kept in `out`. Every wait of the suite has
    `patience` (s) more than the broker's own settings ask for.
    """

    adapter: str
    settings: UserSettings
    invariants: list[Invariant]
    profile: Profile
    seed: int
    run_id: str
    examples: int | None
    max_time: float | None
    shrink_time: float
    out: Path
    clock: Callable[[], float]
    narrate: Callable[[SavedTrace], Iterable[str]]
    baseline: tuple[Known, ...] | None = None
    keep: Keep = "none"
    patience: float = 0
