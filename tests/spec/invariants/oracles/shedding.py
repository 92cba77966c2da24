"""What retention, compaction and deletion may take, read off the statements."""

from oracles.records import by_value
from oracles.told import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops

MILLISECOND = 1_000_000
UNKNOWN = 2**41 * MILLISECOND
WEEK, DAY = str(7 * 86_400_000), str(86_400_000)
Verdict = tuple[int, int]


def _clock(told: Told) -> int:
    """How far timestamps are ahead of the history's clock, at most."""
    found = []
    for read in told.reads:
        send = by_value(told, read)
        if send and send.op.timestamp is None and read.record.timestamp >= 0:
            found.append((read.record.timestamp + 1) * MILLISECOND - send.begun)
    return max(found, default=UNKNOWN)


def expires(told: Told, send: Done) -> int:
    """From when on a record may have been too old."""
    found = [NEVER]
    for value, begun, over in told.values("retention.ms", WEEK):
        since = max(begun, _born(told, send) + int(value) * MILLISECOND)
        if int(value) >= 0 and since < over:
            found.append(since)
    return min(found)


def _born(told: Told, send: Done) -> int:
    """The least time by the history's clock that a record's timestamp may stand for."""
    types = {value for value, _, _ in told.values("message.timestamp.type", "CreateTime")}
    born = []
    if "CreateTime" in types:
        given = send.op.timestamp
        born.append(send.begun if given is None else given * MILLISECOND - _clock(told))
    if "LogAppendTime" in types:
        born.append(send.begun)
    return min(born)


def _policies(told: Told) -> list[tuple[str, int, int]]:
    return told.values("cleanup.policy", "delete")


def kept_until(told: Told, partition: int, offset: int) -> int:
    """Until when a record at a place was certainly not let go of."""
    if not told.known:
        return -1
    compacting = [begun for value, begun, _ in _policies(told) if "compact" in value]
    deleting = any("delete" in value for value, _, _ in _policies(told))
    old = deleting and any(expires(told, send) <= told.last for send in told.sends if not send.failed)
    until = NEVER
    if deleting and (old or compacting):
        there = [expires(told, send) for send in told.acked() if send.place[0] == partition and send.place[1] <= offset]
        there += [read.opened for read in told.reads if read.place[0] == partition and read.place[1] <= offset]
        there += [
            each.begun for each in told.starts() if each.op.partition == partition and each.outcome.value <= offset
        ]
        until = max(there, default=-1)
    if not compacting:
        return until
    return min(until, max(_superseded(told, partition, offset, min(compacting)), _young(told, partition, offset)))


def _young(told: Told, partition: int, offset: int) -> int:
    """Until when a record was too young to be compacted."""
    lag = min(int(value) for value, _, _ in told.values("min.compaction.lag.ms", "0"))
    for send in told.acked():
        if send.place == (partition, offset) and lag > 0:
            return min(_born(told, send), send.begun) + lag * MILLISECOND
    return -1


def _superseded(told: Told, partition: int, offset: int, since: int) -> int:
    for send in told.acked():
        if send.place == (partition, offset):
            if send.op.key is None:
                return since
            gone = [other.begun for other in told.sends if _may_supersede(told, send, other)]
            if send.op.value is None:
                least = min(int(value) for value, _, _ in told.values("delete.retention.ms", DAY))
                gone.append(send.begun + least * MILLISECOND)
            return max(since, min(gone, default=NEVER))
    return since


def _may_supersede(told: Told, send: Done, other: Done) -> bool:
    if other.failed or other.op.key != send.op.key:
        return False
    if other.ok and other.place[1] >= 0 and told.idempotent(other):
        return other.place[0] == send.place[0] and other.place[1] > send.place[1]
    return other.op.partition in (None, send.place[0])


def only_expired_goes(told: Told) -> Verdict:
    tested, cut = 0, set()
    for send in told.acked() if told.known else ():
        until = kept_until(told, *send.place)
        asked = sorted(
            (each for each in told.starts() if each.op.partition == send.place[0]), key=lambda each: each.over
        )
        after = [each for each in asked if each.begun > send.over]
        beyond = [each for each in asked if each.outcome.value > send.place[1]][:1]
        wrong = [each.number for each in beyond if each.over < until and each.begun > send.over]
        tested += bool(wrong) or (bool(after) and min(after, key=lambda each: each.begun).over < until)
        cut |= set(wrong)
    return tested, len(cut)


