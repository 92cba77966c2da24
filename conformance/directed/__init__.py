"""Directed plans: schedules that chance seldom finds, each after a loss or a repeat that really happened.

They come before the random plans of a run, so that every promise is put to the test at least once.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.directed import delivery, failover, groups, ordering, transactions
from brokerlaw.conformance.plan import Plan, Step


class Directed(NamedTuple):
    """A schedule, and what the broker must be able to do for it."""

    name: str
    needs: tuple[str, ...]
    steps: Callable[[int], Iterator[Step]]
    """From the replication factor to be used."""


_CRASH: Final = ("topics", "groups", "clients.crash")
_ZOMBIE: Final = ("topics", "groups", "clients.freeze")
_FAULTS: Final = ("topics", "replication", "faults.kill", "faults.pause", "inspect.partition")

SCHEDULES: Final = (
    Directed("order", ("topics",), ordering.order),
    Directed("fan-out", ("topics", "groups"), groups.fan_out),
    Directed("rebalance", _CRASH, groups.rebalance("eager")),
    Directed("rebalance-cooperative", (*_CRASH, "groups.cooperative"), groups.rebalance("cooperative")),
    Directed("rebalance-next", (*_CRASH, "groups.next"), groups.rebalance("next")),
    Directed("static-member", (*_CRASH, "groups.static"), groups.static_member),
    Directed("crash-before-processing", _CRASH, delivery.crash_between("at-least-once", "polled")),
    Directed("crash-before-commit", _CRASH, delivery.crash_between("at-least-once", "halfway")),
    Directed("crash-after-commit", _CRASH, delivery.crash_between("at-most-once", "halfway")),
    Directed("crash-after-processing", _CRASH, delivery.crash_between("at-most-once", "done")),
    Directed("crash-before-dedup-commit", _CRASH, delivery.crash_between("idempotent-sink", "halfway")),
    Directed("crash-in-transaction", (*_CRASH, "transactions"), delivery.crash_between("exactly-once", "halfway")),
    Directed("zombie-commits", _ZOMBIE, delivery.zombie("at-least-once", "halfway")),
    Directed("zombie-commits-next", (*_ZOMBIE, "groups.next"), delivery.zombie("at-least-once", "halfway", "next")),
    Directed("zombie-commits-first", _ZOMBIE, delivery.zombie("at-most-once", "polled")),
    Directed("zombie-in-transaction", (*_ZOMBIE, "transactions"), delivery.zombie("exactly-once", "halfway")),
    Directed("zombie-begins-transaction", (*_ZOMBIE, "transactions"), delivery.zombie("exactly-once", "polled")),
    Directed("partition-regained", ("topics", "groups", "groups.next"), groups.partition_regained),
    Directed("instance-taken-over", (*_ZOMBIE, "groups.static"), groups.instance_taken_over),
    Directed("transactions", ("topics", "transactions"), transactions.transactions),
    Directed("transaction-timed-out", ("topics", "transactions"), transactions.transaction_timed_out),
    Directed("coordinator-killed", (*_FAULTS, "transactions"), transactions.coordinator_killed),
    Directed("acked-by-the-leader-alone", _FAULTS, failover.acked_by_the_leader_alone),
    Directed("leader-killed", _FAULTS, failover.leader_killed),
    Directed("leader-overtaken", (*_FAULTS, "faults.elect"), failover.leader_overtaken),
    Directed("double-failover", _FAULTS, failover.double_failover),
    Directed("deposed-leader", (*_FAULTS, "faults.isolate", "faults.elect"), failover.deposed_leader),
    Directed("last-in-sync-replica", _FAULTS, failover.last_in_sync_replica),
    Directed("min-isr", (*_FAULTS, "min-isr"), failover.min_isr),
)
"""Every schedule, from the simplest on."""


def directed(description: Description) -> list[Plan]:
    """Every schedule that the broker can serve."""
    replication = min(3, description.capabilities.get("replication") or 1)
    able = [schedule for schedule in SCHEDULES if description.has(*schedule.needs)]
    return [Plan(f"directed/{schedule.name}", tuple(schedule.steps(replication))) for schedule in able]
