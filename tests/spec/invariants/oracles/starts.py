"""Where members of groups begin, and what groups are told of their commits: each first read beside each commit.

A client has one name and one opening here. Values are sent once.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from oracles.committed import WEEK, Commit, commits
from oracles.members import holdings
from oracles.progress import NEVER, SECOND, Done, Told
from oracles.readers import Readers

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.history.values import Record, TopicPartition


class Start(NamedTuple):
    """The first record of an assignment, and what its member may have been told of its group's commits."""

    member: Any
    poll: Done
    record: Record
    tp: TopicPartition
    assigned: int
    sure: bool
    lowest: int
    highest: int

    @property
    def untold(self) -> bool:
        """Whether its group has committed nothing."""
        return not self.sure and self.highest < 0


class Begun:
    """A history with its starts."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.log = Readers(Recording(told.header, told.rows))
        self.commits = [each for each in commits(told) if each.at is not None]
        self.held = holdings(told)
        self.starts = list(self._starts()) if self.log.clean and told.steady("t") else []

    def group_of(self, op: Done) -> str | None:
        if isinstance(op.op, ops.ResetOffsets | ops.FetchCommitted):
            return op.op.group
        name = op.op.consumer if isinstance(op.op, ops.SendOffsets) else op.process
        return self.log.by_client[name].group

    def of(self, group: str | None, tp: TopicPartition) -> list[Commit]:
        return [each for each in self.commits if self.group_of(each.op) == group and each.at.tp == tp]  # type: ignore[union-attr]

    def _starts(self) -> Iterator[Start]:
        seen = set()
        for poll in sorted((each for each in self.told.of(ops.Poll) if each.ok), key=lambda each: each.ended):
            for record in poll.outcome.value:
                tp = TopicPartition(record.topic, record.partition)
                assigned = self._assigned(poll, tp)
                if assigned is None or (poll.process, tp, assigned) in seen:
                    continue
                seen.add((poll.process, tp, assigned))
                member = self.log.by_client[poll.process]
                if not self._doubtful(poll, tp, assigned) and self._accountable(member.group):
                    yield Start(member, poll, record, tp, assigned, *self._admissible(member, tp, assigned, poll.ended))

    def _assigned(self, poll: Done, tp: TopicPartition) -> int | None:
        """When its reader was given the partition that it reads of, if it did not move there by hand."""
        given = [each.begin for each in self.held if each.member.process == poll.process and each.tp == tp]
        moved = [
            each.begun
            for each in self.told.of(ops.Seek, ops.Assign)
            if each.process == poll.process
            if tp in ([x.tp for x in each.op.offsets] if isinstance(each.op, ops.Assign) else [_tp(each.op)])
        ]
        last = max((at for at in [*given, *moved] if at < poll.ended), default=None)
        return last if last in given else None

    def _doubtful(self, poll: Done, tp: TopicPartition, assigned: int) -> bool:
        """Whether it may have been given other records before, of this assignment or of the one before."""
        mine = [each for each in self.held if each.member.process == poll.process and each.tp == tp]
        prior = [each for each in mine if each.begin < assigned]
        if assigned > poll.begun and prior and prior[-1].end > poll.begun:
            return True
        polls = [each for each in self.told.of(ops.Poll) if each.process == poll.process and each.number < poll.number]
        return any(not (each.ok or each.refused) and each.ended >= assigned for each in polls)

    def _accountable(self, group: str) -> bool:
        forgetting = [each for each in self.told.of(ops.DeleteGroup, ops.DeleteOffsets) if not each.refused]
        return not self.by_itself(group) and all(each.op.group != group for each in forgetting)

    def by_itself(self, group: str | None) -> bool:
        return any(each.auto_commit and each.group == group for each in self.log.by_client.values())

    def _admissible(self, member: Any, tp: TopicPartition, begin: int, end: int) -> tuple[bool, int, int]:
        """Whether a commit was certain, and the lowest and the highest that may stand."""
        theirs = self.of(member.group, tp)
        last = max((each.written for each in theirs if each.done[member.isolation] < begin), default=-1)
        may = [each.offset for each in theirs if each.begun < end and each.placed >= last]
        sure = last >= 0 and end - last < WEEK
        return sure, min(may, default=NEVER), max(may, default=-1)  # type: ignore[type-var, return-value]  # offsets

    def passes_over(self, start: Start, begin: int) -> bool:
        return self.log.between(start.poll.process, start.tp, begin, start.record.offset)

    def floor(self, start: Start) -> int:
        """Where a member that loses nothing begins at the latest; NEVER: anywhere."""
        cut, earliest = self.log.cut(start.tp, NEVER), start.member.reset == "earliest"
        knowable = self.keeps and (earliest or (start.sure and cut == 0))
        return max(start.highest, cut, 0) if knowable else NEVER

    @property
    def keeps(self) -> bool:
        return self.log.keeps and self.told.known("t")

    def added(self, start: Start) -> bool:
        """Whether its partition was added after it had subscribed to the topic, and to no other."""
        created = self.told.of(ops.CreateTopic)[0]
        asked = [
            each.begun
            for each in self.told.of(ops.CreatePartitions)
            if not each.refused and created.op.partitions <= start.tp.partition < each.op.total
        ]
        mine = [each for each in self.told.of(ops.Subscribe, ops.Unsubscribe) if each.process == start.poll.process]
        alone = len(mine) == 1 and isinstance(mine[0].op, ops.Subscribe) and mine[0].ok
        return self.told.known("t") and bool(asked) and alone and "t" in mine[0].op.topics and mine[0].ended < asked[0]


_begun = lru_cache(maxsize=1)(Begun)


def _tp(op: Any) -> TopicPartition:
    return TopicPartition(op.topic, op.partition)


def resume_at_commit(told: Told) -> tuple[int, int]:
    begun, tested, broken = _begun(told), 0, 0
    for start in begun.starts:
        floor, offset = begun.floor(start), start.record.offset
        tested += start.sure or floor < NEVER
        reached = start.highest <= begun.log.end_by(start.tp, start.assigned)
        broken += start.sure and offset < start.lowest and reached
        broken += begun.passes_over(start, floor)
    return tested, broken


def reset_policy(told: Told) -> tuple[int, int]:
    begun, tested, broken = _begun(told), 0, 0
    for start in begun.starts:
        kind, _, duration = start.member.reset.partition(":PT")
        since, offset = _since(told, start), start.record.offset
        by_end = start.member.isolation == "read_uncommitted" or not _transactional(told)
        sent = [each for each in told.of(ops.Send) if each.op.value == start.record.value]
        if not start.untold:
            continue
        if kind == "none":
            tested, broken = tested + 1, broken + 1
        elif kind == "latest" and by_end and not begun.added(start):
            tested += 1
            broken += offset < begun.log.end_by(start.tp, since)
        elif duration and sent[0].ok and sent[0].op.timestamp is None:
            tested += 1
            broken += sent[0].ended + int(duration[:-1]) * SECOND + SECOND < since
    return tested, broken


def _since(told: Told, start: Start) -> int:
    """When the poll began that saw the assignment, or when it was told."""
    polls = [each for each in told.of(ops.Poll) if each.process == start.poll.process and each.begun <= start.assigned]
    return polls[-1].begun if polls and polls[-1].ended >= start.assigned else start.assigned


def _transactional(told: Told) -> bool:
    """Whether somebody sent in a transaction: those of one producer follow one another here."""
    for send in told.of(ops.Send):
        inside = False
        for each in told.done[: send.number]:
            if each.process == send.process and isinstance(each.op, ops.BeginTransaction) and not each.refused:
                inside = True
            if each.process == send.process and isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction):
                inside = inside and not each.ok
        if inside:
            return True
    return False


def added_from_the_start(told: Told) -> tuple[int, int]:
    begun = _begun(told)
    judged = [
        start
        for start in begun.starts
        if start.untold and start.member.reset == "latest" and begun.added(start)
        if begun.keeps and begun.log.cut(start.tp, NEVER) == 0
    ]
    return len(judged), sum(begun.passes_over(start, 0) for start in judged)


def independent(told: Told) -> tuple[int, int]:
    begun, tested, broken = _begun(told), 0, 0
    groups = {each.group for each in begun.log.by_client.values() if each.group}
    for answer in told.of(ops.Committed, ops.FetchCommitted) if told.known("t") else ():
        group, tp = begun.group_of(answer), _tp(answer.op)
        if not answer.ok or begun.by_itself(group):
            continue
        offset = answer.outcome.value
        mine = [each for each in begun.of(group, tp) if each.begun <= answer.ended and each.offset == offset]
        others = [each for other in groups - {group} for each in begun.of(other, tp) if each.begun < answer.ended]
        strange = offset is not None and not mine
        tested += strange or bool(others)
        broken += strange
    for start in begun.starts:
        others = [each for each in told.of(ops.Poll) if each.ok and each.ended < start.assigned]
        others = [each for each in others if begun.log.by_client[each.process].group not in (None, start.member.group)]
        read = any(_tp(record) == start.tp for each in others for record in each.outcome.value)
        if start.highest < 0 and begun.floor(start) < NEVER and read:
            tested += 1
            broken += begun.passes_over(start, begun.floor(start))
    return tested, broken


ORACLES = {
    "offsets.resume-at-commit": resume_at_commit,
    "offsets.reset-policy": reset_policy,
    "offsets.added-from-the-start": added_from_the_start,
    "groups.independent": independent,
}
