"""The classic group protocol gone wrong: each variant is a bug that was."""

from brokerlaw.spec.language import action, exists, forall, require
from brokerlaw.spec.protocols.groups_classic import GroupsClassic, Member, Partition, State


class GrantsBeforeRelease(GroupsClassic):
    """The leader assigns a partition while another member still owns it."""

    breaks = ("exclusive",)

    @action
    def assign(s, m: Member, p: Partition):
        """The leader gives a partition to one member."""
        require(s.state == State.assigning, s.joined[m], forall(Member, lambda n: ~s.assigned[n, p]))
        s.assigned[m, p] = True


class TrustsOldOwners(GroupsClassic):
    """A member that fell out comes back with what it had, and the leader believes it.  [KAFKA-12984]"""

    breaks = ("exclusive",)

    @action(fair=False)
    def join(s, m: Member):
        """Anybody joins, with what it holds."""
        require(~s.joined[m], ~s.seat_taken(m))
        s.joined[m] = True
        s.enter_round(m)


class CommitsOfOldGenerations(GroupsClassic):
    """An offset commit from an older generation, or from no member at all, is accepted."""

    breaks = ("commits_fenced",)

    @action(fair=False)
    def commit(s, m: Member, p: Partition):
        """Whoever thinks that it owns the partition commits."""
        require(s.owns[m, p])
        s.stray[p] = s.stray[p] | exists(Member, lambda n: s.joined[n] & s.owns[n, p] & (n != m))


class TwoOfOneInstance(GroupsClassic):
    """A static member comes back while its old process lives, and both stay.  [KAFKA-8500]"""

    breaks = ("one_seat",)

    @action(fair=False)
    def join(s, m: Member):
        """Anybody joins, also under an instance id that is taken."""
        require(~s.joined[m], s.holds_nothing(m))
        s.joined[m] = True
        s.enter_round(m)
