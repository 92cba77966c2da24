"""The compiled search as Python sees it: packed states in, a SearchResult out."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import POINTER, c_int, c_uint32, c_uint64, c_void_p
from typing import Any, Final

from brokerlaw.spec.language.compiler.library import Library
from brokerlaw.spec.language.compiler.packing import Packing
from brokerlaw.spec.language.compiler.source import Conditions, source
from brokerlaw.spec.language.layout import State
from brokerlaw.spec.language.model import Model
from brokerlaw.spec.language.premises import said
from brokerlaw.spec.language.search import (
    Progress,
    SearchResult,
    Stopped,
    Trace,
    Violation,
    action_counts,
    below,
    in_order,
    memory,
    retrace,
)
from brokerlaw.spec.language.symmetry import Symmetry

_RUNNING, _SEEN_ALL, _FAULTY, _AT_MAX_STATES, _AT_MAX_BYTES = range(5)  # Status in engine.c
_TOTALS: Final = 5
_NONE: Final = 2**64 - 1
_UNLIMITED: Final = 2**63
_STRETCH: Final = 1 << 17  # states expanded between two reports of progress
MOST_THREADS: Final = 8

_Words = POINTER(c_uint64)
_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "search_new": (c_void_p, [c_uint32, c_int, c_uint64, c_uint64]),
    "search_free": (None, [c_void_p]),
    "search_start": (None, [c_void_p, _Words]),
    "search_advance": (c_int, [c_void_p, c_uint64]),
    "search_counts": (None, [c_void_p, _Words]),
    "search_path": (c_uint64, [c_void_p, c_uint64, _Words]),
    "state_successors": (c_uint64, [_Words, _Words, _Words]),
    "state_canonical": (None, [_Words]),
    "state_holds": (c_int, [_Words, c_int]),
}


class Native:
    """A model's compiled search. Uncompilable if it cannot be had."""

    def __init__(self, model: Model, symmetry: Symmetry | None = None) -> None:
        self.model, self.symmetry = model, symmetry
        self.packing = Packing(model.layout)
        self.library = Library.of(source(model.layout, symmetry))
        self.conditions = Conditions(model.spec)
        self.note = ""
        self._loaded: ctypes.CDLL | None = None

    @property
    def code(self) -> ctypes.CDLL:
        """The library, compiled if need be."""
        if self._loaded is None:
            self._loaded, self.note = self.library.load()
            for name, (result, arguments) in _SIGNATURES.items():
                function = getattr(self._loaded, name)
                function.restype, function.argtypes = result, arguments
        return self._loaded

    def successors(self, state: State) -> tuple[list[State], list[int]]:
        """Give the states other than itself that one step leads to, in order, and per action how often it fired."""
        actions = len(self.model.spec.actions)
        room = sum(tally.tried for tally in action_counts(self.model, 1, [0] * actions, [0] * actions).values())
        found, counts = self._words(self.packing.words * room), self._words(3 * actions)
        number = self.code.state_successors(self._packed(state), found, counts)
        return list(self._states(found, number)), list(counts[:actions])

    def canonical(self, state: State) -> State:
        """Give the representative of the state's class, or without symmetry the state itself."""
        packed = self._packed(state)
        self.code.state_canonical(packed)
        return self.packing.unpack(packed[:])

    def holds(self, name: str, state: State) -> bool:
        """Tell whether a property's formula is true in a state."""
        return bool(self.code.state_holds(self._packed(state), self.conditions.number(name)))

    def search(
        self, every: bool, threads: int, max_states: int | None, max_bytes: int | None, progress: Progress | None
    ) -> SearchResult:
        """Search as `search` does; see `explore`."""
        most = _UNLIMITED if max_states is None else max_states
        handle = self.code.search_new(threads, every, most, _UNLIMITED if max_bytes is None else max_bytes)
        if not handle:
            raise MemoryError("there is no memory to begin the search in")
        try:
            return _Running(self, handle).run(threads, max_states, max_bytes, progress)
        finally:
            self.code.search_free(handle)

    def path(self, handle: int, number: int, length: int) -> list[State]:
        """Give the states from an initial one to that of this number."""
        words = self._words(self.packing.words * length)
        return list(self._states(words, self.code.search_path(handle, number, words)))[::-1]

    def _packed(self, state: State) -> ctypes.Array[c_uint64]:
        return (c_uint64 * self.packing.words)(*self.packing.pack(state))

    def _words(self, count: int) -> ctypes.Array[c_uint64]:
        return (c_uint64 * count)()

    def _states(self, words: ctypes.Array[c_uint64], count: int) -> Iterator[State]:
        each = self.packing.words
        return (self.packing.unpack(words[k * each : k * each + each]) for k in range(count))


