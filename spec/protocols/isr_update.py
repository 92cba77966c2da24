"""How the in-sync set changes: leader and controller agree by AlterPartition, and brokers lose data and come back."""

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    exists,
    forall,
    implies,
    init,
    invariant,
    ite,
    none,
    require,
    witness,
)


class Replica(Sort):
    """A broker that holds a copy of the partition."""


class Version(Ordered):
    """The partition epoch: it grows with each change that the controller makes."""


class Life(Ordered):
    """The broker epoch: which registration of a broker."""


class Offset(Ordered):
    """A number of records."""


class IsrUpdate(Protocol):
    """The leader proposes, the controller decides, and until the leader hears it counts on whoever may be in sync.

    A broker that crashes loses the end of its log and registers anew; one that does nothing may be down. How logs are
    cut and a new leader comes to know the high watermark is `replication`: here in one step, a log known by its length.
    Source: KIP-497 (AlterPartition), KIP-841, KIP-903, KIP-966 (eligible leader replicas); PartitionChangeBuilder.
    """

    bounds = {Replica: 2, Version: 5, Life: 2, Offset: 2}  # two fall out, and one comes back: the versions of that

    two = Var(Bool, doc="setting: min.insync.replicas is two, not one")
    unclean = Var(Bool, doc="setting: anybody may be elected when nobody eligible is alive")
    version = Var(Version, doc="controller: the version of the partition")
    isr = Var(Bool, Version, Replica, doc="controller: in sync in a version; its metadata log has them all")
    elr = Var(Bool, Replica, doc="controller: eligible, though not in sync")
    fenced = Var(Bool, Replica, doc="controller: taken for dead, or just registered")
    life = Var(Life, Replica, doc="controller: the broker epoch")
    vacant = Var(Bool, doc="controller: there is no leader")
    leader = Var(Replica, doc="the leader, or the last one")
    acts = Var(Bool, doc="leader: it has not crashed since its election")
    heard = Var(Version, doc="leader: the version that it has heard of")
    asked = Var(Replica | None, Version, doc="AlterPartition: in that version, put this one in or out")
    stamp = Var(Life, Version, doc="AlterPartition: its broker epoch, as the leader knows it")
    known = Var(Offset, Replica, doc="leader: what a follower has, by its last fetch")
    seen = Var(Life, Replica, doc="leader: the broker epoch of a follower's last fetch")
    end = Var(Offset, Replica, doc="log end offset, as far as the log is the leader's")
    hw = Var(Offset, doc="high watermark")
    forfeited = Var(Bool, doc="history: an unclean election has lost committed records")

    @init
    def start(s, two: Bool, unclean: Bool, leader: Replica):
        """All are in sync; any setting."""
        s.two, s.unclean, s.leader = two, unclean, leader
        s.isr[0, :], s.acts = True, True

    def enough(s, has):
        """No fewer than min.insync.replicas."""
        pair = exists(Replica, Replica, lambda a, b: (a != b) & has(a) & has(b))
        return pair | (~s.two & exists(Replica, has))

    def in_sync(s, r):
        """In sync now."""
        return s.isr[s.version, r]

    def counted(s, r):
        """The maximal in-sync set: in sync as far as the leader knows, or proposed by it.  [KIP-497]"""
        return s.isr[s.heard, r] | (s.asked[s.heard] == r)

    def change(s, v, isr, struck):
        """The next version has this in-sync set; who falls out stays eligible unless struck, if too few are left."""
        require(v == s.version + 1)
        few = ~s.enough(isr)
        s.elr[:] = lambda r: few & (s.in_sync(r) | s.elr[r]) & ~isr(r) & ~struck(r)
        s.isr[v, :], s.version = isr, v

    @action
    def append(s, l: Replica):
        """The leader appends a record; with acks=all and too few in sync it would refuse.  [min.insync.replicas]"""
        require(s.acts, l == s.leader)
        s.end[l] = s.end[l] + 1

    @action
    def fetch(s, f: Replica):
        """A follower says what it has, in its broker epoch, and gets the next record if there is one.  [KIP-903]"""
        require(s.acts, f != s.leader)
        s.known[f], s.seen[f] = s.end[f], s.life[f]
        s.end[f] = ite(s.end[f] < s.end[s.leader], s.end[f] + 1, s.end[f])

    @action
    def advance(s):
        """The high watermark passes what the maximal in-sync set has, if enough are in sync.  [KIP-497, KIP-966]"""
        require(s.acts, s.hw < s.end[s.leader], s.enough(lambda r: s.isr[s.heard, r]))
        require(forall(Replica, lambda r: implies(s.counted(r) & (r != s.leader), s.hw < s.known[r])))
        s.hw = s.hw + 1

    @action
    def propose_in(s, f: Replica):
        """The leader proposes a follower that has reached the high watermark.  [KIP-497]"""
        require(s.acts, s.asked[s.heard] == none, ~s.isr[s.heard, f], s.hw <= s.known[f])
        s.asked[s.heard], s.stamp[s.heard] = f, s.seen[f]

    @action
    def propose_out(s, f: Replica):
        """The leader proposes to drop a follower, which lags or is silent.  [replica.lag.time.max.ms]"""
        require(s.acts, s.asked[s.heard] == none, s.isr[s.heard, f], f != s.leader)
        s.asked[s.heard] = f

    @action
    def admit(s, f: Replica, v: Version):
        """The controller takes a proposed one in, by version, broker epoch and fence of today.  [KIP-903, KIP-841]"""
        require(s.asked[s.version] == f, ~s.in_sync(f), ~s.fenced[f], s.stamp[s.version] == s.life[f])
        s.change(v, lambda r: s.in_sync(r) | (r == f), lambda r: Bool(False))

    @action
    def dismiss(s, f: Replica, v: Version):
        """The controller drops a proposed one, if the version is that of today.  [KIP-497]"""
        require(s.asked[s.version] == f, s.in_sync(f))
        s.change(v, lambda r: s.in_sync(r) & (r != f), lambda r: Bool(False))

    @action
    def refuse(s, f: Replica):
        """The controller refuses one who is fenced or born anew; the leader withdraws it.  [INELIGIBLE_REPLICA]"""
        require(s.asked[s.version] == f, ~s.in_sync(f), s.fenced[f] | (s.stamp[s.version] != s.life[f]))
        s.asked[s.version] = none

    @action
    def hear(s, v: Version):
        """The leader hears of the next version, if it still leads: its proposal was decided, or is void."""
        require(s.acts, v == s.heard + 1, v <= s.version, s.isr[v, s.leader])
        s.heard = v

    @action
    def fence(s, r: Replica, v: Version):
        """The heartbeats of a replica in sync stop: it goes out of sync, and leads no more.  [KIP-631, KIP-966]"""
        require(s.in_sync(r))
        s.fenced[r], s.vacant = True, s.vacant | (r == s.leader)
        s.change(v, lambda x: s.in_sync(x) & (x != r), lambda x: Bool(False))

    @action
    def fence_other(s, r: Replica):
        """The heartbeats of a replica out of sync stop."""
        require(~s.in_sync(r))
        s.fenced[r] = True

    @action
    def unfence(s, r: Replica):
        """A registered broker is alive, and has caught up with the metadata.  [KIP-631]"""
        s.fenced[r] = False

    def lose(s, r, to):
        """A crash loses the end of the log; the broker registers anew, and is fenced at first."""
        require(to <= s.end[r])
        s.end[r], s.life[r], s.fenced[r] = to, s.life[r] + 1, True
        s.acts, s.vacant = s.acts & (r != s.leader), s.vacant | (r == s.leader)

    @action
    def restart(s, r: Replica, to: Offset, v: Version):
        """A crashed broker registers anew: it is neither in sync nor eligible any more.  [KIP-966]"""
        require(s.in_sync(r) | s.elr[r])
        s.lose(r, to)
        s.change(v, lambda x: s.in_sync(x) & (x != r), lambda x: x == r)

    @action
    def restart_other(s, r: Replica, to: Offset):
        """A crashed broker registers anew, which was not in sync nor eligible: the partition's version stays."""
        require(~s.in_sync(r), ~s.elr[r])
        s.lose(r, to)

    def install(s, r, v, isr, struck):
        """A replica leads, knows nothing of the others, and they cut off what it does not have.  [KIP-320]"""
        s.leader, s.acts, s.vacant = r, True, False
        s.heard, s.known[:] = v, 0
        s.change(v, isr, struck)
        s.end[:] = lambda x: ite(s.end[x] < s.end[r], s.end[x], s.end[r])

    @action
    def elect(s, r: Replica, v: Version):
        """Another replica leads, one in sync.  [Election.ONLINE, Election.PREFERRED]"""
        require(s.in_sync(r), ~s.fenced[r], s.vacant | (r != s.leader))
        s.install(r, v, s.in_sync, lambda x: Bool(False))

    @action
    def elect_eligible(s, r: Replica, v: Version):
        """Nobody is in sync: one who is eligible leads, and is alone in sync.  [KIP-966]"""
        require(s.elr[r], ~s.fenced[r], forall(Replica, lambda x: ~s.in_sync(x)))
        s.install(r, v, lambda x: x == r, lambda x: Bool(False))

    @action
    def force(s, r: Replica, v: Version):
        """Nobody eligible is left: the last leader leads, or, if so set, anybody.  [KIP-966, UNCLEAN election]"""
        require(s.vacant, ~s.fenced[r], s.unclean | (r == s.leader))
        require(forall(Replica, lambda x: implies(s.in_sync(x) | s.elr[x], s.unclean & s.fenced[x])))
        s.forfeited, s.hw = s.forfeited | (s.end[r] < s.hw), ite(s.end[r] < s.hw, s.end[r], s.hw)
        s.install(r, v, lambda x: x == r, lambda x: Bool(True))

    @invariant
    def committed_survives(s):
        """The leader has what was committed, but for what an unclean election gave up."""
        return implies(s.acts, s.hw <= s.end[s.leader])

    @invariant
    def electable_is_complete(s, r: Replica):
        """Whoever is in sync or eligible has what was committed.  [KIP-966]"""
        return implies(s.in_sync(r) | s.elr[r], s.hw <= s.end[r])

    @invariant
    def one_loss_is_survived(s):
        """Where two must be in sync, one broker's loss gives nothing up, unless it is so set.  [KIP-966]"""
        pair = exists(Replica, Replica, lambda a, b: (a != b) & (s.life[a] > 0) & (s.life[b] > 0))
        return implies(s.forfeited & ~s.unclean & s.two, pair)

    @invariant
    def in_sync_is_alive(s, r: Replica):
        """Nobody in sync is fenced.  [KIP-841]"""
        return implies(s.in_sync(r), ~s.fenced[r])

    @witness
    def comes_back(s, r: Replica):
        """A broker that lost records can be in sync again when some are committed."""
        return (s.life[r] > 0) & s.in_sync(r) & (s.hw > 0)

    @witness
    def eligible_leads(s, v: Version, r: Replica):
        """One who was eligible can lead, after nobody was in sync, and nothing is given up."""
        nobody = (v + 1 == s.version) & forall(Replica, lambda x: ~s.isr[v, x])
        return nobody & ~s.vacant & (s.hw > 0) & s.elr[r]

    @witness
    def gives_up(s):
        """An unclean election can lose committed records."""
        return s.forfeited
