"""Readers: bugs of positions, of flow control and of what a consumer may read at all."""

from collections.abc import Iterable
from typing import Final

from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.consumer import Consumer
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.leader import Leader
from brokerlaw.reference.log import Slice
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.spec.history.operations import Isolation
from brokerlaw.spec.history.values import Record, TopicPartition

PREFETCHED: Final = 2
"""Records that a client has fetched ahead."""


class DropsWhatItFetched(Consumer):
    """A pause throws away what was fetched ahead, and the position stays behind it."""

    def hold(self, tps: Iterable[TopicPartition]) -> None:
        """Pause, and forget."""
        paused = tuple(tps)
        super().hold(paused)
        for tp in paused:
            self._fetch_from(tp, PREFETCHED)


class TellsTheLast(Consumer):
    """The position told is that of the last record, not of the next."""

    def position(self, tp: TopicPartition) -> int | None:
        """One less."""
        position = super().position(tp)
        return position and position - 1


class ReturnsAll(Consumer):
    """A poll returns all that was fetched."""

    def poll(self, limit: int, timeout: int) -> tuple[Record, ...]:
        """No limit."""
        return super().poll(1_000, timeout)


class NeverPauses(Consumer):
    """A pause is accepted, and nothing comes of it."""

    def hold(self, tps: Iterable[TopicPartition]) -> None:
        """Check it, and go on."""
        for tp in tps:
            self._require_assigned(tp)


class KeepsPauses(Consumer):
    """A partition that is given again is paused as it was."""

    def _drop(self, tps: tuple[TopicPartition, ...]) -> None:
        for tp in tps:
            self.positions.pop(tp, None)


class ReadsOn(Consumer):
    """A member that has left its group keeps what it had."""

    def unsubscribe(self) -> None:
        """Leave, and read on."""
        kept = dict(self.positions)
        super().unsubscribe()
        self.positions.update(kept)


class LatestEverywhere(Consumer):
    """A policy knows nothing of when a partition was added."""

    def _is_added(self, tp: TopicPartition) -> bool:
        return False


class ResetsToTheStart(Consumer):
    """Out of range, no policy is asked."""

    def _out_of_range(self, tp: TopicPartition, error: BrokerError) -> int:
        """The log's start."""
        return self.at_leader(tp, lambda broker: broker.leader(tp).log.start)


class ResetsToTheEnd(Consumer):
    """Who is out of range wants what is new."""

    def _out_of_range(self, tp: TopicPartition, error: BrokerError) -> int:
        """The log's end."""
        return self.at_leader(tp, lambda broker: broker.leader(tp).latest(self.op.isolation))


class NeverOutOfRange(Leader):
    """Where the log does not reach there is nothing to read."""

    def read(self, offset: int, limit: int, isolation: Isolation) -> Slice:
        """Nothing, beyond the end."""
        return Slice([], offset) if offset > self.log.end else super().read(offset, limit, isolation)


READERS: Final = {
    "reset-to-the-start": Mutant(
        "a reader that is out of range begins at the log's start, whatever its policy says",
        "Kafka documentation, auto.offset.reset",
        Parts(consumer=ResetsToTheStart),
        ("reading.out-of-range-is-reset",),
    ),
    "reset-to-the-end": Mutant(
        "a reader that is out of range begins at the log's end, whatever its policy says",
        "Kafka documentation, auto.offset.reset",
        Parts(consumer=ResetsToTheEnd),
        ("reading.out-of-range-is-reset",),
    ),
    "never-out-of-range": Mutant(
        "a leader answers nothing to who reads beyond its end, and does not say that this is out of range",
        "Kafka protocol, errors: OFFSET_OUT_OF_RANGE",
        Parts(leader=NeverOutOfRange),
        ("progress.poller-is-served",),
    ),
    "latest-in-added-partitions": Mutant(
        "a member that resets to latest begins at the end of a partition that was added after it had subscribed",
        "KAFKA-12478, sarama issue 1739",
        Parts(consumer=LatestEverywhere),
        ("offsets.added-from-the-start",),
    ),
    "drops-when-paused": Mutant(
        "a pause throws away records that were fetched and not yet returned",
        "confluent-kafka-javascript issue 517",
        Parts(consumer=DropsWhatItFetched),
        ("reading.leaves-nothing-out",),
    ),
    "position-of-the-last": Mutant(
        "the position told is the last record's, not the next one's",
        'Kafka documentation, "Consumer Position"',
        Parts(consumer=TellsTheLast),
        ("reading.position-told",),
    ),
    "max-records-ignored": Mutant(
        "a poll returns all that was fetched, however few were asked for",
        "KIP-41",
        Parts(consumer=ReturnsAll),
        ("reading.max-records",),
    ),
    "pause-ignored": Mutant(
        "records come from a paused partition",
        "KIP-41; Kafka documentation, KafkaConsumer.pause",
        Parts(consumer=NeverPauses),
        ("reading.paused-gives-nothing",),
    ),
    "pause-outlives-rebalance": Mutant(
        "a partition that was paused, taken away and given again is paused still",
        "Kafka documentation, KafkaConsumer.pause; librdkafka issue 1849",
        Parts(consumer=KeepsPauses),
        ("progress.regained-is-served",),
    ),
    "reads-on-after-leaving": Mutant(
        "a member that left its group keeps its assignment and reads on",
        "KAFKA-16258",
        Parts(consumer=ReadsOn),
        ("reading.only-what-is-assigned",),
    ),
}