class _Running:
    """A search under way in C, at `handle`."""

    def __init__(self, native: Native, handle: int) -> None:
        self.native, self.code, self.handle = native, native.code, handle
        spec = native.model.spec
        self.actions = list(spec.actions)
        self.conditions = native.conditions
        sought = len(self.conditions.stated) + len(self.conditions.premises)
        self.counts = (c_uint64 * (_TOTALS + 3 * len(self.actions) + sought))()

    def run(
        self, threads: int, max_states: int | None, max_bytes: int | None, progress: Progress | None
    ) -> SearchResult:
        starts = self.native.model.initial()
        for state in starts:
            self.code.search_start(self.handle, self.native._packed(state))
        status, interrupted = _RUNNING, ""
        while status == _RUNNING and not interrupted:
            try:
                if progress:
                    self.code.search_counts(self.handle, self.counts)
                    progress(self.counts[2], self.counts[0], self.counts[3])
                status = self.code.search_advance(self.handle, _STRETCH)
            except Stopped as why:
                interrupted = str(why)
        self.code.search_counts(self.handle, self.counts)
        limit = {_AT_MAX_STATES: f"{max_states} states", _AT_MAX_BYTES: memory(max_bytes or _UNLIMITED)}.get(status)
        incomplete = interrupted or (f"stopped at the limit of {limit}" if limit else "")
        return self.result(len(starts), incomplete, threads)

    def result(self, starts: int, incomplete: str, threads: int) -> SearchResult:
        model, symmetry, count = self.native.model, self.native.symmetry, len(self.actions)
        distinct, expanded, depth, _, taken = self.counts[:_TOTALS]
        fired = self.counts[_TOTALS : _TOTALS + count]
        cut = self.counts[_TOTALS + count : _TOTALS + 2 * count]
        fallen = zip(self.actions, self.counts[_TOTALS + 2 * count :], strict=False)
        firsts = self.counts[_TOTALS + 3 * count :]
        stated, held = self.conditions.stated, firsts[len(self.conditions.stated) :]
        violations = [Violation(below(name), self.trace(at, depth, name)) for name, at in fallen if at != _NONE]
        shown = {
            each.name: (None if at == _NONE else self.trace(at, depth))
            for each, at in zip(stated, firsts, strict=False)
        }
        violations += [Violation(each.name, t) for each in model.spec.of_kind("invariant") if (t := shown[each.name])]
        return SearchResult(
            protocol=model.spec.name,
            bounds=model.layout.bounds,
            distinct=distinct,
            generated=starts + sum(fired),
            depth=depth,
            incomplete=incomplete,
            actions=action_counts(model, expanded, fired, cut),
            violations=in_order(model.spec, violations),
            witnesses={each.name: shown[each.name] for each in model.spec.of_kind("witness")},
            unreached=tuple(
                (name, said(premise))
                for (name, premise), at in zip(self.conditions.premises, held, strict=True)
                if at == _NONE
            ),
            stated=len(model.spec.of_kind("invariant")),
            symmetry=symmetry.names if symmetry else (),
            engine=f"compiled, {threads} threads" if threads > 1 else "compiled",
            bytes=taken,
            note=self.native.note,
        )

    def trace(self, number: int, depth: int, falls: str = "") -> Trace:
        path = self.native.path(self.handle, number, depth + 2)
        return retrace(self.native.model, path, self.native.symmetry, falls)
