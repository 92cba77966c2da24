"""The consumer: positions, fetching, commits. What its group tells it, it learns while polling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from brokerlaw.reference.client import Client
from brokerlaw.reference.errors import RETRIABLE, BrokerError
from brokerlaw.reference.groups import Membership
from brokerlaw.reference.member import GroupMember
from brokerlaw.reference.registration import OFFSETS
from brokerlaw.reference.settings import client_settings
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.observations import Assigned, Lost, Observation, Revoked
from brokerlaw.spec.history.operations import OpenConsumer
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.broker import Broker
    from brokerlaw.reference.cluster import Cluster

Settle = Callable[[Outcome], None]
Observe = Callable[[str, Observation], None]

MAX_POLL: Final = "max.poll.interval.ms"
BY_DURATION: Final = "by_duration:PT"
UNREADABLE: Final = RETRIABLE | {"UNKNOWN_TOPIC_OR_PARTITION"}
"""Refusals for which a partition is passed over until the next look."""


class Consumer(Client):
    """One consumer. A position is the offset of the next record to be returned; None: not found out yet."""

    def __init__(self, cluster: Cluster, op: OpenConsumer, observe: Observe) -> None:
        super().__init__(cluster, op.client)
        limits = client_settings(op.settings, {MAX_POLL: op.max_poll_interval})
        self.op = op = msgspec.structs.replace(op, max_poll_interval=limits[MAX_POLL])
        self.member: GroupMember | None = None
        self.positions: dict[TopicPartition, int | None] = {}
        self._observe = observe
        self._paused: dict[TopicPartition, None] = {}
        self._subscribed: dict[str, int] = {}
        self._turn = 0
        self._next_auto_commit = self.scheduler.now + op.auto_commit_interval * MILLISECOND
        self._committing: dict[int, Settle] = {}
        self._commits = 0

    # --- what to read ---

    def subscribe(self, topics: tuple[str, ...]) -> None:
        """Join the group, or change what is asked of it."""
        self._require_group()
        self._subscribed = {topic: self.cluster.controller.topics.get(topic, 0) for topic in topics}
        if self.member is not None:
            self.member.topics = topics
            self.member.join_anew()
            return
        parts = self.cluster.parts
        kind = parts.consumer_member if self.op.protocol == "consumer" else parts.classic_member
        self._forget_assignment()
        self.member = kind(self, self.op, topics)

    def unsubscribe(self) -> None:
        """Leave the group, with what has been read committed if that is automatic."""
        if self.member is not None:
            self.revoked(self.member.owned)
            self.member.leave()
            self.member = None
        self._forget_assignment()

    def _forget_assignment(self) -> None:
        self.positions.clear()
        self._paused.clear()

    def assign(self, offsets: Iterable[PartitionOffset]) -> None:
        """Read these. Raises `INVALID_REQUEST` for a member of a group."""
        if self.member is not None:
            raise BrokerError("INVALID_REQUEST", f"{self.name} is subscribed: its group assigns")
        for offset in offsets:
            self.cluster.controller.partition(offset.tp)
        self._auto_commit_if_due()
        self.positions = {offset.tp: offset.offset for offset in offsets}
        self._paused.clear()

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Read on from there."""
        self._require_assigned(tp)
        self.positions[tp] = offset

    def position(self, tp: TopicPartition) -> int | None:
        """The offset of the next record to be returned."""
        self._require_assigned(tp)
        return self.positions[tp]

    def hold(self, tps: Sequence[TopicPartition]) -> None:
        """Do not fetch from these. Where one is not assigned it is refused, and then it has no effect at all."""
        for tp in tps:
            self._require_assigned(tp)
        self._paused |= dict.fromkeys(tps)

    def release(self, tps: Sequence[TopicPartition]) -> None:
        """Fetch from these again, as `hold`."""
        for tp in tps:
            self._require_assigned(tp)
        for tp in tps:
            self._paused.pop(tp, None)

    def _require_assigned(self, tp: TopicPartition) -> None:
        if tp not in self.positions:
            raise BrokerError("UNKNOWN_TOPIC_OR_PARTITION", f"{tp} is not assigned to {self.name}")

    def _require_group(self) -> str:
        if self.op.group is None:
            raise BrokerError("INVALID_GROUP_ID", f"{self.name} has no group")
        return self.op.group

    # --- polling ---

    def poll(self, limit: int, timeout: int) -> tuple[Record, ...]:
        """Serve the group, then fetch; wait up to `timeout` (ns) for the first record."""
        deadline = self.scheduler.now + timeout
        self._auto_commit_if_due()
        while True:
            self.scheduler.run_for(self.scheduler.latency())
            stepped = self.member is not None and self.member.step()
            records = self.fetch(limit)
            if records or self.scheduler.now >= deadline:
                return tuple(records)
            if not stepped:
                self.scheduler.step(self._next_look(deadline))

    def _next_look(self, deadline: int) -> int:
        if self.member is None or self.member.next_heartbeat <= self.scheduler.now:
            return deadline
        return min(deadline, self.member.next_heartbeat)

    def fetch(self, limit: int) -> list[Record]:
        """Up to `limit` records from all partitions, a different one first each time."""
        records: list[Record] = []
        tps = [tp for tp in self.positions if tp not in self._paused]
        self._turn += 1
        for index in range(len(tps)):
            tp = tps[(self._turn + index) % len(tps)]
            try:
                records += self._fetch_from(tp, limit - len(records))
            except BrokerError as error:
                if error.code not in UNREADABLE and not records:  # else the next poll tells it
                    raise
            if len(records) >= limit:
                break
        return records

    def _fetch_from(self, tp: TopicPartition, limit: int) -> list[Record]:
        offset = self._start(tp)
        try:
            found = self.at_leader(tp, lambda broker: broker.fetch(tp, offset, limit, self.op.isolation))
        except BrokerError as error:
            if error.code != "OFFSET_OUT_OF_RANGE":
                raise
            self.positions[tp] = self._out_of_range(tp, error)
            return []
        self.positions[tp] = found.next
        return found.records

    def _start(self, tp: TopicPartition) -> int:
        """Where to read on: the position, or the group's commit, or what the reset policy says."""
        offset = self.positions[tp]
        if offset is None:
            offset = self.committed_offset(tp) if self.op.group is not None else None
            offset = self.positions[tp] = self._reset(tp) if offset is None else offset
        return offset

    def committed_offset(self, tp: TopicPartition) -> int | None:
        """What the group has committed, once it is certain."""
        self.coordinator(OFFSETS)
        return self.cluster.groups.stable_offset(self._require_group(), tp)

    def _reset(self, tp: TopicPartition) -> int:
        if self.op.reset == "none":
            raise BrokerError("NO_OFFSET_FOR_PARTITION", f"no offset for {tp}, and no policy to reset it")
        return self.at_leader(tp, lambda broker: self._reset_at(broker, tp))

    def _out_of_range(self, tp: TopicPartition, error: BrokerError) -> int:
        """Where to go on from outside of the log. Raises the error where there is no policy."""
        if self.op.reset == "none":
            raise error
        return self._reset(tp)

    def _reset_at(self, broker: Broker, tp: TopicPartition) -> int:
        """Where the policy begins: at the start, at the end, or at what is no older than so many seconds (KIP-1106).

        A partition that was added after the member had subscribed has nothing that it was not to read.
        """
        leader, policy = broker.leader(tp), self.op.reset
        if policy == "earliest" or (policy == "latest" and self._is_added(tp)):
            return leader.log.start
        if policy.startswith(BY_DURATION):
            age = int(policy.removeprefix(BY_DURATION).removesuffix("S")) * 1_000
            found = broker.offset_at(tp, self.scheduler.now // MILLISECOND - age)
            if found is not None:
                return found
        return leader.latest(self.op.isolation)

    def _is_added(self, tp: TopicPartition) -> bool:
        return self.member is not None and tp.partition >= self._subscribed.get(tp.topic, 0)

    # --- told by the group ---

    def assigned(self, tps: tuple[TopicPartition, ...]) -> None:
        """Partitions have been given to this member."""
        self.positions.update(dict.fromkeys(tps))
        self._tell(Assigned, tps)

    def revoked(self, tps: tuple[TopicPartition, ...]) -> None:
        """Partitions are to be given back: last chance to commit."""
        if self.op.auto_commit:
            self.auto_commit()
        self._drop(tps)
        self._tell(Revoked, tps)

    def lost(self, tps: tuple[TopicPartition, ...]) -> None:
        """Partitions are another's already."""
        self._drop(tps)
        self._tell(Lost, tps)

    def _drop(self, tps: tuple[TopicPartition, ...]) -> None:
        for tp in tps:
            self.positions.pop(tp, None)
            self._paused.pop(tp, None)

    def _tell(self, kind: type[Assigned | Revoked | Lost], tps: tuple[TopicPartition, ...]) -> None:
        assert self.member is not None
        self._observe(self.name, kind(self.member.group, self.member.id, self.member.generation, tps))

    # --- committing ---

    @property
    def membership(self) -> Membership:
        """On whose behalf this consumer commits."""
        return Membership(self._require_group()) if self.member is None else self.member.membership

    def commit(self, offsets: tuple[PartitionOffset, ...]) -> None:
        """Commit, and wait for it."""
        self.insist(partial(self._commit, self.membership, offsets))

    def _commit(self, membership: Membership, offsets: tuple[PartitionOffset, ...]) -> None:
        self.coordinator(OFFSETS)
        self.cluster.groups.commit(membership, offsets)

    def commit_later(self, offsets: tuple[PartitionOffset, ...], settle: Settle) -> None:
        """Send a commit, and do not wait. What is sent first is committed first."""
        self._commits += 1
        number, membership = self._commits, self.membership
        self._committing[number] = settle
        broker, network = self.coordinator(OFFSETS), self.cluster.network

        def arrive() -> None:
            try:
                self.cluster.groups.commit(membership, offsets)
                outcome: Outcome = Ok()
            except BrokerError as error:
                outcome = Fail(error.code, error.message)
            network.send(broker, self, lambda: self._committed(number, outcome))

        network.send(self, broker, arrive)
        self.scheduler.after(5_000 * MILLISECOND, lambda: self.deliver(lambda: self._committed(number, TIMED_OUT)))

    def _committed(self, number: int, outcome: Outcome) -> None:
        settle = self._committing.pop(number, None)
        if settle is not None:
            settle(outcome)

    def _auto_commit_if_due(self) -> None:
        if self.op.auto_commit and self.scheduler.now >= self._next_auto_commit:
            self._next_auto_commit = self.scheduler.now + self.op.auto_commit_interval * MILLISECOND
            self.auto_commit()

    def auto_commit(self) -> None:
        """Commit all positions: what earlier polls returned. If that is refused, it is tried again another time."""
        there = self.cluster.controller.partitions
        placed = [(tp, offset) for tp, offset in self.positions.items() if tp in there]
        offsets = tuple(PartitionOffset(*tp, offset) for tp, offset in placed if offset is not None)
        if offsets and self.op.group is not None:
            try:
                self._commit(self.membership, offsets)
            except BrokerError:
                return

    # --- its life ---

    def close(self) -> None:
        """Commit if that is automatic, leave the group, end."""
        if self.op.auto_commit and self.member is None:
            self.auto_commit()
        self.unsubscribe()
        self.scheduler.run_until(lambda: not self._committing, self.scheduler.now + 5_000 * MILLISECOND)
        self.kill()

    def kill(self) -> None:
        """Vanish."""
        super().kill()
        if self.member is not None:
            self.member.fall_silent()
        committing, self._committing = self._committing, {}
        for settle in committing.values():
            settle(Unknown("CLIENT_CRASHED", "it was under way"))

    def pause(self) -> None:
        """Stand still."""
        super().pause()
        if self.member is not None:
            self.member.fall_silent()

    def resume(self) -> None:
        """Go on as if nothing had happened."""
        if self.member is not None:
            self.member.speak_again()
        super().resume()


TIMED_OUT: Final = Unknown("REQUEST_TIMED_OUT", "the coordinator has not answered")
