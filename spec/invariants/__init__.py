"""The book of invariants: predicates over histories, one for each promise a broker makes, one module for each kind."""

from importlib import import_module
from typing import Final

from brokerlaw.spec.invariants.invariant import INVARIANTS

MODULES: Final = (
    "ordering",
    "partitioning",
    "integrity",
    "durability",
    "idempotence",
    "ownership",
    "groups",
    "offsets",
    "retention",
    "delivery",
    "transactions",
    "leadership",
    "commits",
)
"""The modules in the order of the book."""

for _module in MODULES:
    import_module(f"{__name__}.{_module}")

__all__ = ["INVARIANTS", "MODULES"]
