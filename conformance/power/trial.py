"""One plan on one adapter, and the promises that it breaks: what every hunt is made of."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.conformance.engine import BATCH
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import Profile
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Recording

DEFAULTS: Final = UserSettings({}, {})


class Trial:
    """Runs plans of one profile, on brokers that describe themselves alike."""

    def __init__(self, profile: Profile, description: Description) -> None:
        self.profile = profile
        self.description = description

    def plans(self, seed: int, examples: int) -> Iterator[Plan]:
        """Those of a check, in its order: directed ones, then random ones."""
        yield from self.profile.directed(self.description)
        yield from islice(self.profile.draw(self.description, seed, BATCH), examples)

    def run(self, plan: Plan, adapter: Adapter) -> tuple[Recording, frozenset[str]]:
        """What was recorded, and the promises that were broken. Raises `AdapterError`, `HistoryError`."""
        recording = execute(plan, adapter, self.description, DEFAULTS, "", self.profile)
        return recording, broken(recording, self.profile)


def broken(recording: Recording, profile: Profile) -> frozenset[str]:
    """The promises of the profile that a recording breaks."""
    findings = judge(History(recording), profile.invariants)
    return frozenset(name for name, finding in findings.items() if finding.violations)
