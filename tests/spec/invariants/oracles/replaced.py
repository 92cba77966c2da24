"""What was replaced goes, read off the statement: every read from where somebody had turned to, beside every send."""

from oracles.expired import SECONDS, asked_to_go
from oracles.shedding import MILLISECOND, WEEK
from oracles.told import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops

BACKOFF = "log.cleaner.backoff.ms"


def replaced_goes(told: Told) -> tuple[int, int]:
    tested, late = 0, set()
    for sought, partition, asked, given in _turned_to(told):
        for send in told.acked() if _compacts(told) else ():
            if send.place == (partition, asked) and send.op.key is not None:
                due = _due(told, send)
                if given == asked:
                    overdue = BACKOFF in told.settings and due + _patience(told) <= sought
                    tested += overdue
                    late |= {partition} if overdue else set()
                else:
                    tested += due <= sought
    return tested, len(late)


def _patience(told: Told) -> int:
    return 3 * int(told.settings[BACKOFF]) * MILLISECOND + 120 * SECONDS


def _turned_to(told: Told) -> list[tuple[int, int, int, int]]:
    """When a reader turned to an offset, and what it was given first, before leaders may have changed."""
    moved = [each.begun for each in told.of(ops.ElectLeader) if not each.failed]
    moved += [begun for begun, _ in told.outages()]
    found, places = [], dict[str, tuple[int, int, int]]()
    for each in told.of(ops.Assign, ops.Seek, ops.Poll):
        match each.op:
            case ops.Assign(client=client, offsets=(only,)):
                places[client] = each.begun, only.partition, only.offset
            case ops.Seek(client=client, partition=partition, offset=offset):
                places[client] = each.begun, partition, offset
            case ops.Poll(client=client) if each.told and client in places:
                sought, partition, asked = places.pop(client)
                if each.over < min(moved, default=NEVER):
                    found.append((sought, partition, asked, each.told[0].offset))
    return found


def _due(told: Told, send: Done) -> int:
    """From when on a record has been replaced by one in a closed segment, and is old enough."""
    span = max(int(value) for value, _, _ in told.values("segment.ms", WEEK)) * MILLISECOND
    lag = max(int(value) for value, _, _ in told.values("min.compaction.lag.ms", "0")) * MILLISECOND
    sends = [each for each in told.acked() if told.opening(each).op.acks == "all" and not asked_to_go(told, each)]
    found = [NEVER]
    for other in sends:
        if other.op.key == send.op.key and other.place[0] == send.place[0] and other.place[1] > send.place[1]:
            later = [each for each in sends if each.place[0] == send.place[0] and each.begun > other.over + span]
            closer = min(later, key=lambda each: each.begun, default=None)
            if closer is not None and closer.place[1] > other.place[1]:
                found.append(closer.over + lag)
    return min(found)


def _compacts(told: Told) -> bool:
    only = all(value == "compact" for value, _, _ in told.values("cleanup.policy", "delete"))
    ratios = [value for value, _, _ in told.values("min.cleanable.dirty.ratio", "")[-1:]]
    given = any(send.op.timestamp is not None for send in told.sends)
    plain = all(each.failed for each in told.of(ops.BeginTransaction, ops.AdvanceClock))
    return told.known and only and ratios == ["0"] and plain and not given


ORACLES = {"compaction.replaced-goes": replaced_goes}
