"""The tables of a history, one class for each kind of thing that was seen.

Names (processes, partitions, keys, values, groups, sinks) are interned: a column holds their index in the pool of that
name. -1 stands for none, or not known. Times are ns. `op` is the number of an operation, `row` a row of the recording,
`opened` the operation that opened the client.
"""

from typing import Final

from brokerlaw.spec.history.columns import C, Ints, Table
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown

PENDING, OK, FAIL, INFO = range(4)
"""`status` of an operation: not completed yet, or its outcome."""
STATUS: Final = {Ok: OK, Fail: FAIL, Unknown: INFO}
ACKS: Final = {"0": 0, "1": 1, "all": -1}
UNCOMMITTED, COMMITTED = range(2)
"""`isolation` of a reader."""
ISOLATION: Final = {"read_uncommitted": UNCOMMITTED, "read_committed": COMMITTED}
COMMIT, ABORT = range(2)
"""`how` a transaction was asked to end; whether it did is the `status` of the operation that asked."""
ASSIGNED, REVOKED, LOST = range(3)
"""`kind` of a row of `Ownership`."""
CREATE_TIME, LOG_APPEND_TIME = range(2)
"""`stamped` of a record that was read; -1: not told."""
STAMPED: Final = {None: -1, "CreateTime": CREATE_TIME, "LogAppendTime": LOG_APPEND_TIME}
EARLIEST, LATEST, TIMESTAMP, POSITION, COMMITTED_OFFSET, LAG = range(6)
"""`kind` of a row of `Answers`: what the offset was asked as."""


class Operations(Table[C], kw_only=True):
    """A row for each operation; `client` is -1 where no client performs it, `completed` -1 where it never did.

    `ended` is the row of its outcome, or -1; `whole` the operation of which it is a part, or itself; `most` is how many
    records a poll asked for at most, -1 for the others.
    """

    row: C
    ended: C
    whole: C
    process: C
    client: C
    opened: C
    f: C
    most: C
    invoked: C
    completed: C
    status: C


class Errors(Table[C], kw_only=True):
    """A row for each operation that did not succeed, in the order of completion: `code` is the error that was told."""

    op: C
    code: C


class Sent(Table[C], kw_only=True):
    """A row for each send, in the order of invocation. `tp` and `offset` are where it was acknowledged.

    `partition` is -1 where the send named none, `timestamp` where it gave none. `transaction` is the operation that
    began it.
    """

    op: C
    topic: C
    partition: C
    key: C
    value: C
    headers: C
    timestamp: C
    transaction: C
    tp: C
    offset: C


class Sends(Sent[Ints], kw_only=True):
    """The sends, with what is known of their producers and of their operations."""

    process: Ints
    opened: Ints
    acks: Ints
    invoked: Ints
    completed: Ints
    status: Ints


class Returned(Table[C], kw_only=True):
    """A row for each record that a poll returned, in the order of return.

    `positioned` is the row in which the position was last set other than by reading. `stamped` is the timestamp's type.
    """

    op: C
    positioned: C
    tp: C
    offset: C
    key: C
    value: C
    headers: C
    timestamp: C
    stamped: C


class Reads(Returned[Ints], kw_only=True):
    """The records returned, with what is known of their readers and of the polls."""

    process: Ints
    opened: Ints
    group: Ints
    isolation: Ints
    invoked: Ints
    completed: Ints
    status: Ints


class Ends(Table[C], kw_only=True):
    """A row for each time that a transaction (`begin`, the operation that began it) was asked to end."""

    begin: C
    end: C
    how: C


class Committing(Table[C], kw_only=True):
    """A row for each offset that was asked to be committed; `opened` is -1 where an administrator reset it.

    `transaction` is the operation that began it, where the offset was sent in one.
    """

    op: C
    process: C
    opened: C
    group: C
    tp: C
    offset: C
    generation: C
    transaction: C


class Commits(Committing[Ints], kw_only=True):
    """The commits, with what is known of their operations."""

    invoked: Ints
    completed: Ints
    status: Ints


class Answered(Table[C], kw_only=True):
    """A row for each offset that was asked for and answered; `at` is the timestamp that it was asked for by, or -1."""

    op: C
    kind: C
    at: C
    group: C
    tp: C
    offset: C
    isolation: C


class Answers(Answered[Ints], kw_only=True):
    """The answers, with what is known of their operations."""

    process: Ints
    invoked: Ints
    completed: Ints
    status: Ints


class Described(Table[C], kw_only=True):
    """A row for each description of a partition. `replicas` and `isr` are sets of brokers, `listed_*` are as told."""

    op: C
    tp: C
    leader: C
    epoch: C
    replicas: C
    isr: C
    listed_replicas: C
    listed_isr: C


class Copied(Table[C], kw_only=True):
    """A row for each record of a replica's log that was looked at, as it was told."""

    op: C
    tp: C
    offset: C
    key: C
    value: C
    headers: C
    timestamp: C
    stamped: C


class Leadership(Described[Ints], kw_only=True):
    """The descriptions, with what is known of their operations."""

    invoked: Ints
    completed: Ints
    status: Ints


class Ownership(Table[C], kw_only=True):
    """A row for each partition that a member was given, gave back or lost."""

    row: C
    time: C
    kind: C
    process: C
    opened: C
    group: C
    member: C
    generation: C
    tp: C


class Applied(Table[C], kw_only=True):
    """A row for each effect of an application."""

    row: C
    time: C
    process: C
    opened: C
    group: C
    sink: C
    tp: C
    offset: C
    value: C
    duplicate: C


class Drained(Table[C], kw_only=True):
    """A row for each partition that a reader read to its end."""

    row: C
    time: C
    process: C
    opened: C
    tp: C
    start: C
    end: C
    isolation: C
