"""Replication, elections, truncation, retention: bugs of leaders, followers and the controller."""

from typing import Final

from brokerlaw.reference.batch import Content
from brokerlaw.reference.broker import Broker
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.controller import Controller
from brokerlaw.reference.follower import Follower
from brokerlaw.reference.leader import Fetched, Leader, Produced, Reply
from brokerlaw.reference.log import EpochEnd, Log
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.registration import Registration
from brokerlaw.reference.replica import Replica
from brokerlaw.spec.history.operations import Acks, Isolation
from brokerlaw.spec.history.values import TopicPartition


class AcksBeforeReplication(Leader):
    """acks=all is answered as acks=1 is."""

    def acknowledge(self, acks: Acks, base: int, end: int, reply: Reply) -> None:
        """At once."""
        reply(Produced(base))


class TakesWhatItIsGiven(Follower):
    """Where the logs have parted unnoticed, a follower drops the rest, as one does whose offset is out of range.

    The sound follower has no need of this; beside a bug it keeps the replicas going.
    """

    def take(self, fetched: Fetched) -> None:
        """Make room first."""
        if fetched.batches and fetched.batches[0].base != self.log.end:
            self.log.truncate(fetched.batches[0].base)
            self.restart()
        else:
            super().take(fetched)


class TruncatesToHighWatermark(TakesWhatItIsGiven):
    """Before it fetches, a follower drops what is beyond its own high watermark."""

    def _ask_end_of_epoch(self) -> None:
        self.log.truncate(self.replica.high_watermark)
        self._ask_records()


class FallsBackToHighWatermark(Leader):
    """Asked for an epoch that it does not know, a leader names its high watermark."""

    def end_of_epoch(self, epoch: int) -> EpochEnd:
        """The end of the epoch, if it is known by that number."""
        known = any(entry.epoch == epoch for entry in self.log.epochs)
        return super().end_of_epoch(epoch) if known else EpochEnd(epoch, self.replica.high_watermark)


class JoinsAtHighWatermark(Leader):
    """A follower is in sync again at the high watermark, though the leader's epoch began further on."""

    def _note(self, follower: int, offset: int) -> None:
        start, self.start = self.start, 0
        super()._note(follower, offset)
        self.start = start


class EpochsOfWritersOnly(Leader):
    """A leader that has not written yet leaves no trace of its epoch."""

    def begin(self) -> None:
        """Take office without an entry in the leader-epoch cache."""
        self.advance()
        self._watch()


class EpochsOutliveTruncation(Log):
    """Epochs that were truncated away stay in the cache."""

    def truncate(self, end: int) -> None:
        """Keep them all."""
        epochs = self.epochs
        super().truncate(end)
        self.epochs = epochs


class FencedReplicasJoin(Controller):
    """A leader may put a replica in sync that the controller takes for dead."""

    def alter_partition(self, tp: TopicPartition, leader: int, epoch: int, isr: tuple[int, ...]) -> Registration:
        """Grant it to whoever asks."""
        fenced, self.fenced = self.fenced, set()
        granted = super().alter_partition(tp, leader, epoch, isr)
        self.fenced = fenced
        return granted


class TakesTheKeyless(Leader):
    """What has no key is taken, wherever it is to go."""

    def check_keys(self, contents: tuple[Content, ...]) -> None:
        """Raises nothing."""


class StaysInSync(Controller):
    """A dead replica is left in the in-sync set, and its log is not asked for."""

    def candidate(self, registration: Registration) -> int | None:
        """Any live replica."""
        return next((broker for broker in registration.replicas if broker not in self.fenced), None)


class TellsAllInSync(Controller):
    """Who asks for a partition is told that every replica is in sync."""

    def partition(self, tp: TopicPartition) -> Registration:
        """As it was created."""
        registration = super().partition(tp)
        return registration._replace(isr=registration.replicas)


class CommitsBelowMinIsr(Leader):
    """The high watermark advances, whatever min.insync.replicas says; requests are still refused."""

    def advance(self) -> None:
        """As if one in sync were enough."""
        registration = self.replica.registration
        self.replica.registration = registration._replace(settings=registration.settings._replace(min_isr=1))
        super().advance()
        self.replica.registration = registration


