"""Order, duplicates, partitioning: bugs of logs, of idempotent producers, and of what their clients are told."""

from collections import deque
from functools import partial
from typing import Final
from zlib import crc32

from brokerlaw.reference.batch import Batch, Content, Stamp
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.errors import BrokerError
from brokerlaw.reference.leader import Leader
from brokerlaw.reference.log import Log, Slice
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.partitioner import Partitioner, murmur2
from brokerlaw.reference.producer_state import Aborted, ProducerStates
from brokerlaw.reference.sender import Sender, Sent, Settle
from brokerlaw.spec.history.operations import Isolation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.values import Placed


class AnySequenceIsNext(ProducerStates):
    """A gap before a batch is nobody's business."""

    def _require_next(self, stamp: Stamp, expected: int) -> None:
        pass


class GapTolerantLog(Log):
    """Lets a later batch in before a retry of the one before it."""

    producer_states = AnySequenceIsNext


class NothingIsADuplicate(ProducerStates):
    """No memory of batches."""

    def duplicate_of(self, stamp: Stamp, count: int) -> int | None:
        """None is."""
        return None


class ForgetfulLog(Log):
    """Appends a retry as if it were new."""

    producer_states = NothingIsADuplicate


class OneBatchRemembered(ProducerStates):
    """The last batch is remembered, not the last five."""

    def append(self, batch: Batch) -> Aborted | None:
        """Remember this one alone."""
        aborted = super().append(batch)
        if batch.stamp is not None:
            state = self.states[batch.stamp.producer]
            state.recent = deque(state.recent, maxlen=1)
        return aborted


class ShortMemoryLog(Log):
    """Knows a retry of the last batch only."""

    producer_states = OneBatchRemembered


class StatesDeletedWithRecords(Log):
    """When the last record of a producer is deleted, what is known of the producer goes with it."""

    def delete_before(self, offset: int) -> None:
        """Forget producers whose batches are all below."""
        super().delete_before(offset)
        states = self.producers.states
        for producer in [each for each, state in states.items() if all(b.base < self.start for b in state.recent)]:
            del states[producer]


