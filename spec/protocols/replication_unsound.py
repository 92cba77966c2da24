"""Replication as it was once believed to be right: each variant is an older Kafka, and loses what it committed."""

from brokerlaw.spec.language import Bool, exists, forall, implies, ite
from brokerlaw.spec.protocols.replication import Epoch, Offset, Replica, Replication


class WithoutEpochStart(Replication):
    """A follower is let in as soon as it reaches a high watermark that may be behind.  [KAFKA-7128]"""

    breaks = ("strong_isr", "committed_survives")

    def reached_epoch(s, l, f):
        """Nothing is asked."""
        return Bool(True)


class Kip279(Replication):
    """Whoever takes itself for the leader answers, whatever the epoch: fetches are not fenced.  [KAFKA-6880]"""

    breaks = ("strong_isr", "logs_agree")

    def serves(s, l, e):
        """A leader answers whoever takes it for the leader."""
        return s.leads[e, l] & s.leads[s.at[l], l]


class Kip101(Kip279):
    """The leader looks up where its log passes the follower's last epoch, which it may not know.  [KAFKA-6361]"""

    bounds = {Replica: 2, Epoch: 3, Offset: 3}
    breaks = ("strong_isr", "logs_agree")

    def cut(s, f, l, to):
        """The follower cuts there, or, if the leader has nothing that recent, at its own high watermark.  [KIP-101]"""

        def reaches(i):
            return (i < s.end[l]) & forall(Offset, lambda j: implies(j < s.end[f], s.log[f, j] <= s.log[l, i]))

        def beyond(i):
            return (i < s.end[l]) & forall(Offset, lambda j: implies(j < s.end[f], s.log[f, j] < s.log[l, i]))

        def kept(i):
            return (i < s.end[f]) & (i < s.end[l]) & ~beyond(i)

        looked_up = ~kept(to) & forall(Offset, lambda i: implies(i < to, kept(i)))
        return ite(exists(Offset, reaches), looked_up, to == s.hw[f])


class TruncateToHighWatermark(Kip279):
    """A follower cuts its log at its own high watermark, which lags behind the leader's.  [KAFKA-1211, KIP-101]"""

    bounds = {Replica: 2, Epoch: 3, Offset: 3}
    breaks = ("strong_isr", "committed_survives")

    def cut(s, f, l, to):
        """The follower cuts at its high watermark."""
        return to == s.hw[f]
