"""The group coordinator: groups of both protocols, and the offsets that they have committed. KIP-848, KIP-447."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from brokerlaw.reference.classic_group import ClassicGroup
from brokerlaw.reference.consumer_group import ConsumerGroup
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.registration import OFFSETS
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.values import GroupListing, GroupState, PartitionOffset, TopicPartition

if TYPE_CHECKING:
    from brokerlaw.reference.cluster import Cluster

Group: TypeAlias = ClassicGroup | ConsumerGroup
Offsets: TypeAlias = dict[TopicPartition, int]


class Membership(NamedTuple):
    """On whose behalf a request is made. A consumer that is in no group by membership has no member id."""

    group: str
    member: str = ""
    generation: int = -1
    instance: str | None = None


class Written(NamedTuple):
    """When an offset was written down: its place in the coordinator's log, and the time (ns)."""

    place: int
    time: int


class Pending(NamedTuple):
    """An offset that waits for the end of its transaction."""

    offset: int
    written: Written


class GroupCoordinator:
    """All groups. It is wherever its partition is led; its state is taken to be replicated there."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._groups: dict[str, Group] = {}
        self._offsets: dict[str, Offsets] = {}
        self._written: dict[tuple[str, TopicPartition], Written] = {}
        self._pending: dict[str, dict[int, dict[TopicPartition, Pending]]] = {}
        self._place = 0
        self._members = 0

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of partitions of each topic."""
        return self.cluster.controller.topics

    def new_member(self, client: str) -> str:
        """A member id that no one has had."""
        self._members += 1
        return f"{client}-{self._members}"

    # --- groups ---

    def classic(self, name: str) -> ClassicGroup:
        """The group, which begins with this if need be. Raises `INCONSISTENT_GROUP_PROTOCOL`."""
        group = self._groups.get(name)
        if group is None or (not group.members and not isinstance(group, ClassicGroup)):
            group = self._groups[name] = self.cluster.parts.classic_group(self, name)
        if not isinstance(group, ClassicGroup):
            raise BrokerError("INCONSISTENT_GROUP_PROTOCOL", f"group {name!r} speaks the consumer protocol")
        return group

    def consumer(self, name: str) -> ConsumerGroup:
        """The group, which begins with this if need be. Raises `INCONSISTENT_GROUP_PROTOCOL`."""
        group = self._groups.get(name)
        if group is None or (not group.members and not isinstance(group, ConsumerGroup)):
            group = self._groups[name] = self.cluster.parts.consumer_group(self, name)
        if not isinstance(group, ConsumerGroup):
            raise BrokerError("INCONSISTENT_GROUP_PROTOCOL", f"group {name!r} speaks the classic protocol")
        return group

    def describe(self, name: str) -> GroupState:
        """A group as it is now."""
        self._expire(name)
        group = self._groups.get(name)
        if group is None:
            return GroupState("empty" if name in self._offsets else "dead", ())
        return group.describe()

    def listed(self) -> tuple[GroupListing, ...]:
        """All groups as they are now."""
        states = ((name, self.describe(name).state) for name in sorted({*self._groups, *self._offsets}))
        return tuple(GroupListing(name, state) for name, state in states if state != "dead")

    def delete(self, name: str) -> None:
        """Forget a group and its offsets. Raises `GROUP_ID_NOT_FOUND`, `NON_EMPTY_GROUP`."""
        self._require_found(name)
        self._require_empty(name)
        self._groups.pop(name, None)
        self._offsets.pop(name, None)
        self._pending.pop(name, None)

    def _require_found(self, name: str) -> None:
        self._expire(name)
        if name not in self._groups and name not in self._offsets:
            raise BrokerError("GROUP_ID_NOT_FOUND", f"no group {name!r}")

    def _require_empty(self, name: str) -> None:
        group = self._groups.get(name)
        if group is not None and group.members:
            raise BrokerError("NON_EMPTY_GROUP", f"group {name!r} has members")

    def expect(self, membership: Membership, timeout: int, is_silent: Callable[[], bool]) -> None:
        """A member has fallen silent: if it still is when its session runs out (ns), it is a member no longer."""

        def expire() -> None:
            if not is_silent():
                return
            if self.cluster.host(OFFSETS) is None:
                self.cluster.scheduler.after(100 * MILLISECOND, expire)
            else:
                self.evict(membership)

        self.cluster.scheduler.after(timeout, expire)

    def evict(self, membership: Membership) -> None:
        """Do without a member, if it is one."""
        group = self._groups.get(membership.group)
        if group is not None and membership.member in group.members:
            group.remove(membership.member)

    # --- offsets ---

    def commit(self, membership: Membership, offsets: Iterable[PartitionOffset]) -> None:
        """Commit offsets. Raises what `check` does, and `UNKNOWN_TOPIC_OR_PARTITION`."""
        self.check(membership)
        self._write(membership.group, self.placed(offsets))

    def placed(self, offsets: Iterable[PartitionOffset]) -> Offsets:
        """Offsets by partition. Raises `UNKNOWN_TOPIC_OR_PARTITION`: none is kept for what is not there."""
        found = {offset.tp: offset.offset for offset in offsets}
        for tp in found:
            self.cluster.controller.partition(tp)
        return found

    def check(self, membership: Membership) -> None:
        """Whether it may commit. Raises `ILLEGAL_GENERATION`, `UNKNOWN_MEMBER_ID`, `FENCED_INSTANCE_ID`, …"""
        group = self._groups.get(membership.group)
        if group is not None:
            group.check(membership)
        elif membership.generation >= 0:
            raise BrokerError("ILLEGAL_GENERATION", f"no group {membership.group!r}")

    def _write(self, name: str, offsets: Offsets) -> None:
        written = self._next()
        self._written |= {(name, tp): written for tp in offsets}
        self.store(name, offsets)

    def _next(self) -> Written:
        """The next place in the log."""
        self._place += 1
        return Written(self._place, self.cluster.scheduler.now)

    def store(self, name: str, offsets: Offsets) -> None:
        """Make these the group's offsets."""
        self._offsets.setdefault(name, {}).update(offsets)

    def committed(self, name: str, tp: TopicPartition) -> int | None:
        """The group's offset for a partition."""
        self._expire(name)
        return self._offsets.get(name, {}).get(tp)

    def stable_offset(self, name: str, tp: TopicPartition) -> int | None:
        """The same for a consumer that goes on from there. Raises `UNSTABLE_OFFSET_COMMIT` while one is undecided."""
        if any(tp in offsets for offsets in self._pending.get(name, {}).values()):
            raise BrokerError("UNSTABLE_OFFSET_COMMIT", f"a transaction may move {name!r} in {tp}")
        return self.committed(name, tp)

    def reset(self, name: str, offsets: Iterable[PartitionOffset]) -> None:
        """Set the offsets of a group without members. Raises `NON_EMPTY_GROUP`, `UNKNOWN_TOPIC_OR_PARTITION`."""
        self._require_empty(name)
        self._write(name, self.placed(offsets))

    def delete_offsets(self, name: str, partitions: Iterable[TopicPartition]) -> None:
        """Forget what is committed for these. Raises `GROUP_ID_NOT_FOUND`, `GROUP_SUBSCRIBED_TO_TOPIC`."""
        self._require_found(name)
        group = self._groups.get(name)
        subscribed = set() if group is None else group.topics
        for tp in partitions:
            if tp.topic in subscribed:
                raise BrokerError("GROUP_SUBSCRIBED_TO_TOPIC", f"group {name!r} is subscribed to {tp.topic!r}")
        for tp in partitions:
            self._offsets.get(name, {}).pop(tp, None)
            for pending in self._pending.get(name, {}).values():
                pending.pop(tp, None)

    def forget_topic(self, topic: str) -> None:
        """A topic was deleted: with it goes what is committed for it, or is to be by a transaction (KAFKA-2000)."""
        for offsets in self._offsets.values():
            for tp in [tp for tp in offsets if tp.topic == topic]:
                del offsets[tp]
        for producers in self._pending.values():
            for pending in producers.values():
                for tp in [tp for tp in pending if tp.topic == topic]:
                    del pending[tp]

    def commit_in_transaction(self, membership: Membership, producer: int, offsets: Iterable[PartitionOffset]) -> None:
        """Put offsets aside until the producer's transaction is decided. Raises as `commit`."""
        self.check(membership)
        there = self.placed(offsets)
        self.put_aside(membership.group, producer, (PartitionOffset(*tp, offset) for tp, offset in there.items()))

    def put_aside(self, name: str, producer: int, offsets: Iterable[PartitionOffset]) -> None:
        """Keep offsets until the producer's transaction is decided."""
        written = self._next()
        pending = self._pending.setdefault(name, {}).setdefault(producer, {})
        pending.update({offset.tp: Pending(offset.offset, written) for offset in offsets})

    def end_transaction(self, name: str, producer: int, commit: bool) -> None:
        """The producer's transaction is decided: an offset counts from where it was sent, not from here.

        What was written after it stays (Kafka, `GroupMetadata.completePendingTxnOffsetCommit`).
        """
        pending = self._pending.get(name, {}).pop(producer, {})
        if commit:
            newer = {tp: each for tp, each in pending.items() if not self._is_passed(name, tp, each)}
            self._written |= {(name, tp): each.written for tp, each in newer.items()}
            self.store(name, {tp: each.offset for tp, each in newer.items()})

    def _is_passed(self, name: str, tp: TopicPartition, pending: Pending) -> bool:
        present = self._written.get((name, tp))
        return tp in self._offsets.get(name, {}) and present is not None and present.place > pending.written.place

    def _expire(self, name: str) -> None:
        """Forget what is too old (`offsets.retention.minutes`): since the commit, and since the group has no members.

        While it has, only what nobody in it is subscribed to can be. With its last offset an empty group is gone.
        """
        group, offsets = self._groups.get(name), self._offsets.get(name, {})
        emptied, topics = (0, set[str]()) if group is None else (group.emptied, group.topics)
        limit = self.cluster.scheduler.now - self.cluster.settings.offsets_retention
        old = [tp for tp in offsets if tp.topic not in topics and self._is_old(name, tp, emptied, limit)]
        for tp in old:
            del offsets[tp]
        if old and not offsets and not (group and group.members):
            self._groups.pop(name, None)
            self._offsets.pop(name)

    def _is_old(self, name: str, tp: TopicPartition, emptied: int, limit: int) -> bool:
        written = self._written.get((name, tp))
        return written is not None and max(written.time, emptied) < limit
