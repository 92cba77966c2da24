"""What the rows of a recording say: tables that grow, and what is kept as it was said."""

from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.columns import Growing, growing
from brokerlaw.spec.history.rows import Invoke
from brokerlaw.spec.history.tables import (
    Answered,
    Applied,
    Committing,
    Copied,
    Described,
    Drained,
    Ends,
    Operations,
    Ownership,
    Returned,
    Sent,
)
from brokerlaw.spec.history.values import GroupListing, GroupState


class Facts:
    """The tables, and the few rows that judges look at themselves: not of operations that are `bulk`."""

    def __init__(self) -> None:
        self.operations = growing(Operations[Growing])
        self.sent = growing(Sent[Growing])
        self.returned = growing(Returned[Growing])
        self.ends = growing(Ends[Growing])
        self.committing = growing(Committing[Growing])
        self.answered = growing(Answered[Growing])
        self.described = growing(Described[Growing])
        self.copied = growing(Copied[Growing])
        self.ownership = growing(Ownership[Growing])
        self.applied = growing(Applied[Growing])
        self.drained = growing(Drained[Growing])
        self.invocations: dict[int, Invoke] = {}
        self.clients: list[tuple[int, ops.OpenProducer | ops.OpenConsumer]] = []
        self.created: dict[str, ops.CreateTopic] = {}
        self.declared: list[tuple[int, seen.Declared]] = []
        self.stable: list[tuple[int, int, seen.Stable]] = []
        self.caught: list[tuple[int, int, seen.CaughtUp]] = []
        self.described_groups: list[tuple[int, GroupState]] = []
        self.listed_groups: list[tuple[int, tuple[GroupListing, ...]]] = []
        self.timed_out: list[tuple[int, int, seen.WaitTimedOut]] = []
