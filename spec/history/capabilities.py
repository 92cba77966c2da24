"""What a broker may be able to do. An adapter claims capabilities; what needs one that is not claimed is not asked for.

Which operations need a capability is said on them (`operations`), which promises on the invariants.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

Capability: TypeAlias = Literal[
    "topics",
    "replication",
    "create-partitions",
    "alter-configs",
    "delete-records",
    "retention",
    "compaction",
    "headers",
    "tombstones",
    "timestamps",
    "idempotence",
    "groups",
    "groups.cooperative",
    "groups.next",
    "groups.static",
    "groups.admin",
    "groups.list",
    "groups.lag",
    "groups.delete",
    "groups.delete-offsets",
    "groups.added-partitions",
    "auto-commit",
    "reset-by-duration",
    "transactions",
    "min-isr",
    "clients.crash",
    "clients.freeze",
    "faults.kill",
    "faults.stop",
    "faults.pause",
    "faults.isolate",
    "faults.elect",
    "faults.clock",
    "inspect.partition",
    "inspect.replica",
    "queues",
]


class Ability(NamedTuple):
    """What a capability says beyond its operations (in Markdown), and what its bound counts.

    `unasked`: no operation needs it; it is a way in which the broker does what it is asked for anyway.
    """

    about: str = ""
    bound: str = ""
    unasked: bool = False


ABILITIES: Final[dict[Capability, Ability]] = {
    "topics": Ability(bound="partitions"),
    "replication": Ability("`create_topic` with replicas on several brokers", "factor"),
    "create-partitions": Ability(),
    "alter-configs": Ability(),
    "delete-records": Ability(),
    "retention": Ability("`create_topic` with `retention.ms` or `retention.bytes`"),
    "compaction": Ability("`create_topic` with a `cleanup.policy` that compacts"),
    "headers": Ability("`send` with headers"),
    "tombstones": Ability("`send` without a value"),
    "timestamps": Ability("`list_offsets` by timestamp, which `send` may give; `message.timestamp.type` of a topic"),
    "idempotence": Ability("`open_producer` with `idempotent`"),
    "groups": Ability("`open_consumer` with a `group`", "members"),
    "groups.cooperative": Ability("the assignor `cooperative-sticky`"),
    "groups.next": Ability("the protocol `consumer` (KIP-848)"),
    "groups.static": Ability("`open_consumer` with `instance_id` (KIP-345)"),
    "groups.admin": Ability(),
    "groups.list": Ability(),
    "groups.lag": Ability(),
    "groups.delete": Ability(),
    "groups.delete-offsets": Ability(),
    "groups.added-partitions": Ability(
        "members read what is added by `create_partitions` from its beginning, though their `reset` is `latest`",
        unasked=True,
    ),
    "auto-commit": Ability("`open_consumer` with `auto_commit`"),
    "reset-by-duration": Ability("`open_consumer` with a `reset` of `by_duration` (KIP-1106)"),
    "transactions": Ability("`open_producer` with `transactional_id`; isolation `read_committed`"),
    "min-isr": Ability("`create_topic` with the setting `min.insync.replicas`"),
    "clients.crash": Ability("the client vanishes, with what it had not sent. Not `close`"),
    "clients.freeze": Ability("the client's clock stands still, heartbeats and all"),
    "faults.kill": Ability(),
    "faults.stop": Ability("a controlled shutdown, as in a rolling restart: leaderships move before the process ends"),
    "faults.pause": Ability(),
    "faults.isolate": Ability(),
    "faults.elect": Ability(),
    "faults.clock": Ability(),
    "inspect.partition": Ability(),
    "inspect.replica": Ability(),
    "queues": Ability(),
}
"""Every capability, in the order in which they are shown."""
CAPABILITIES: Final[tuple[Capability, ...]] = tuple(ABILITIES)
