"""Which promises are meant to catch a liar: those that say so (`liars` of an invariant)."""

from __future__ import annotations

import re
from functools import cache

from brokerlaw.conformance.liars.lie import Lie
from brokerlaw.spec.invariants import INVARIANTS


def meant(lie: Lie) -> frozenset[str]:
    """The ids of those promises."""
    return frozenset(
        name for name, entry in INVARIANTS.items() if any(matches(pattern, str(lie)) for pattern in entry.liars)
    )


@cache
def matches(pattern: str, lie: str) -> bool:
    """Whether a pattern (`poll`, `send.answer`, `*.outcome: done twice`) is of this lie; `*` stands for anything."""
    expression = "".join(".*" if char == "*" else re.escape(char) for char in pattern)
    return re.fullmatch(rf"{expression}(\..*|: .*)?", lie) is not None
