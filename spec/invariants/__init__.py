"""The book of invariants: predicates over histories, one for each promise a broker makes, one room for each kind."""

from importlib import import_module
from typing import Final

from brokerlaw.spec.invariants.invariant import INVARIANTS

ROOMS: Final = (
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
"""The rooms in the order of the book."""

for _room in ROOMS:
    import_module(f"{__name__}.{_room}")

__all__ = ["INVARIANTS", "ROOMS"]
