"""What a broker that speaks Kafka's protocol can do: what its ApiVersions list, less what the user disclaims.

A broker that lists an api and does not do what the api is documented to do breaks a promise; one that does not
list it has promised nothing. Keys and versions: https://kafka.apache.org/protocol.
"""

from collections.abc import Mapping
from typing import Final

from brokerlaw.adapters.contract import CAPABILITIES, AdapterError, Capability
from brokerlaw.spec.text import did_you_mean

PRODUCE, FETCH, LIST_OFFSETS, METADATA = 0, 1, 2, 3
OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP = 8, 9, 10, 11, 12, 13, 14
DESCRIBE_GROUPS, CREATE_TOPICS, DELETE_TOPICS, DELETE_RECORDS, INIT_PRODUCER_ID = 15, 19, 20, 21, 22
LIST_GROUPS, CREATE_PARTITIONS, DELETE_GROUPS, INCREMENTAL_ALTER_CONFIGS, OFFSET_DELETE = 16, 37, 42, 44, 47
ADD_PARTITIONS_TO_TXN, ADD_OFFSETS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT, CONSUMER_GROUP_HEARTBEAT = 24, 25, 26, 28, 68

_OFFSETS: Final = dict.fromkeys((OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR), 0)
_GROUPS: Final = _OFFSETS | dict.fromkeys((JOIN_GROUP, HEARTBEAT, LEAVE_GROUP, SYNC_GROUP), 0)
_TRANSACTIONS: Final = (INIT_PRODUCER_ID, ADD_PARTITIONS_TO_TXN, ADD_OFFSETS_TO_TXN, END_TXN, TXN_OFFSET_COMMIT)

NEEDS: Final[dict[Capability, dict[int, int]]] = {
    "topics": dict.fromkeys((PRODUCE, FETCH, LIST_OFFSETS, METADATA, CREATE_TOPICS, DELETE_TOPICS), 0),
    "create-partitions": {CREATE_PARTITIONS: 0},
    "alter-configs": {INCREMENTAL_ALTER_CONFIGS: 0},  # KIP-339
    "delete-records": {DELETE_RECORDS: 0},
    "retention": {CREATE_TOPICS: 0},
    "compaction": {CREATE_TOPICS: 0},
    "headers": {PRODUCE: 3, FETCH: 4},  # KIP-82
    "tombstones": {PRODUCE: 0},
    "timestamps": {LIST_OFFSETS: 1},  # version 0 knows segments only, KIP-79
    "idempotence": {INIT_PRODUCER_ID: 0, PRODUCE: 3},  # KIP-98
    "groups": _GROUPS,
    "groups.cooperative": _GROUPS,
    "groups.static": _GROUPS | {JOIN_GROUP: 5},  # KIP-345
    "groups.next": _OFFSETS | {CONSUMER_GROUP_HEARTBEAT: 0, OFFSET_COMMIT: 9, OFFSET_FETCH: 9},  # KIP-848
    "groups.admin": _GROUPS | {DESCRIBE_GROUPS: 0},
    "groups.list": _GROUPS | {LIST_GROUPS: 0},
    "groups.lag": _GROUPS | {LIST_OFFSETS: 0},
    "groups.delete": _GROUPS | {DELETE_GROUPS: 0},
    "groups.delete-offsets": _GROUPS | {OFFSET_DELETE: 0},
    "auto-commit": _GROUPS,
    "transactions": dict.fromkeys(_TRANSACTIONS, 0),
    "inspect.partition": {METADATA: 7},  # leader epochs, KIP-320
    "clients.crash": {},
    "clients.freeze": {},
}
"""The apis that a capability needs, each with the least version."""
BY_SOCKET: Final[frozenset[Capability]] = frozenset({"inspect.partition", "groups.delete-offsets"})
"""What the client library lacks is asked in plain, as the list of apis is."""
BOUNDS: Final[dict[Capability, int]] = {"topics": 64, "groups": 16}


def capabilities(
    listed: Mapping[int, int] | None, brokers: int, without: frozenset[Capability]
) -> dict[Capability, int | None]:
    """From the highest version of each api that is listed; None: it could not be asked in plain, and owes the rest."""
    found: dict[Capability, int | None] = {
        capability: BOUNDS.get(capability)
        for capability, apis in NEEDS.items()
        if (
            capability not in BY_SOCKET
            if listed is None
            else all(listed.get(api, -1) >= version for api, version in apis.items())
        )
    }
    found["replication"] = brokers
    if brokers > 1:
        found["min-isr"] = None
    return {capability: bound for capability, bound in found.items() if capability not in without}


def disclaimed(text: str) -> frozenset[Capability]:
    """`transactions,groups.admin` as capabilities. Raises `AdapterError` on what is none."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in CAPABILITIES:
            hint = did_you_mean(name, CAPABILITIES, f"there are {', '.join(CAPABILITIES)}")
            raise AdapterError(f"without={text}: {name!r} is no capability; {hint}")
    return frozenset(capability for capability in CAPABILITIES if capability in names)
