"""Replication of one partition: a leader, followers that fetch from it, the in-sync set, the high watermark."""

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


class Epoch(Ordered):
    """A leader epoch: one term of one leader."""


class Offset(Ordered):
    """A place in the log, and the number of records before it."""


class Replication(Protocol):
    """Committed records survive in every later leader, whichever in-sync replica it is: replication as of KIP-320.

    The controller sends a LeaderAndIsr command for each epoch; a replica may obey it late, or never. A record is known
    by its offset and by the epoch of the leader that wrote it. A fetch is one step: within an epoch a follower's log
    only grows, so that what its leader knows of it late is true still. The in-sync set changes at once at leader and
    controller: that handshake is `isr_update`. Replicas lose no data.
    Source: KIP-101, KIP-279, KIP-320, KAFKA-7128; compare the TLA+ of github.com/hachikuji/kafka-specification.
    """

    bounds = {Replica: 3, Epoch: 3, Offset: 3}  # two records: the third offset is only ever an end

    epoch = Var(Epoch, doc="the latest epoch of the controller")
    leads = Var(Bool, Epoch, Replica, doc="messages: the command of an epoch names this leader")
    isr = Var(Bool, Epoch, Replica, doc="in sync in an epoch: as its command says, then as its leader changes it")
    at = Var(Epoch, Replica, doc="the epoch of the last command that a replica obeyed")
    end = Var(Offset, Replica, doc="log end offset")
    hw = Var(Offset, Replica, doc="high watermark")
    log = Var(Epoch, Replica, Offset, doc="the record at an offset below the end, known by its epoch")
    committed = Var(Epoch | None, Offset, doc="history: the record that was committed at an offset")

    @init
    def start(s, r: Replica):
        """All are in sync and know the first leader."""
        s.leads[0, r] = True
        s.isr[0, :] = True

    def serves(s, l, e):
        """A leader answers the followers of its own epoch alone.  [KIP-320]"""
        return s.leads[e, l] & (s.at[l] == e)

    def shared(s, a, b, i):
        """Two logs have the same record at an offset."""
        return (i < s.end[a]) & (i < s.end[b]) & (s.log[a, i] == s.log[b, i])

    def cut(s, f, l, to):
        """A follower keeps its log up to and with the last record that it shares with the leader.  [KIP-279]"""
        last = (to == 0) | exists(Offset, lambda i: (i + 1 == to) & s.shared(f, l, i))
        return last & forall(Offset, lambda i: implies(to <= i, ~s.shared(f, l, i)))

    def reached_epoch(s, l, f):
        """All that a follower lacks was written in the leader's epoch.  [KAFKA-7128]"""
        return forall(Offset, lambda i: implies((s.end[f] <= i) & (i < s.end[l]), s.log[l, i] == s.at[l]))

    @action
    def elect(s, new: Replica, e: Epoch):
        """The controller moves leadership to another in-sync replica.  [KIP-320]"""
        require(e == s.epoch + 1, s.isr[s.epoch, new], ~s.leads[s.epoch, new])
        s.isr[e, :] = lambda r: s.isr[s.epoch, r]
        s.leads[e, new] = True
        s.epoch = e

    @action
    def fail(s, gone: Replica, new: Replica, e: Epoch):
        """The controller takes a replica for dead: out of sync it goes, and if it led, another in-sync one leads."""
        require(e == s.epoch + 1, s.isr[s.epoch, gone], s.isr[s.epoch, new], new != gone)
        require(s.leads[s.epoch, gone] | s.leads[s.epoch, new])
        s.isr[e, :] = lambda r: s.isr[s.epoch, r] & (r != gone)
        s.leads[e, new] = True
        s.epoch = e

    @action
    def lead(s, l: Replica, e: Epoch):
        """A replica obeys a newer command that makes it the leader.  [LeaderAndIsr]"""
        require(s.leads[e, l], s.at[l] < e)
        s.at[l] = e

    @action
    def follow(s, f: Replica, l: Replica, e: Epoch, to: Offset):
        """A replica obeys a newer command that makes it a follower, and cuts its log to fit.  [KIP-101, KIP-279]"""
        require(s.at[f] < e, f != l, s.serves(l, e), s.cut(f, l, to))
        s.at[f] = e
        s.end[f] = to
        s.hw[f] = ite(s.hw[f] < to, s.hw[f], to)
        s.log[f, :] = lambda i: ite(i < to, s.log[f, i], 0)

    @action
    def write(s, l: Replica, i: Offset):
        """A replica that takes itself for the leader appends a record."""
        require(s.leads[s.at[l], l], i == s.end[l])
        s.log[l, i] = s.at[l]
        s.end[l] = i + 1

    @action
    def fetch(s, f: Replica, l: Replica, i: Offset):
        """A follower gets the next record, and the high watermark with it.  [KIP-320: fenced by the epoch]"""
        require(f != l, s.serves(l, s.at[f]), i == s.end[f], i < s.end[l])
        s.log[f, i] = s.log[l, i]
        s.end[f] = i + 1
        s.hw[f] = ite(s.hw[l] < i + 1, s.hw[l], i + 1)

    @action
    def learn(s, f: Replica, l: Replica):
        """A follower that lacks no record fetches in vain, and gets the high watermark.  [KIP-320]"""
        require(f != l, s.serves(l, s.at[f]), s.end[f] == s.end[l])
        s.hw[f] = s.hw[l]

    @action
    def commit(s, l: Replica, i: Offset):
        """A leader raises its high watermark over a record that all who are in sync in its epoch have.  [KIP-320]"""
        require(s.leads[s.at[l], l], i == s.hw[l])
        require(forall(Replica, lambda f: implies(s.isr[s.at[l], f], s.serves(l, s.at[f]) & (i < s.end[f]))))
        s.hw[l] = i + 1
        s.committed[i] = ite(s.committed[i] == none, s.log[l, i], s.committed[i])

    @action
    def shrink(s, l: Replica, f: Replica):
        """The leader drops a follower from the in-sync set: which one lags is a matter of time.  [KIP-497]"""
        require(s.leads[s.epoch, l], s.at[l] == s.epoch, f != l, s.isr[s.epoch, f])
        s.isr[s.epoch, f] = False

    @action
    def expand(s, l: Replica, f: Replica):
        """The leader lets a follower in that has reached the high watermark and the epoch's start.  [KAFKA-7128]"""
        require(s.leads[s.epoch, l], s.at[l] == s.epoch, ~s.isr[s.epoch, f])
        require(s.serves(l, s.at[f]), s.hw[l] <= s.end[f], s.reached_epoch(l, f))
        s.isr[s.epoch, f] = True

    @invariant
    def committed_survives(s, l: Replica, i: Offset):
        """Whatever was committed is in the log of the leader, once it knows that it leads.  [KIP-101]"""
        leads = s.leads[s.epoch, l] & (s.at[l] == s.epoch)
        return implies(leads & (s.committed[i] != none), (i < s.end[l]) & (s.committed[i] == s.log[l, i]))

    @invariant
    def logs_agree(s, a: Replica, b: Replica, i: Offset):
        """No two replicas show consumers different records: below both high watermarks, their logs agree.  [KIP-279]"""
        return implies((i < s.hw[a]) & (i < s.hw[b]), s.shared(a, b, i))

    @invariant
    def weak_isr(s, l: Replica, f: Replica, i: Offset):
        """What a leader takes for committed is in every replica that it takes for in sync."""
        return implies(s.leads[s.at[l], l] & (i < s.hw[l]) & s.isr[s.at[l], f], s.shared(l, f, i))

    @invariant
    def strong_isr(s, l: Replica, f: Replica, i: Offset):
        """What a leader takes for committed is in every replica that the controller may elect."""
        return implies(s.leads[s.at[l], l] & (i < s.hw[l]) & s.isr[s.epoch, f], s.shared(l, f, i))

    @witness
    def new_leader_commits(s, i: Offset):
        """A later leader can commit a record that it wrote itself."""
        return (s.committed[i] != none) & (s.committed[i] != 0)

    @witness
    def commits_for_predecessor(s, l: Replica):
        """A later leader can commit a record that its predecessor wrote, and commit it first."""
        return (
            s.leads[s.at[l], l] & (s.at[l] != 0) & (s.hw[l] == 1) & (s.committed[0] == s.log[l, 0]) & (s.log[l, 0] == 0)
        )

    @witness
    def two_leaders(s, a: Replica, b: Replica):
        """Two replicas can take themselves for the leader at once."""
        return (a != b) & s.leads[s.at[a], a] & s.leads[s.at[b], b]

    @witness
    def logs_diverge(s, a: Replica, b: Replica):
        """Two logs can differ above the high watermark."""
        return (s.end[a] == 1) & (s.end[b] == 1) & (s.log[a, 0] != s.log[b, 0])