class IgnoresMinIsr(CommitsBelowMinIsr):
    """min.insync.replicas is not looked at."""

    def admit(self, acks: Acks) -> None:
        """Take everything."""


class ShrinkCompletesNothing(Leader):
    """When the in-sync set has become smaller, nobody looks again who is waiting."""

    _shrinking = False

    def advance(self) -> None:
        """At any other time."""
        if not self._shrinking:
            super().advance()

    def _alter(self, isr: tuple[int, ...]) -> None:
        self._shrinking = len(isr) < len(self.isr)
        super()._alter(isr)
        self._shrinking = False


class LeadsFromItsFirst(Leader):
    """A new leader begins its log with the first record that it has on its disk."""

    def __init__(self, replica: Replica) -> None:
        super().__init__(replica)
        _begin_anew(self.log)


class ForgetsItsStart(Broker):
    """A process that begins again takes its logs to begin with what is on the disk."""

    def start(self) -> None:
        """Look there."""
        super().start()
        for replica in self.replicas.values():
            _begin_anew(replica.log)


def _begin_anew(log: Log) -> None:
    if log.batches:
        log.start = log.batches[0].base


class LosesUnflushedTail(Broker):
    """A crash takes the last batch with it, as a power loss does where nothing was flushed."""

    def kill(self) -> None:
        """End, and lose what was not on the disk."""
        super().kill()
        for replica in self.replicas.values():
            if replica.log.batches:
                replica.log.truncate(replica.log.batches[-1].base)
                replica.high_watermark = min(replica.high_watermark, replica.log.end)


class SameEpoch(Controller):
    """Another leader in the same epoch."""

    def promoted(self, registration: Registration, leader: int | None) -> Registration:
        """The epoch counts leaderless times, not leaders."""
        bump = leader is None
        return super().promoted(registration, leader)._replace(epoch=registration.epoch + bump)


class EpochsBeginAgain(Controller):
    """A partition that was without a leader begins at epoch 0 again."""

    def promoted(self, registration: Registration, leader: int | None) -> Registration:
        """Count anew."""
        after = super().promoted(registration, leader)
        return after._replace(epoch=0) if registration.leader is None else after


class EndGoesBack(Leader):
    """A leader that was elected just now tells the end that it knows of."""

    def latest(self, isolation: Isolation) -> int:
        """The high watermark, however far it lags."""
        return self.bound(isolation)


class HearsAnyEpoch(Follower):
    """A follower that heard of its leader's epoch late talks to whoever leads, in whichever epoch."""

    @property
    def epoch(self) -> int:
        """The leader's."""
        led = self.leader.replicas[self.replica.tp].leading
        return self._epoch if led is None else led.epoch

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        self._epoch = epoch


