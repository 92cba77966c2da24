"""Offsets, consumption, retention: bugs of committed offsets and of the consumers that go by them."""

from collections.abc import Iterable
from typing import Final

from brokerlaw.reference.classic_group import ClassicGroup
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.consumer import Consumer
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.groups import GroupCoordinator, Membership, Offsets
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.registration import OFFSETS as INTERNAL
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition


class CommitsWhatItFetched(Consumer):
    """Commits by itself, and before the application has seen anything."""

    def poll(self, limit: int, timeout: int) -> tuple[Record, ...]:
        """Fetch, and commit that."""
        records = super().poll(limit, timeout)
        self.auto_commit()
        return records


class ExpiresInRebalance(ClassicGroup):
    """A group that is between two generations has no members, and its offsets expire."""

    def prepare(self) -> None:
        """Begin a round, and forget."""
        super().prepare()
        self.coordinator.store(self.name, {})
        self.coordinator._offsets[self.name].clear()


class LostWithTheCoordinator(GroupCoordinator):
    """A commit is acknowledged by a coordinator that has not replicated it, and is lost with it."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # whatever the sound one takes
        self._epoch = 0

    def store(self, name: str, offsets: Offsets) -> None:
        """In the memory of this coordinator."""
        self._take_over()
        super().store(name, offsets)

    def committed(self, name: str, tp: TopicPartition) -> int | None:
        """If this coordinator remembers."""
        self._take_over()
        return super().committed(name, tp)

    def _take_over(self) -> None:
        epoch = self.cluster.controller.partitions[INTERNAL].epoch
        if epoch != self._epoch:
            self._epoch = epoch
            self._offsets.clear()


class KeepsCommitsOfDeletedTopics(GroupCoordinator):
    """What is committed for a topic outlives it."""

    def forget_topic(self, topic: str) -> None:
        """Forget nothing."""


class CommitsTheLast(GroupCoordinator):
    """The offset of the last record processed is committed, not of the next one."""

    def store(self, name: str, offsets: Offsets) -> None:
        """One less."""
        super().store(name, {tp: max(0, offset - 1) for tp, offset in offsets.items()})


class CommitsTheNextButOne(GroupCoordinator):
    """The offset after the next is committed."""

    def store(self, name: str, offsets: Offsets) -> None:
        """One more."""
        super().store(name, {tp: offset + 1 for tp, offset in offsets.items()})


class AlwaysLatest(Consumer):
    """Without a committed offset it begins at the end, whatever the policy."""

    def _reset(self, tp: TopicPartition) -> int:
        leader = self.at_leader(tp, lambda broker: broker.leader(tp))
        return leader.latest(self.op.isolation)


class SeekLost(Consumer):
    """A seek is overwritten by the position of a fetch in flight."""

    def seek(self, tp: TopicPartition, offset: int) -> None:
        """Check it, and go on."""
        self._require_assigned(tp)


class SharedOffsets(GroupCoordinator):
    """Groups share one committed position."""

    def store(self, name: str, offsets: Offsets) -> None:
        """For everyone."""
        super().store("", offsets)

    def committed(self, name: str, tp: TopicPartition) -> int | None:
        """Anyone's."""
        return super().committed("", tp)


class DeletesOnConsume(GroupCoordinator):
    """What one group has committed is deleted."""

    def commit(self, membership: Membership, offsets: Iterable[PartitionOffset]) -> None:
        """Commit, and tidy up."""
        super().commit(membership, offsets)
        for offset in offsets:
            for broker in self.cluster.brokers.values():
                try:
                    broker.leader(offset.tp).log.delete_before(offset.offset)
                except BrokerError:
                    continue


class ForgetsSmallCommits(GroupCoordinator):
    """An offset is not moved back."""

    def store(self, name: str, offsets: Offsets) -> None:
        """The larger one wins."""
        super().store(name, {tp: max(offset, self.committed(name, tp) or 0) for tp, offset in offsets.items()})


OFFSETS: Final = {
    "commit-before-process": Mutant(
        "a position is committed when its records are fetched, though the application commits by hand",
        "KAFKA-18641; Kafka documentation, enable.auto.commit",
        Parts(consumer=CommitsWhatItFetched),
        ("delivery.at-least-once", "offsets.resume-at-commit"),
    ),
    "commits-outlive-the-topic": Mutant(
        "what a group has committed for a topic is there still when the topic was deleted",
        "KAFKA-2000; franz-go pull request 1411",
        Parts(groups=KeepsCommitsOfDeletedTopics),
        ("commits.gone-with-the-topic",),
    ),
    "KAFKA-13636": Mutant(
        "committed offsets expire while the group rebalances",
        "KAFKA-13636",
        Parts(classic_group=ExpiresInRebalance),
        ("offsets.resume-at-commit", "delivery.at-most-once"),
    ),
    "KAFKA-20634": Mutant(
        "a commit is acknowledged by a coordinator that is not one any more, and is lost",
        "KAFKA-20634",
        Parts(groups=LostWithTheCoordinator),
        ("offsets.resume-at-commit",),
    ),
    "offset-off-by-one": Mutant(
        "the committed offset is the last record's, not the next one's",
        'Kafka documentation, "Consumer Position"',
        Parts(groups=CommitsTheLast),
        ("offsets.resume-at-commit", "delivery.at-most-once"),
    ),
    "offset-one-too-far": Mutant(
        "the committed offset is the one after the next record's",
        'Kafka documentation, "Consumer Position"',
        Parts(groups=CommitsTheNextButOne),
        ("offsets.resume-at-commit", "delivery.at-least-once", "delivery.idempotent-sink"),
    ),
    "reset-ignores-policy": Mutant(
        "a group without a committed offset begins at the end, where the beginning is asked for",
        "Kafka documentation, auto.offset.reset",
        Parts(consumer=AlwaysLatest),
        ("offsets.resume-at-commit", "delivery.at-least-once"),
    ),
    "seek-lost": Mutant(
        "a seek is overwritten by the position of a fetch in flight",
        "Kafka documentation, KafkaConsumer.seek",
        Parts(consumer=SeekLost),
        ("reading.leaves-nothing-out", "reading.begins-at-position"),
    ),
    "commit-regression": Mutant(
        "a commit that moves back is overtaken by the larger one before it",
        "Kafka documentation, KafkaConsumer.commitAsync",
        Parts(groups=ForgetsSmallCommits),
        ("commits.told-is-last",),
    ),
    "shared-offsets": Mutant(
        "groups share one committed position",
        'Kafka documentation, "Consumers"',
        Parts(groups=SharedOffsets),
        ("groups.independent",),
    ),
    "delete-on-consume": Mutant(
        "a record goes away when a group has read and committed it",
        'Kafka documentation, "Topics and Logs"',
        Parts(groups=DeletesOnConsume),
        ("retention.consuming-deletes-nothing", "groups.independent"),
    ),
}
