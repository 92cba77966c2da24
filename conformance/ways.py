"""Ways to break a promise: is the one that a plan shows known, or another?

A way is what the reduced plan of a violation uses: its features, under the settings that the user chose for the whole
run. Two violations of one promise are the same if their ways are. A plan that was not reduced yet uses more, and may
show several ways at once; so it is asked whether it still breaks the promise without one thing that a known way needs,
and, if so, whether what is left is known in its turn. What this cannot tell: a way that needs all that a known one
needs, and more, stays behind it until the known one is gone.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from brokerlaw.conformance.features import features, only, without
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Step, Steps
from brokerlaw.conformance.shrink import Breaks, encoded
from brokerlaw.spec.history.operations import Operation

Way: TypeAlias = frozenset[str]

REPEATS: Final = 3
"""How often a plan is run with nothing but what a known way needs, before it is said not to show that way."""


def way(steps: Iterable[Step], overrides: dict[str, str]) -> Way:
    """What these steps use, under the user's settings of clients and topics."""
    settings = UserSettings(overrides, {})
    return features(settings.apply(step) if isinstance(step, Operation) else step for step in steps)


class Ways:
    """The known ways to break one promise; `found` counts those that were not known before."""

    def __init__(self, overrides: dict[str, str], known: Iterable[Way] = ()) -> None:
        self._overrides = overrides
        self.known = set(known)
        self.found = 0

    def of(self, steps: Steps) -> Way:
        """The way that these steps are, under the settings of this run."""
        return way(steps, self._overrides)

    def learn(self, steps: Steps) -> bool:
        """Know the way of these reduced steps from now on; true if it is a new one."""
        new = self.of(steps) not in self.known
        self.known.add(self.of(steps))
        self.found += new
        return new

    def other(self, steps: Steps, breaks: Breaks) -> Steps | None:
        """Some of these steps, that break the promise in a way which is not known; None if there are none.

        The steps themselves were seen to break it.
        """
        return self._search(steps, breaks, set())

    def _search(self, steps: Steps, breaks: Breaks, tried: set[bytes]) -> Steps | None:
        shown = self._shown(steps, breaks)
        if shown is None:
            return steps
        for fewer in self._without_one_of(shown, steps):
            if encoded(fewer) not in tried:
                tried.add(encoded(fewer))
                found = self._search(fewer, breaks, tried) if breaks(fewer) else None
                if found is not None:
                    return found
        return None

    def _shown(self, steps: Steps, breaks: Breaks) -> Way | None:
        """A known way that these steps show with nothing beside it."""
        for known in sorted(self.known, key=lambda each: (len(each), sorted(each))):
            alone = only(steps, known)
            if self.of(alone) == known and any(breaks(alone) for _ in range(REPEATS)):
                return known
        return None

    def _without_one_of(self, needed: Way, steps: Steps) -> list[Steps]:
        """The steps without one thing of the way, each in turn; none that has lost all that another has, and more."""
        fewer = [without(steps, feature) for feature in sorted(needed)]
        used = [(each, self.of(each)) for each in fewer if each]
        return [each for each, its in used if not needed <= its and not any(its < other for _, other in used)]
