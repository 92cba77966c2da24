"""How the in-sync set changes, gone wrong: each variant is a bug that was, or a rule that Kafka lacked."""

from brokerlaw.spec.language import Bool, action, exists, forall, implies, ite, require
from brokerlaw.spec.protocols.isr_update import IsrUpdate, Replica, Version


class HighWatermarkOverCommittedIsr(IsrUpdate):
    """The high watermark waits for whom the leader knows to be in sync, not for whom it has proposed.  [KIP-497]"""

    breaks = ("committed_survives", "electable_is_complete")

    def counted(s, r):
        """In sync as far as the leader knows."""
        return s.isr[s.heard, r]


class StaleBrokerEpoch(IsrUpdate):
    """The broker epoch is not looked at: one who lost its log meanwhile is let in.  [KAFKA-14617, before KIP-903]"""

    breaks = ("committed_survives", "electable_is_complete")

    @action
    def admit(s, f: Replica, v: Version):
        """The controller takes a proposed one in who is not fenced, whichever life it is in."""
        require(s.asked[s.version] == f, ~s.in_sync(f), ~s.fenced[f])
        s.change(v, lambda r: s.in_sync(r) | (r == f), lambda r: Bool(False))


class FencedAdmitted(IsrUpdate):
    """A fenced replica is let in: it counts as in sync, and cannot lead.  [KAFKA-13916, before KIP-841]"""

    breaks = ("in_sync_is_alive",)

    @action
    def admit(s, f: Replica, v: Version):
        """The controller takes a proposed one in, dead or alive."""
        require(s.asked[s.version] == f, ~s.in_sync(f), s.stamp[s.version] == s.life[f])
        s.change(v, lambda r: s.in_sync(r) | (r == f), lambda r: Bool(False))


class AnyVersion(IsrUpdate):
    """A proposal is taken from any version: it lets in one who fell out since.  [KIP-497: partition epoch]"""

    breaks = ("committed_survives", "electable_is_complete")

    @action
    def admit(s, f: Replica, v: Version):
        """The controller takes in whoever was ever proposed."""
        asked = exists(Version, lambda w: (s.asked[w] == f) & (s.stamp[w] == s.life[f]))
        require(asked, ~s.in_sync(f), ~s.fenced[f])
        s.change(v, lambda r: s.in_sync(r) | (r == f), lambda r: Bool(False))


class LastReplicaStanding(IsrUpdate):
    """The last one in sync stays so, though it crashed and lost its log: others follow it.  [before KIP-966]"""

    breaks = ("committed_survives", "electable_is_complete")

    def change(s, v, isr, struck):
        """The in-sync set is never empty, and nobody else is eligible."""
        require(v == s.version + 1)
        s.isr[v, :] = lambda r: isr(r) | (s.in_sync(r) & forall(Replica, lambda x: ~isr(x)))
        s.version = v


class BelowMinIsr(IsrUpdate):
    """Records are committed with fewer in sync than min.insync.replicas: the eligible lack them.  [KAFKA-15583]"""

    breaks = ("committed_survives", "electable_is_complete")

    @action
    def advance(s):
        """The high watermark passes what the maximal in-sync set has."""
        require(s.acts, s.hw < s.end[s.leader])
        require(forall(Replica, lambda r: implies(s.counted(r) & (r != s.leader), s.hw < s.known[r])))
        s.hw = s.hw + 1


class KeepsTheLost(IsrUpdate):
    """A broker that crashed and lost its log stays eligible.  [KIP-966: unclean shutdown]"""

    breaks = ("committed_survives", "electable_is_complete")

    def change(s, v, isr, struck):
        """Whoever falls out stays eligible."""
        super().change(v, isr, lambda r: Bool(False))


class UncleanElection(IsrUpdate):
    """Whoever is alive is elected once the leader is gone, although it is not so set.  [unclean.leader.election]"""

    breaks = ("one_loss_is_survived",)

    @action
    def force(s, r: Replica, v: Version):
        """Anybody alive leads."""
        require(s.vacant, ~s.fenced[r])
        s.forfeited, s.hw = s.forfeited | (s.end[r] < s.hw), ite(s.end[r] < s.hw, s.end[r], s.hw)
        s.install(r, v, lambda x: x == r, lambda x: Bool(True))
