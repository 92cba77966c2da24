"""`progress.*`, read off their statements: every wait, every send and every last stable offset, one by one."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, CaughtUp, Drained, Lost, Revoked, Stable, WaitTimedOut
from brokerlaw.spec.history.operation import BrokerFault, Repair
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import TopicPartition

SECOND = 1_000_000_000
NEVER = 2**70


class Done(NamedTuple):
    """An operation from beginning to end; `outcome` None: it never ended."""

    number: int
    process: str
    op: Any
    begun: int
    ended: int
    outcome: Any

    @property
    def ok(self) -> bool:
        return isinstance(self.outcome, Ok)

    @property
    def refused(self) -> bool:
        return isinstance(self.outcome, Fail)


class Told:
    """A recording, told once."""

    def __init__(self, recording: Recording) -> None:
        self.header, self.rows = recording.header, recording.rows
        ends = {row.op: row for row in recording.rows if isinstance(row, Complete)}
        invoked = [row for row in recording.rows if isinstance(row, Invoke)]
        self.done = [
            Done(row.op, row.process, row.value, row.time, end.time if end else NEVER, end.outcome if end else None)
            for row in invoked
            for end in (ends.get(row.op),)
        ]
        self.brokers = recording.header.brokers
        self.seen = [(row.time, row.value) for row in recording.rows if isinstance(row, Observe)]
        self.outages = list(self._outages())

    def left_while_joining(self, group: str, time: int) -> bool:
        """Whether a client of the group unsubscribed within 10 s of subscribing, and had been told of nothing since."""
        for left in self.of(ops.Unsubscribe):
            before = [each for each in self.done[: left.number] if each.process == left.process]
            opened = [each for each in before if isinstance(each.op, ops.OpenConsumer)][-1:]
            asked = [each for each in before if isinstance(each.op, ops.Subscribe)]
            asked = [each for each in asked if opened and each.number > opened[0].number][-1:]
            if opened and asked and opened[0].op.group == group and left.begun <= time:
                told = any(
                    isinstance(row, Observe)
                    and isinstance(row.value, Assigned | Revoked | Lost)
                    and row.process == left.process
                    and asked[0].begun < row.time < left.begun
                    and row.value.partitions
                    for row in self.rows
                )
                if not told and left.begun - asked[0].begun < 10 * SECOND:
                    return True
        return False

    def of(self, *kinds: type) -> list[Done]:
        return [each for each in self.done if isinstance(each.op, kinds)]

    def waits(self, awaited: str, seconds: float) -> Iterator[tuple[int, int, WaitTimedOut]]:
        """Undisturbed waits that were long enough: (begun, ended, wait)."""
        for time, wait in self.seen:
            if isinstance(wait, WaitTimedOut) and wait.awaited == awaited and wait.milliseconds >= 1000 * seconds:
                begun = time - wait.milliseconds * 1_000_000
                if self.calm(begun, time):
                    yield begun, time, wait

    def calm(self, begun: int, ended: int) -> bool:
        return all(start > ended or begun > end for start, end in self.outages)

    def _outages(self) -> Iterator[tuple[int, int]]:
        for fault in self.of(BrokerFault):
            if not fault.refused:
                repairs = [each for each in self.of(Repair) if each.ok and each.number > fault.number]
                ends = [repair.ended for repair in repairs if repair.op.ends(fault.op)]
                yield fault.begun, min(ends, default=NEVER)

    def steady(self, topic: str) -> bool:
        created = [each for each in self.of(ops.CreateTopic) if each.op.topic == topic and not each.refused]
        deleted = [each for each in self.of(ops.DeleteTopic) if each.op.topic == topic and not each.refused]
        return len(created) <= 1 and not deleted

    def clean(self, topic: str) -> bool:
        settings = [each.op.settings for each in self.of(ops.CreateTopic) if each.op.topic == topic]
        return self.steady(topic) and {"unclean.leader.election.enable": "true"} not in settings

    def known(self, topic: str) -> bool:
        created = [each for each in self.of(ops.CreateTopic) if each.op.topic == topic and not each.refused]
        return self.steady(topic) and len(created) == 1 and created[0].ok


def log_is_read(told: Told) -> tuple[int, int]:
    came = sum(isinstance(value, Drained) for _, value in told.seen)
    owed = sum(told.clean(wait.topic or "") for _, _, wait in told.waits("drained", 30))
    return came + owed, owed


def leader_returns(told: Told) -> tuple[int, int]:
    owed = sum(told.known(wait.topic or "") for _, _, wait in told.waits("leader", 9))
    return _described(told, full=False) + owed, owed


def in_sync_again(told: Told) -> tuple[int, int]:
    owed = sum(told.known(wait.topic or "") for _, _, wait in told.waits("in-sync", 54))
    return _described(told, full=True) + owed, owed


def _described(told: Told, full: bool) -> int:
    states = [each for each in told.of(ops.DescribePartition) if each.ok and told.calm(each.begun, each.begun)]
    led = [each.outcome.value for each in states if each.outcome.value.leader is not None]
    return sum(set(state.isr) == set(state.replicas) or not full for state in led)


def group_rests(told: Told) -> tuple[int, int]:
    unsettled = sum(isinstance(value, WaitTimedOut) and value.awaited == "stable" for _, value in told.seen)
    came = max(0, sum(isinstance(value, Stable) for _, value in told.seen) - unsettled)
    owed = sum(_restful(told, wait.group or "", *span) and _long(told, wait) for *span, wait in told.waits("stable", 0))
    return came + owed, owed


def application_catches_up(told: Told) -> tuple[int, int]:
    timeouts = [
        each.op.transaction_timeout / 1000 for each in told.of(ops.OpenProducer) if each.op.transactional_id is not None
    ]
    bound, owed = 30 + (max(timeouts) + 10 if timeouts else 0), 0
    for begun, ended, wait in told.waits("caught-up", bound):
        group = wait.group or ""
        begins = all(member.op.reset != "none" for member in _members(told, group))
        owed += told.clean(wait.topic or "") and begins and _restful(told, group, begun, ended) and _long(told, wait)
    return sum(isinstance(value, CaughtUp) for _, value in told.seen) + owed, owed


def _members(told: Told, group: str) -> list[Done]:
    return [each for each in told.of(ops.OpenConsumer) if each.op.group == group]


def _long(told: Told, wait: WaitTimedOut) -> bool:
    sessions = [
        max(member.op.session_timeout, 45_000) + 5_000
        if member.op.protocol == "consumer"
        else member.op.session_timeout
        for member in _members(told, wait.group or "")
    ]
    return wait.milliseconds >= 2 * max(sessions, default=0) + 3_000


def _restful(told: Told, group: str, begun: int, ended: int) -> bool:
    members = _members(told, group)
    names = {member.process for member in members}
    kinds = {(member.op.protocol, member.op.assignor) for member in members}
    if told.left_while_joining(group, ended):
        return False
    ids = [member.op.instance_id for member in members if member.op.instance_id]
    if len(kinds) != 1 or len(ids) != len(set(ids)) or any(m.op.max_poll_interval < 30_000 for m in members):
        return False
    for asked in told.of(ops.Subscribe):
        if asked.process in names:
            grown = {
                each.op.topic for each in told.of(ops.CreatePartitions) if not each.refused and each.begun <= ended
            }
            if not asked.ok or any(topic in grown or not told.known(topic) for topic in asked.op.topics):
                return False
    return not any(
        poll.process in names and poll.refused and begun <= poll.begun <= ended for poll in told.of(ops.Poll)
    )


def acked_becomes_visible(told: Told) -> tuple[int, int]:
    visible, hidden = 0, []
    for send in told.of(ops.Send):
        if send.ok and send.outcome.value.offset >= 0 and told.clean(send.op.topic):
            end = _last_end_of_the_epoch(told, send)
            if end is not None and end.begun > send.ended:
                if send.outcome.value.offset < end.outcome.value:
                    visible += 1
                else:
                    hidden.append((send, end))
    owed = 0
    for begun, _, wait in told.waits("visible", 47):
        owed += any(
            _place(send) == (wait.topic, wait.partition) and send.ended <= begun <= end.begun for send, end in hidden
        )
    return visible + owed, owed


def _place(send: Done) -> tuple[str, int]:
    return send.outcome.value.topic, send.outcome.value.partition


def _last_end_of_the_epoch(told: Told, send: Done) -> Done | None:
    place = _place(send)
    states = [
        each
        for each in told.of(ops.DescribePartition)
        if each.ok and (each.op.topic, each.op.partition) == place and each.outcome.value.leader is not None
    ]
    before = [each for each in states if each.ended < send.begun]
    if not before:
        return None
    until = max(each.begun for each in states if each.outcome.value.epoch == before[-1].outcome.value.epoch)
    ends = [
        each
        for each in told.of(ops.ListOffsets)
        if each.ok and each.op.isolation == "read_uncommitted" and each.op.at == "latest" and each.ended < until
        if (each.op.topic, each.op.partition) == place
    ]
    return ends[-1] if ends else None


def send_ends(told: Told) -> tuple[int, int]:
    flushed = owed = 0
    for send in told.of(ops.Send):
        later = [each for each in told.of(ops.Flush, ops.Close, ops.CommitTransaction) if each.number > send.number]
        waited = [each for each in later if each.process == send.process and each.ok]
        if waited:
            flushed += 1
            owed += send.outcome is None or send.ended > waited[0].ended + SECOND
    return flushed, owed


def flushes_and_closes(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for asked in told.of(ops.Flush, ops.Close):
        theirs = [each for each in told.done if each.process == asked.process and each.number < asked.number]
        opened = [each for each in theirs if isinstance(each.op, ops.OpenProducer | ops.OpenConsumer)][-1]
        over = any(isinstance(each.op, ops.Close | ops.Crash) for each in theirs)
        frozen = any(each.process == asked.process and not each.refused for each in told.of(ops.Freeze))
        more = getattr(opened.op, "transactional_id", None) or getattr(opened.op, "auto_commit", False)
        if asked.outcome and opened.ok and not (over or frozen or more) and told.calm(asked.begun, asked.ended):
            tested += 1
            wrong += asked.refused
    return tested, wrong


def transaction_ends(told: Told) -> tuple[int, int]:
    reached, late = 0, set()
    for stable in told.of(ops.ListOffsets):
        if (
            not stable.ok
            or stable.op.isolation != "read_committed"
            or not (told.known(stable.op.topic) and told.clean(stable.op.topic))
        ):
            continue
        place = TopicPartition(stable.op.topic, stable.op.partition)
        ends = [
            each.outcome.value
            for each in told.of(ops.ListOffsets)
            if each.ok and each.op.isolation == "read_uncommitted" and each.ended < stable.begun
            if TopicPartition(each.op.topic, each.op.partition) == place
        ]
        overs = [_over(told, send) for send in told.of(ops.Send) if send.op.topic == place.topic]
        over = max((when for begun, when in overs if begun < stable.begun), default=0)
        if not ends or not over:
            continue
        if stable.outcome.value >= max(ends):
            reached += 1
        elif over < stable.begun and told.calm(over, stable.ended):
            late.add(stable.number)
    return reached + len(late), len({told.done[number].op.partition for number in late})


def _over(told: Told, send: Done) -> tuple[int, int]:
    """When a send was begun, and when its transaction was over; 0: it is in none."""
    theirs = [each for each in told.done if each.process == send.process]
    ending = (ops.CommitTransaction, ops.AbortTransaction)
    begun: Done | None = None
    for each in theirs[: theirs.index(send)]:
        if isinstance(each.op, ops.BeginTransaction) and not each.refused:
            begun = each
        elif isinstance(each.op, ending) and each.ok:
            begun = None
    if begun is None:
        return send.begun, 0
    ended = NEVER
    for each in theirs[theirs.index(begun) + 1 :]:
        if isinstance(each.op, ops.BeginTransaction) and not each.refused:
            break
        if isinstance(each.op, ending) and each.ok:
            ended = each.ended
            break
    (opened,) = (each for each in theirs if isinstance(each.op, ops.OpenProducer))
    last = max(each.ended for each in theirs)
    return send.begun, min(ended, last + opened.op.transaction_timeout * 1_000_000 + 10 * SECOND) + 10 * SECOND


ORACLES = {
    "progress.log-is-read": log_is_read,
    "progress.group-rests": group_rests,
    "progress.application-catches-up": application_catches_up,
    "progress.acked-becomes-visible": acked_becomes_visible,
    "progress.leader-returns": leader_returns,
    "progress.in-sync-again": in_sync_again,
    "progress.send-ends": send_ends,
    "progress.flushes-and-closes": flushes_and_closes,
    "progress.transaction-ends": transaction_ends,
}
