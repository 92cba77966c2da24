"""What has expired goes, read off the statement: every answer to where the log begins beside every closed record."""

from oracles.shedding import MILLISECOND, WEEK
from oracles.told import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops

CHECK = "log.retention.check.interval.ms"
SECONDS = 1_000 * MILLISECOND
LONGEST = 2**41


def expired_goes(told: Told) -> tuple[int, int]:
    tested, late = set(), set()
    for send, closer in _closed(told):
        for asked in _asked(told, send.place[0]):
            limit = _limit(told, asked, 0)
            if closer.over + limit * MILLISECOND <= asked.begun:
                if asked.outcome.value > send.place[1]:
                    tested.add(send.number)
                elif _overdue(told, closer, asked):
                    tested.add(send.number)
                    late.add(send.place[0])
    return len(tested), len(late)


def outgrown_goes(told: Told) -> tuple[int, int]:
    tested, late = set(), set()
    limits = [int(value) for value, _, _ in told.values("retention.bytes", "-1")]
    for send, closer in _closed(told) if min(limits) >= 0 else ():
        grown = _grown(told, closer, max(limits))
        for asked in _asked(told, send.place[0]):
            if grown <= asked.begun:
                if asked.outcome.value > send.place[1]:
                    tested.add(send.number)
                elif CHECK in told.settings and grown + _patience(told) <= asked.begun:
                    tested.add(send.number)
                    late.add(send.place[0])
    return len(tested), len(late)


def _grown(told: Told, closer: Done, limit: int) -> int:
    """When the log had certainly come to so many bytes, from a record on."""
    total, since = 0, 0
    for send in sorted(told.acked(), key=lambda each: each.place):
        if send.place[0] == closer.place[0]:
            since = max(since, send.over)
            if send.place >= closer.place:
                total += _plain(told, send)
                if total >= limit:
                    return since
    return NEVER


def _plain(told: Told, send: Done) -> int:
    """The bytes that a record has at the least."""
    named = any("compression.type" in each.op.settings for each in told.of(ops.CreateTopic, ops.AlterTopic))
    size = len(send.op.value or b"") + len(send.op.key or b"")
    return 0 if named or told.opening(send).op.compression != "none" else size


def _patience(told: Told) -> int:
    return 3 * int(told.settings[CHECK]) * MILLISECOND + 120 * SECONDS


def _overdue(told: Told, closer: Done, asked: Done) -> bool:
    if CHECK not in told.settings:
        return False
    patience = _patience(told)
    return closer.over + _limit(told, asked, patience) * MILLISECOND + patience <= asked.begun


def _limit(told: Told, asked: Done, patience: int) -> int:
    """The longest time for which records may have been kept between then and the answer."""
    found = [
        LONGEST if int(value) < 0 else int(value)
        for value, begun, over in told.values("retention.ms", WEEK)
        if begun <= asked.over and asked.begun - patience <= over
    ]
    return max(found, default=0)


def _asked(told: Told, partition: int) -> list[Done]:
    moved = [each.begun for each in told.of(ops.ElectLeader) if not each.failed] + [
        begun for begun, _ in told.outages()
    ]
    first = min(moved, default=NEVER)
    return [each for each in told.starts() if each.op.partition == partition and each.over < first]


def _closed(told: Told) -> list[tuple[Done, Done]]:
    """Each record that is in a closed segment, with the first that is certainly in a later one."""
    if not told.known or not _expires(told):
        return []
    span = max(int(value) for value, _, _ in told.values("segment.ms", WEEK)) * MILLISECOND
    sends = [send for send in told.acked() if told.opening(send).op.acks == "all" and not asked_to_go(told, send)]
    found = []
    for send in sends:
        later = [each for each in sends if each.place[0] == send.place[0] and each.begun > send.over + span]
        first = min(later, key=lambda each: each.begun, default=None)
        if first is not None and first.place[1] > send.place[1]:
            found.append((send, first))
    return found


def asked_to_go(told: Told, send: Done) -> bool:
    asked = [each.op for each in told.of(ops.DeleteRecords) if not each.failed]
    return any(op.partition == send.place[0] and send.place[1] < op.before for op in asked)


def _expires(told: Told) -> bool:
    deletes = all(value == "delete" for value, _, _ in told.values("cleanup.policy", "delete"))
    appended = all(value == "LogAppendTime" for value, _, _ in told.values("message.timestamp.type", "CreateTime"))
    given = any(send.op.timestamp is not None for send in told.sends)
    plain = not told.of(ops.BeginTransaction) and not told.of(ops.AdvanceClock)
    return deletes and plain and (appended or not given)


ORACLES = {"retention.expired-goes": expired_goes, "retention.outgrown-goes": outgrown_goes}
