"""What is each guard for? Every conjunct of every action is dropped in turn, and the search says what then breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Final, Literal

from brokerlaw.spec.language.compiler import explore
from brokerlaw.spec.language.liveness import Lasso, Liveness, liveness
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.search import SearchResult, Stopped, Violation
from brokerlaw.spec.language.spec import Guard, Spec

Effect = Literal["breaks", "stalls", "widens", "idle", "incomplete"]
LIMIT: Final = 2_000_000
"""States after which the search without a guard is given up, unless told otherwise."""
STORED: Final = 100_000
"""States of the largest graph that is judged for liveness, unless told otherwise."""


@dataclass(frozen=True)
class Dropped:
    """A guard of an action, by its number from 0, and what the search saw without it.

    `effect`: an invariant `breaks` (or a number falls below 0); a promise of liveness `stalls`, as `lassos` show; or,
    within the bounds, nothing does: there are steps that were not possible before (`widens`), or not even that, as
    the other guards imply this one (`idle`). `incomplete`: nothing broke, but the search did not come to its end.
    """

    action: str
    number: int
    guard: Guard
    result: SearchResult
    effect: Effect
    lassos: Mapping[str, Lasso] = field(default_factory=dict)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Give what breaks, the shortest trace first."""
        return tuple(sorted(self.result.violations, key=lambda violation: len(violation.trace.steps)))


@dataclass(frozen=True)
class Guards:
    """Every guard of a protocol, in the order of the text; `whole` and `live` are what was seen with all of them.

    `live` is None if nothing was asked of liveness: the protocol promises none, or is broken already.
    """

    spec: Spec
    bounds: Mapping[str, int]
    whole: SearchResult
    live: Liveness | None
    rows: tuple[Dropped, ...]

    @property
    def outcome(self) -> Literal["told", "violated", "incomplete", "vacuous"]:
        """Say it in one word.

        `violated`: with all its guards the protocol breaks already, and no row says more; `vacuous`: it states nothing
        that could break.
        """
        if not self.whole.stated and self.live is None:
            return "vacuous"
        if self.whole.violations:
            return "violated"
        unknown = self.whole.incomplete or any(row.effect == "incomplete" for row in self.rows)
        return "incomplete" if unknown else "told"


def guards(
    spec: Spec,
    bounds: Mapping[str, int] | None = None,
    *,
    every: bool = False,
    max_states: int = LIMIT,
    stored: int = STORED,
    workers: int = 2,
    progress: Callable[[Dropped], None] | None = None,
) -> Guards:
    """Drop each guard in turn. Each search ends with the first violation; with `every`, it finds all that can break.

    `max_states` ends each of them as incomplete. What breaks nothing is judged for liveness too, if the protocol
    keeps its promises and its graph has at most `stored` states; 0 leaves that out. A violated protocol has no rows.
    """
    model = Model(spec, bounds)
    whole = explore(model, every=every, max_states=max_states)
    ask = stored and spec.of_kind("eventually") and not whole.violations
    live = liveness(model, max_states=stored) if ask else None

    stop = Event()

    def heed(*_: int) -> None:
        if stop.is_set():
            raise Stopped("interrupted")

    def drop(place: tuple[str, int]) -> Dropped:
        action, number = place
        dropped = Model(spec.without(action, number), bounds)
        result = explore(dropped, every=every, max_states=max_states, progress=heed)
        effect, lassos = _effect(whole, result), dict[str, Lasso]()
        if effect == "widens" and live and live.outcome == "kept":
            judged = liveness(dropped, max_states=stored, progress=heed).promises
            lassos = {name: lasso for name, lasso in judged.items() if lasso}
        guard = spec.actions[action].guards[number]
        return Dropped(action, number, guard, result, "stalls" if lassos else effect, lassos)

    rows: list[Dropped] = []
    with ThreadPoolExecutor(workers) as pool:
        try:
            for row in pool.map(drop, () if whole.violations else places(spec)):
                rows.append(row)
                if progress:
                    progress(row)
        finally:
            stop.set()  # an interruption reaches this thread only, and the pool waits for its own
            pool.shutdown(wait=False, cancel_futures=True)
    return Guards(spec, model.layout.bounds, whole, live, tuple(rows))


def places(spec: Spec) -> Iterator[tuple[str, int]]:
    """Give the action and the number of every guard, in the order of the text."""
    for action in spec.actions.values():
        for number in range(len(action.guards)):
            yield action.name, number


def _effect(whole: SearchResult, result: SearchResult) -> Effect:
    if result.violations:
        return "breaks"
    if result.incomplete or whole.incomplete:
        return "incomplete"
    return "idle" if _seen(result) == _seen(whole) else "widens"


def _seen(result: SearchResult) -> tuple[int, int, int]:
    return result.distinct, result.generated, sum(counts.cut for counts in result.actions.values())
