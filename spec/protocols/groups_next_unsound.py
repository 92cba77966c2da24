"""The next-generation group protocol gone wrong: each variant is a bug that was, or nearly."""

from brokerlaw.spec.language import action, ite, none, require
from brokerlaw.spec.protocols.groups_next import GroupsNext, Member, Partition


class GrantsBeforeRelease(GroupsNext):
    """A new owner is granted a partition before the old one has acknowledged its revocation."""

    breaks = ("exclusive",)

    @action
    def grant(s, m: Member, p: Partition):
        """A partition goes to its target."""
        require(s.target[p] == m, s.joined[m], s.granted[p] != m)
        s.granted[p], s.offered[m, p] = m, True


class OldRevocationClears(GroupsNext):
    """An old revocation, acknowledged late, clears the owner of today.  [KAFKA-16147]"""

    breaks = ("exclusive",)

    @action
    def ask(s, m: Member, p: Partition):
        """A partition can be asked back, and be meant for the same member again before it answers."""
        require(s.granted[p] == m)
        s.asked[m, p] = True

    @action
    def collect(s, m: Member):
        """What a member gave back, nobody holds now, whoever does; the acknowledgement may be counted again."""
        require(s.joined[m])
        s.granted[:] = lambda p: ite(s.released[m, p], none, s.granted[p])
        s.at[m] = s.epoch


class RejoinsHolding(GroupsNext):
    """A member that fell out joins again with the partitions that it had.  [KAFKA-12984]"""

    breaks = ("exclusive",)

    @action(fair=False)
    def join(s, m: Member):
        """A member joins, whatever it holds."""
        require(~s.joined[m])
        s.at[m], s.believes[m] = s.epoch + 1, s.epoch + 1
        s.joined[m], s.epoch = True, s.epoch + 1


class ZombiesCommit(GroupsNext):
    """An offset commit is accepted without a look at the member's epoch."""

    breaks = ("commits_fenced",)

    @action(fair=False)
    def commit(s, m: Member, p: Partition):
        """Whoever thinks that it owns the partition commits."""
        require(s.owns[m, p])
        s.stray[p] = s.stray[p] | (s.granted[p] != m)


class LateCommits(GroupsNext):
    """A commit is accepted from any member, also one that was sent before it gave the partition back."""

    breaks = ("commits_fenced",)

    @action(fair=False)
    def commit(s, m: Member, p: Partition):
        """A member commits, in whichever epoch it sent."""
        require(s.joined[m], s.sent[m, p] != none)
        s.stray[p] = s.stray[p] | (s.granted[p] != m)


class EpochBeforeRelease(GroupsNext):
    """The member epoch moves on before all is given back, and so does not tell a late commit from a timely one."""

    breaks = ("commits_fenced",)

    @action
    def collect(s, m: Member):
        """What was given back so far, nobody holds now."""
        require(s.joined[m])
        s.granted[:] = lambda p: ite(s.released[m, p], none, s.granted[p])
        s.released[m, :] = False
        s.at[m] = s.epoch