def keeps_last(told: Told) -> Verdict:
    tested, lost = set(), set()
    if not told.known or not any("compact" in value for value, _, _ in _policies(told)):
        return 0, 0
    for send in told.acked():
        partition, offset = send.place
        reading = [drain for drain in told.drains if drain.partition == partition and drain.start <= offset < drain.end]
        for drain in reading:
            if kept_until(told, partition, offset) > drain.time:
                tested.add(send.number)
                lost |= set() if offset in drain.offsets else {send.number}
    return len(tested), len(lost)


def deleted_stays_deleted(told: Told) -> Verdict:
    tested, back = set(), set()
    begun = [each for each in told.of(ops.BeginTransaction) if not each.failed]
    compacts = all(value == "compact" for value, _, _ in _policies(told)) and not begun
    elected = [each.begun for each in told.of(ops.ElectLeader) if not each.failed]
    moved = min(elected + [begun for begun, _ in told.outages()], default=NEVER)
    kept = min(int(value) for value, _, _ in told.values("delete.retention.ms", DAY)) * MILLISECOND
    for send in told.acked() if told.known and compacts else ():
        partition, offset = send.place
        later = min([each.begun for each in told.sends if _may_supersede(told, send, each)], default=NEVER)
        deleted = [each.op for each in told.of(ops.DeleteRecords) if not each.failed and each.op.partition == partition]
        plain = send.op.value is None and send.op.key is not None and all(offset >= op.before for op in deleted)
        for drain in told.drains if plain else ():
            reached = drain.partition == partition and drain.start <= offset < drain.end
            sure = send.over < drain.opened and drain.time < min(later, moved) and drain.time - drain.opened < kept
            if reached and sure:
                tested.add(send.number)
                older = any(key == send.op.key and at < offset for at, key in drain.keys)
                back |= {send.number} if older and all(at != offset for at, _ in drain.keys) else set()
    return len(tested), len(back)


def partition_count(told: Told) -> Verdict:
    places = [(send.over, send.place[0]) for send in told.sends if send.ok] + told.given
    places += [(read.poll.over, read.place[0]) for read in told.reads]
    places += [(each.over, each.op.partition) for each in told.of(ops.ListOffsets) if each.ok]
    wrong = set()
    for time, partition in places if told.known else ():
        asked = [each.op.total for each in told.of(ops.CreatePartitions) if not each.failed and each.begun <= time]
        if partition >= max([told.created.partitions, *asked]):
            wrong.add(partition)
    return len(places) if told.known else 0, len(wrong)


def nothing_old(told: Told) -> Verdict:
    tested, wrong = 0, set()
    acts = [each for each in told.all if isinstance(each.op, ops.CreateTopic | ops.DeleteTopic) and not each.failed]
    for act in [each for each in acts if each.ok]:
        gone = [each.begun for each in acts if isinstance(each.op, ops.DeleteTopic) and each.begun <= act.begun]
        over = min((each.begun for each in acts if each.begun > act.begun), default=NEVER)
        for read in told.reads if gone else ():
            known = read.opened > act.over + 1_000 * MILLISECOND and told.calm(max(gone), read.poll.over)
            if known and read.poll.over < over:
                tested += 1
                same = [s for s in told.sends if (s.op.key, s.op.value) == (read.record.key, read.record.value)]
                old = [s for s in same if s.ok and s.over < max(gone)]
                if old and all(s in old or s.failed for s in same):
                    wrong.add((act.number, read.place))
    return tested, len(wrong)


ORACLES = {
    "retention.only-expired-goes": only_expired_goes,
    "compaction.keeps-last": keeps_last,
    "topics.partition-count": partition_count,
    "topics.nothing-old": nothing_old,
}
TOMBSTONES = {"compaction.deleted-stays-deleted": deleted_stays_deleted}
"""For histories with many of them."""