class DriftingPartitioner(Partitioner):
    """Every eighth send it looks at the metadata anew, and counts partitions from another one."""

    _calls = 0

    def partition(self, topic: str, key: bytes | None, partitions: int) -> int:
        """The key's partition, so many further on."""
        self._calls += 1
        return (super().partition(topic, key, partitions) + self._calls // 8) % partitions


class Crc32Partitioner(Partitioner):
    """As librdkafka's `consistent`, under the name of murmur2."""

    def partition(self, topic: str, key: bytes | None, partitions: int) -> int:
        """The key's partition by another hash."""
        return super().partition(topic, key, partitions) if key is None else crc32(key) % partitions


class SignedPartitioner(Partitioner):
    """Makes the hash positive by its absolute value, not by dropping the sign bit."""

    def partition(self, topic: str, key: bytes | None, partitions: int) -> int:
        """Another one for every key with a negative hash."""
        if key is None:
            return super().partition(topic, key, partitions)
        unsigned = murmur2(key)
        return min(unsigned, 2**32 - unsigned) % partitions


class WholeBatches(Log):
    """A fetch gives the whole batch that holds its offset, and nobody skips what comes before."""

    def read(self, offset: int, bound: int, limit: int, isolation: Isolation) -> Slice:
        """From the beginning of the batch."""
        base = next((batch.base for batch in self.batches if batch.base <= offset < batch.end), offset)
        return super().read(base, bound, limit + offset - base, isolation)


class EmptyKeyIsNoKey(Leader):
    """An empty key is stored as none."""

    def append(self, contents: tuple[Content, ...], stamp: Stamp | None, transactional: bool) -> int:
        """Write what is not quite what was sent."""
        changed = tuple(content._replace(key=content.key or None) for content in contents)
        return super().append(changed, stamp, transactional)


class TimeoutIsFailure(Sender):
    """A batch that was given up is told to have failed, though it may be in the log."""

    def drop_sent(self, outcome: Outcome) -> None:
        """What was under way has certainly not happened, it says."""
        super().drop_sent(Fail("REQUEST_TIMED_OUT"))

    def give_up(self, batch: Sent) -> None:
        """Forget that it was ever sent."""
        batch.doubtful, batch.asked = False, None
        super().give_up(batch)


class BatchOffset(Sender):
    """Every record of a batch is told the offset of the batch."""

    def _finish(self, batch: Sent, base: int) -> None:
        told = Ok(Placed(*batch.lane.tp, base))
        batch.entries = [entry._replace(settle=partial(_settle, entry.settle, told)) for entry in batch.entries]
        super()._finish(batch, base)


def _settle(settle: Settle, told: Outcome, _: Outcome) -> None:
    settle(told)


class UnknownProducer(ProducerStates):
    """A duplicate that is not remembered any more is an error that the producer cannot recover from."""

    def _require_next(self, stamp: Stamp, expected: int) -> None:
        try:
            super()._require_next(stamp, expected)
        except BrokerError as error:
            raise BrokerError("UNKNOWN_PRODUCER_ID", error.message) from error


class UnknownProducerLog(Log):
    """Answers a late duplicate with an error."""

    producer_states = UnknownProducer


ORDERING: Final = {
    "KAFKA-3197": Mutant(
        "several batches of one producer are in flight, and a retry lands behind its successor",
        "KAFKA-3197; KIP-98",
        Parts(log=GapTolerantLog),
        ("ordering.producer-order",),
    ),
    "redpanda-3039": Mutant(
        "no deduplication: a retried batch is appended again",
        "Redpanda issue 3039; KIP-98",
        Parts(log=ForgetfulLog),
        ("idempotence.no-duplicates",),
    ),
    "KAFKA-5494": Mutant(
        "a retry is recognised if it is of the last batch, not of the last five",
        "KAFKA-5494",
        Parts(log=ShortMemoryLog),
        unseen="an older retry is refused as out of sequence: the client is told of an error, the log is right",
    ),
    "redpanda-5355": Mutant(
        "a duplicate that is not remembered any more is answered with an unknown producer",
        "Redpanda issue 5355",
        Parts(log=UnknownProducerLog),
        unseen="the send ends with an unknown outcome, which is owed nothing",
    ),
    "KAFKA-7190": Mutant(
        "a producer's state is dropped with its deleted records",
        "KAFKA-7190; KIP-360",
        Parts(log=StatesDeletedWithRecords),
        ("idempotence.goes-on",),
    ),
    "partitioner-drift": Mutant(
        "the partition of a key changes between two sends, when metadata are looked at anew",
        "Kafka documentation, partitioner.class",
        Parts(partitioner=DriftingPartitioner),
        ("partitioning.same-key-same-partition", "partitioning.murmur2"),
    ),
    "crc32-partitioner": Mutant(
        "keys are hashed by CRC32, as librdkafka does unless told otherwise",
        "librdkafka, configuration property partitioner",
        Parts(partitioner=Crc32Partitioner),
        ("partitioning.murmur2",),
    ),
    "signed-hash": Mutant(
        "a negative hash is made positive by its absolute value, not by dropping the sign bit",
        "org.apache.kafka.common.utils.Utils.toPositive",
        Parts(partitioner=SignedPartitioner),
        ("partitioning.murmur2",),
    ),
    "whole-batches": Mutant(
        "records before the fetched offset, in the batch that holds it, are given to the application",
        "Kafka protocol guide, Fetch: a response may begin before the offset asked for",
        Parts(log=WholeBatches),
        ("ordering.offsets-increase",),
    ),
    "empty-key": Mutant(
        "an empty key is stored as no key",
        "Kafka protocol guide, nullable bytes",
        Parts(leader=EmptyKeyIsNoKey),
        ("integrity.nothing-invented",),
    ),
    "timeout-is-failure": Mutant(
        "a send that was given up is told to have failed, and is in the log",
        "KIP-91; Jepsen, Redpanda 21.10.1 (duplicates and lost writes after timeouts)",
        Parts(sender=TimeoutIsFailure),
        ("integrity.nothing-invented",),
    ),
    "batch-offset": Mutant(
        "each record of a batch is told the offset of the first",
        "librdkafka, produce.offset.report",
        Parts(sender=BatchOffset),
        ("durability.acked-at-offset", "ordering.one-record-per-offset", "ordering.producer-order"),
    ),
}  # fmt: skip
