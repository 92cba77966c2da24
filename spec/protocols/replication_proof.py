"""Why replication is sound, for any number of replicas, epochs and records: the lemmas of its proof."""

from brokerlaw.spec.language import Bool, Var, action, exists, implies, invariant, ite, none
from brokerlaw.spec.protocols.replication import Epoch, Offset, Replica, Replication


class ReplicationProof(Replication):
    """Replication with two history variables, which no guard reads, and lemmas that together are inductive.

    The heart is `in_sync_complete`: from the epoch in which a record is committed, whoever is in sync has it. Expansion
    keeps it by the epoch's start, truncation by the fence: it is against a leader that is itself in sync.
    """

    since = Var(Epoch, Offset, doc="history: the epoch in which the record at an offset was first committed")
    opened = Var(Bool, Epoch, doc="history: a later leader has let in somebody who was not in sync in the epoch")

    @action
    def expand(s, l: Replica, f: Replica):
        """As before, and the epochs in which the follower was not in sync are opened.  [KAFKA-7128]"""
        s.opened[:] = lambda e: s.opened[e] | ((e < s.epoch) & ~s.isr[e, f])
        super().expand(l, f)

    @action
    def commit(s, l: Replica, i: Offset):
        """As before, and the epoch of the first commit is written down.  [KIP-320]"""
        since = ite(s.committed[i] == none, s.at[l], s.since[i])
        super().commit(l, i)
        s.since[i] = since

    @invariant
    def one_leader(s, e: Epoch, a: Replica, b: Replica):
        """An epoch has one leader."""
        return implies(s.leads[e, a] & s.leads[e, b], a == b)

    @invariant
    def leader_in_sync(s, e: Epoch, l: Replica):
        """The leader of an epoch is in sync in it, and none leads in an epoch to come."""
        return implies(s.leads[e, l], s.isr[e, l] & (e <= s.epoch))

    @invariant
    def obeyed_was_sent(s, r: Replica):
        """No replica is ahead of the controller."""
        return s.at[r] <= s.epoch

    @invariant
    def hw_within_log(s, r: Replica):
        """The high watermark is within the log."""
        return s.hw[r] <= s.end[r]

    @invariant
    def epochs_rise(s, r: Replica, i: Offset, j: Offset):
        """Along a log epochs never fall, and none is ahead of the replica."""
        return implies((i <= j) & (j < s.end[r]), (s.log[r, i] <= s.log[r, j]) & (s.log[r, j] <= s.at[r]))

    @invariant
    def leader_first(s, r: Replica, l: Replica):
        """Nobody is in an epoch before its leader."""
        return implies(s.leads[s.at[r], l], s.at[r] <= s.at[l])

    @invariant
    def written_by_leader(s, r: Replica, l: Replica, i: Offset):
        """A record was written by the leader of its epoch, which has it until it obeys a later command."""
        written = (i < s.end[r]) & s.leads[s.log[r, i], l]
        return implies(written, (s.log[r, i] < s.at[l]) | ((s.log[r, i] == s.at[l]) & s.shared(r, l, i)))

    @invariant
    def log_matching(s, a: Replica, b: Replica, i: Offset, j: Offset):
        """Two logs that share a record share all before it."""
        return implies(s.shared(a, b, j) & (i < j), s.shared(a, b, i))

    @invariant
    def follower_is_prefix(s, f: Replica, l: Replica, i: Offset):
        """A follower's log is a part of its leader's, while both are in one epoch."""
        return implies(s.serves(l, s.at[f]) & (i < s.end[f]), s.shared(f, l, i))

    @invariant
    def closed_until_opened(s, e: Epoch, later: Epoch, r: Replica):
        """Nobody enters the in-sync set of a later epoch until it is opened."""
        return implies((e < later) & (later <= s.epoch) & ~s.opened[e] & s.isr[later, r], s.isr[e, r])

    @invariant
    def opened_from_inside(s, e: Epoch):
        """Who opens an epoch was in sync in it, and has left it."""
        return implies(s.opened[e], exists(Replica, lambda r: s.isr[e, r] & (e < s.at[r])))

    @invariant
    def committed_in_time(s, i: Offset):
        """A record is committed by the leader of its own epoch or of a later one, which has obeyed."""
        by = exists(Replica, lambda l: s.leads[s.since[i], l] & (s.since[i] <= s.at[l]))
        return implies(s.committed[i] != none, (s.since[i] <= s.epoch) & by)

    @invariant
    def in_sync_complete(s, i: Offset, e: Epoch, f: Replica):
        """Who is in sync in an epoch no earlier than a commit has obeyed its command, and has its record."""
        bound = (s.committed[i] != none) & (s.since[i] <= e) & (e <= s.epoch) & s.isr[e, f]
        return implies(bound, (s.since[i] <= s.at[f]) & (i < s.end[f]) & (s.committed[i] == s.log[f, i]))

    @invariant
    def hw_is_committed(s, r: Replica, i: Offset):
        """What lies below a high watermark is what was committed, in an epoch that the replica has reached."""
        known = (s.committed[i] != none) & (s.since[i] <= s.at[r]) & (s.committed[i] == s.log[r, i])
        return implies(i < s.hw[r], known)

    @invariant
    def own_commits_known(s, l: Replica, i: Offset):
        """What was written and committed in the latest epoch, its leader knows to be committed."""
        return implies(s.leads[s.epoch, l] & (s.committed[i] == s.epoch), i < s.hw[l])
