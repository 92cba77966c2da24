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
    Errors,
    Operations,
    Ownership,
    Returned,
    Sent,
)
from brokerlaw.spec.history.values import GroupListing, GroupState


class Facts:
    """The tables, and the few rows that judges look at themselves: not of operations that are `bulk`."""

    operations: Operations[Growing]
    errors: Errors[Growing]
    sent: Sent[Growing]
    returned: Returned[Growing]
    ends: Ends[Growing]
    committing: Committing[Growing]
    answered: Answered[Growing]
    described: Described[Growing]
    copied: Copied[Growing]
    ownership: Ownership[Growing]
    applied: Applied[Growing]
    drained: Drained[Growing]
    invocations: dict[int, Invoke]
    clients: list[tuple[int, ops.OpenProducer | ops.OpenConsumer]]
    created: dict[str, ops.CreateTopic]
    declared: list[tuple[int, seen.Declared]]
    stable: list[tuple[int, int, seen.Stable]]
    caught: list[tuple[int, int, seen.CaughtUp]]
    described_groups: list[tuple[int, GroupState]]
    listed_groups: list[tuple[int, tuple[GroupListing, ...]]]
    timed_out: list[tuple[int, int, seen.WaitTimedOut]]

    def __init__(self) -> None:
        self.operations = growing(Operations[Growing])
        self.errors = growing(Errors[Growing])
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
        self.invocations = {}
        self.clients = []
        self.created = {}
        self.declared = []
        self.stable = []
        self.caught = []
        self.described_groups = []
        self.listed_groups = []
        self.timed_out = []
