"""The invariants: predicates over histories, one for each promise of a broker, one module for each kind of promise."""

from importlib import import_module
from typing import Final

from brokerlaw.spec.invariants.invariant import INVARIANTS

MODULES: Final = (
    "ordering",
    "ends",
    "topics",
    "partitioning",
    "integrity",
    "records",
    "create_times",
    "keyless",
    "durability",
    "idempotence",
    "ownership",
    "subscriptions",
    "generations",
    "groups",
    "reading",
    "out_of_range",
    "offsets",
    "lookups",
    "resets",
    "retention",
    "expired",
    "compaction",
    "delivery",
    "dead_letters",
    "backpressure",
    "transactions",
    "cycles",
    "leadership",
    "commits",
    "committed",
    "producers",
    "openings",
    "flushing",
    "progress",
    "serving",
    "polling",
    "refusals",
    "refused_places",
    "consumers",
    "silence",
    "auto_commits",
    "assignors",
    "replicas",
    "described",
    "listed",
    "deserted",
    "shares",
    "stickiness",
    "static_members",
    "forgotten",
)
"""In the order in which their invariants are listed."""

for _module in MODULES:
    import_module(f"{__name__}.{_module}")

__all__ = ["INVARIANTS", "MODULES"]
