"""Why the in-sync set is safe to elect from, for any number of replicas, versions, lives and records."""

from brokerlaw.spec.language import exists, implies, invariant, none
from brokerlaw.spec.protocols.isr_update import IsrUpdate, Replica, Version


class IsrUpdateProof(IsrUpdate):
    """In-sync set and eligible replicas, and what makes their invariants inductive.

    The heart is `counted_covers`: whoever is in sync or eligible at the controller, the leader counts, however little
    it has heard; so the high watermark waits for all of them.
    """

    @invariant
    def leader_in_sync(s):
        """The leader is in sync, so has it heard as long as it acts, and it does not propose to drop itself."""
        heard = s.isr[s.heard, s.leader] & (s.asked[s.heard] != s.leader)
        return implies(~s.vacant, s.acts & s.in_sync(s.leader)) & implies(s.acts, heard)

    @invariant
    def eligible_in_need(s, r: Replica):
        """One is eligible while too few are in sync, and is not in sync itself.  [KIP-966]"""
        return implies(s.elr[r], ~s.in_sync(r) & ~s.enough(s.in_sync))

    @invariant
    def nothing_ahead(s, v: Version):
        """The leader is not ahead of the controller, nor its proposals ahead of what it has heard."""
        return (s.heard <= s.version) & implies(s.asked[v] != none, v <= s.heard)

    @invariant
    def counted_covers(s, r: Replica):
        """Whom the controller may elect, the leader counts, if it has enough to commit at all."""
        return implies(s.in_sync(r) | (s.elr[r] & s.enough(lambda x: s.isr[s.heard, x])), s.counted(r))

    @invariant
    def nobody_enters_unheard(s, r: Replica, v: Version):
        """Beyond what the leader has heard of, nobody comes in; who is eligible was in whenever enough were."""
        unheard = (s.heard < v) & (v <= s.version)
        held = s.in_sync(r) | (s.elr[r] & s.enough(lambda x: s.isr[v, x]))
        return implies(unheard & held, s.isr[v, r])

    @invariant
    def known_is_true(s, r: Replica):
        """What a follower has said holds in the life in which it said so."""
        return (s.seen[r] <= s.life[r]) & implies(s.seen[r] == s.life[r], s.known[r] <= s.end[r])

    @invariant
    def electable_is_known(s, r: Replica):
        """Of whom the controller may elect, the leader knows nothing that was lost."""
        return implies((s.in_sync(r) | s.elr[r]) & (r != s.leader), s.known[r] <= s.end[r])

    @invariant
    def stamp_was_seen(s, r: Replica):
        """A proposal has a broker epoch that the leader has seen."""
        return implies((s.asked[s.heard] == r) & ~s.isr[s.heard, r], s.stamp[s.heard] <= s.seen[r])

    @invariant
    def proposed_is_complete(s, r: Replica):
        """A replica that is proposed, and lives as it did, has what was committed."""
        proposed = (s.asked[s.heard] == r) & ~s.isr[s.heard, r] & (s.stamp[s.heard] == s.life[r])
        return implies(proposed, s.hw <= s.end[r])

    def pair_remains(s):
        """Two replicas can be elected, or have lost their logs."""

        def known(r):
            return s.in_sync(r) | s.elr[r] | (s.life[r] > 0)

        return exists(Replica, Replica, lambda a, b: (a != b) & known(a) & known(b))

    @invariant
    def two_hold_or_lost(s, v: Version):
        """Once two were in sync, two can be elected or have lost their logs, unless anybody may be elected."""
        were = (v <= s.version) & s.enough(lambda r: s.isr[v, r])
        return implies(s.two & ~s.unclean & were, s.pair_remains())

    @invariant
    def two_hold_committed(s):
        """Where two must be in sync, nothing was committed before two were."""
        return implies(s.two & ~s.unclean & (s.hw > 0), s.pair_remains())
