"""Explore: the compiled search where it can be had and pays, the interpreted one where not, with the same counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from brokerlaw.spec.language.compiler.emitter import Uncompilable
from brokerlaw.spec.language.compiler.native import MOST_THREADS, Native
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.search import Progress, SearchResult, search
from brokerlaw.spec.language.symmetry import Symmetry
from brokerlaw.spec.language.term import SpecError

Engine = Literal["auto", "c", "python"]
_SMALL: Final = 10_000  # states: a smaller search is over before a compiler would have begun


def explore(
    model: Model,
    *,
    engine: Engine = "auto",
    every: bool = False,
    symmetry: bool = False,
    threads: int = 1,
    max_states: int | None = None,
    max_bytes: int | None = None,
    progress: Progress | None = None,
) -> SearchResult:
    """Search all reachable states, as `search` does; `SearchResult.engine` says how.

    `auto` interprets a small protocol, compiles a larger one, and interprets that too where there is no compiler; `c`
    raises Uncompilable instead. With several threads the counts of a search that sees all are the same; traces are as
    short, but may be others, and a search that ends early may end a little later.
    `symmetry` raises a SpecError where no sort is interchangeable.
    """
    if not 1 <= threads <= MOST_THREADS:
        raise SpecError(f"a search takes 1 to {MOST_THREADS} threads, not {threads}")
    classes = Symmetry(model) if symmetry else None

    def interpreted(why: str, most: int | None = max_states) -> SearchResult:
        found = search(model, every=every, max_states=most, max_bytes=max_bytes, progress=progress, symmetry=classes)
        return replace(found, engine=why)

    if engine == "python":
        return interpreted("interpreted")
    try:
        native = Native(model, classes)
        if engine == "auto" and not native.library.cached:
            least = _SMALL if max_states is None else min(_SMALL, max_states)
            small = interpreted("interpreted: it is small", least)
            if small.distinct < _SMALL or least == max_states:
                return small
        return native.search(every, threads, max_states, max_bytes, progress)
    except Uncompilable as why:
        if engine == "c":
            raise
        found = interpreted(f"interpreted: {why}")
        slow = found.distinct >= _SMALL
        return replace(found, note=f"{why}: the search is in Python, about a hundred times slower") if slow else found