REPLICATION: Final = {
    "acks-before-append": Mutant(
        "the leader acknowledges before the in-sync replicas have the record",
        "Jepsen, Kafka 0.8 (Kingsbury 2013)",
        Parts(leader=AcksBeforeReplication),
        ("durability.acked-survives", "ordering.ack-precedes-send"),
    ),
    "KIP-101": Mutant(
        "a follower truncates to its own high watermark, not to the end of its epoch at the leader",
        "KIP-101; KAFKA-1211",
        Parts(follower=TruncatesToHighWatermark),
        ("durability.acked-survives",),
    ),
    "KIP-279": Mutant(
        "asked for an epoch that it does not know, a leader names its high watermark",
        "KIP-279; KAFKA-6361",
        Parts(leader=FallsBackToHighWatermark, follower=TakesWhatItIsGiven),
        ("durability.acked-survives",),
    ),
    "KIP-320": Mutant(
        "fetches are not fenced by the leader epoch",
        "KIP-320; KAFKA-7395",
        Parts(follower=HearsAnyEpoch),
        unseen="the controller's news reaches a follower before any answer of the leader's next epoch",
    ),
    "KAFKA-7128": Mutant(
        "a replica is in sync at the high watermark, before the leader's epoch begins",
        "KAFKA-7128",
        Parts(leader=JoinsAtHighWatermark),
        ("durability.acked-survives",),
    ),
    "KAFKA-7415": Mutant(
        "a new leader writes its epoch down with its first record only",
        "KAFKA-7415",
        Parts(leader=EpochsOfWritersOnly),
        unseen="a follower here keeps what it cannot ask about; the loss came from falling back to the high watermark",
    ),
    "KAFKA-10706": Mutant(
        "epochs that were truncated away stay in the leader-epoch cache",
        "KAFKA-10706",
        Parts(log=EpochsOutliveTruncation),
        ("progress.in-sync-again",),
    ),
    "KAFKA-13091": Mutant(
        "the high watermark is not looked at again when the in-sync set has shrunk",
        "KAFKA-13091",
        Parts(leader=ShrinkCompletesNothing),
        unseen="sends wait until they time out: slow, and owed nothing",
    ),
    "KAFKA-13916": Mutant(
        "a replica that the controller takes for dead is admitted to the in-sync set",
        "KAFKA-13916; KIP-841",
        Parts(controller=FencedReplicasJoin),
        unseen="a replica that is fenced here cannot fetch, and so its leader never asks",
    ),
    "KAFKA-15583": Mutant(
        "the high watermark advances with fewer than min.insync.replicas in sync",
        "KAFKA-15583; KIP-966",
        Parts(leader=CommitsBelowMinIsr),
        ("durability.min-isr-refuses",),
    ),
    "deleted-comes-back": Mutant(
        "a new leader serves what was deleted, as it has it on its disk still",
        "KIP-107: the low watermark is what all live replicas have deleted",
        Parts(leader=LeadsFromItsFirst),
        ("retention.deletes-what-was-asked",),
    ),
    "log-start-forgotten": Mutant(
        "where a log begins is forgotten as its broker ends, be it in good order",
        "KIP-107: the log start offset checkpoint",
        Parts(broker=ForgetsItsStart),
        ("retention.deletes-what-was-asked",),
    ),
    "keyless-taken": Mutant(
        "a record without a key is taken into a topic that compacts",
        "KIP-467: messages for compacted topics must have keys; KAFKA-4808",
        Parts(leader=TakesTheKeyless),
        ("records.keyless-refused",),
    ),
    "in-sync-though-down": Mutant(
        "metadata has every replica in sync, whether its broker is up or not",
        "KIP-631, KIP-841: a fenced broker is out of the in-sync sets",
        Parts(controller=TellsAllInSync),
        ("leadership.in-sync-are-up",),
    ),
    "min-isr-ignored": Mutant(
        "sends are taken with fewer than min.insync.replicas in sync",
        "Kafka documentation, min.insync.replicas",
        Parts(leader=IgnoresMinIsr),
        ("durability.min-isr-refuses",),
    ),
    "last-replica-standing": Mutant(
        "the only replica in sync loses its unflushed tail, and leads again",
        "KIP-966",
        Parts(broker=LosesUnflushedTail),
        ("durability.acked-survives",),
    ),
    "unclean-election": Mutant(
        "a replica out of the in-sync set is elected, though clean elections are promised",
        "Kafka documentation, unclean.leader.election.enable",
        Parts(controller=StaysInSync),
        ("durability.acked-survives", "ordering.ack-precedes-send"),
    ),
    "two-leaders": Mutant(
        "a new leader is elected into the epoch of the old one",
        "KAFKA-18106; KIP-101",
        Parts(controller=SameEpoch),
        ("leadership.one-leader-per-epoch",),
    ),
    "epochs-begin-again": Mutant(
        "a partition that was without a leader begins at epoch 0 again",
        "KIP-320: leader epochs only grow",
        Parts(controller=EpochsBeginAgain),
        ("leadership.epoch-monotonic",),
    ),
    "KAFKA-2334": Mutant(
        "a leader that was elected just now tells an end that goes back",
        "KAFKA-2334; KIP-207",
        Parts(leader=EndGoesBack),
        ("ends.never-go-back",),
    ),
}
