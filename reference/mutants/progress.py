"""Progress: bugs by which what must come never comes."""

from typing import Final

from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.controller import Controller
from brokerlaw.reference.leader import Leader
from brokerlaw.reference.log import Slice
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.producer import Producer
from brokerlaw.reference.sender import Sender, Sent
from brokerlaw.spec.history.operations import Isolation
from brokerlaw.spec.history.outcomes import Fail, Unknown
from brokerlaw.spec.history.values import TopicPartition


class StalledFetch(Leader):
    """A reader is given nothing of the last record until another follows."""

    def read(self, offset: int, limit: int, isolation: Isolation) -> Slice:
        """Nothing, at the last record."""
        found = super().read(offset, limit, isolation)
        return Slice([], offset) if found.records and offset == self.log.end - 1 else found


class MarkBehind(Leader):
    """The high watermark passes a batch only when another follows."""

    def in_sync_end(self) -> int:
        """At most where the last batch begins."""
        end = super().in_sync_end()
        return self.log.batches[-1].base if self.log.batches and end == self.log.end else end


class NoLeaderAgain(Controller):
    """A partition that has lost its leader gets none any more."""

    def elect(self, tp: TopicPartition) -> None:
        """Only where there was one."""
        if self.partitions[tp].leader is not None:
            super().elect(tp)


class NeverInSyncAgain(Leader):
    """The in-sync set only shrinks."""

    def _alter(self, isr: tuple[int, ...]) -> None:
        if len(isr) < len(self.isr):
            super()._alter(isr)


class ForgottenSend(Sender):
    """The first record of a batch of several is acknowledged to nobody."""

    def _finish(self, batch: Sent, base: int) -> None:
        if len(batch.entries) > 1:
            batch.entries[0] = batch.entries[0]._replace(settle=lambda _: None)
        super()._finish(batch, base)


class CommitForgets(Producer):
    """A commit gives up what has not been sent yet, and succeeds."""

    def commit(self) -> None:
        """Commit the rest."""
        self.sender.drop_waiting(Unknown("TIMED_OUT", "it was given up"))
        super().commit()


class GivesUpOnClose(Producer):
    """A producer that closes drops what it has not sent yet."""

    def close(self) -> None:
        """Without what lingers."""
        self.sender.drop_waiting(Fail("CLIENT_CLOSED", "it was never sent"))
        super().close()


PROGRESS: Final = {
    "given-up-on-close": Mutant(
        "what still lingers when its producer closes is never sent",
        "KIP-15; librdkafka, rd_kafka_destroy without rd_kafka_flush",
        Parts(producer=GivesUpOnClose),
        ("producers.flush-gives-nothing-up",),
    ),
    "stalled-fetch": Mutant(
        "a reader is not given the last record until another follows",
        "librdkafka issue 2830; Redpanda issue 10195",
        Parts(leader=StalledFetch),
        ("progress.log-is-read", "progress.application-catches-up", "progress.poller-is-served"),
    ),
    "mark-behind": Mutant(
        "the high watermark passes a batch only when another follows",
        "KAFKA-9491",
        Parts(leader=MarkBehind),
        ("progress.acked-becomes-visible",),
    ),
    "no-leader-again": Mutant(
        "a partition whose in-sync replicas were all down gets no leader when they are back",
        'Kafka documentation, "Replication"',
        Parts(controller=NoLeaderAgain),
        ("progress.leader-returns",),
    ),
    "never-in-sync-again": Mutant(
        "a replica that fell out of the in-sync set is never in it again",
        'Kafka documentation, "Replication"',
        Parts(leader=NeverInSyncAgain),
        ("progress.in-sync-again",),
    ),
    "forgotten-send": Mutant(
        "of a batch with several records the first is never told its outcome",
        "Kafka documentation, KafkaProducer.flush",
        Parts(sender=ForgottenSend),
        ("progress.send-ends",),
    ),
    "commit-forgets": Mutant(
        "a commit gives up records that have not been sent yet, and succeeds",
        "Kafka documentation, KafkaProducer.commitTransaction",
        Parts(producer=CommitForgets),
        ("producers.commit-flushes",),
    ),
}
