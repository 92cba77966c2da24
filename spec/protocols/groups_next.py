"""The next-generation group protocol: the coordinator grants a partition once its last owner has given it back."""

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    exists,
    forall,
    implies,
    invariant,
    ite,
    none,
    require,
    witness,
)


class Member(Sort):
    """A consumer in the group."""


class Partition(Sort):
    """A partition of a subscribed topic."""


class Epoch(Ordered):
    """The group's epoch, which grows whenever the target assignment may change; a member is at one of them."""


class GroupsNext(Protocol):
    """Target assignment, member epochs, revocation before grant; heartbeats carry all of it, and may be late.

    A member that missed its session timeout is out of the group but does not know: it runs on, fenced, and may still
    process records of a partition that has a new owner. What it may not do is commit, nor come back without first
    giving everything up. So ownership is exclusive among members, and only among them.
    Source: KIP-848, The Next Generation of the Consumer Rebalance Protocol.
    """

    bounds = {Member: 2, Partition: 2, Epoch: 6}

    epoch = Var(Epoch, doc="coordinator: the group epoch, and that of the target assignment")
    at = Var(Epoch, Member, doc="coordinator: the member epoch, up to which a member has given back what it should")
    joined = Var(Bool, Member, doc="coordinator: it is a member")
    target = Var(Member | None, Partition, doc="coordinator: who shall own the partition")
    granted = Var(Member | None, Partition, doc="coordinator: who may own it now, until it is given back")
    offered = Var(Bool, Member, Partition, doc="response under way: the partition is yours")
    asked = Var(Bool, Member, Partition, doc="response under way: give the partition back")
    released = Var(Bool, Member, Partition, doc="request under way: I have given it back")
    believes = Var(Epoch, Member, doc="member: its member epoch, as it last heard")
    owns = Var(Bool, Member, Partition, doc="member: reads and processes the partition")
    sent = Var(Epoch | None, Member, Partition, doc="commit under way: sent in this member epoch")
    stray = Var(Bool, Partition, doc="history: a commit was accepted of one to whom it was not granted")
    calm = Var(Bool, doc="environment: members have ceased to come and go")

    def holds_nothing(s, m):
        """The member has given everything up."""
        return forall(Partition, lambda p: ~s.owns[m, p])

    @action(fair=False)
    def join(s, m: Member):
        """A member that holds nothing joins; the group epoch grows, and is its own.  [KIP-848: member epoch 0]"""
        require(~s.calm, ~s.joined[m], s.holds_nothing(m))
        s.at[m], s.believes[m] = s.epoch + 1, s.epoch + 1
        s.joined[m], s.epoch = True, s.epoch + 1

    @action
    def assign(s, p: Partition, m: Member):
        """The assignor gives a partition that has no target to a member.  [KIP-848: target assignment]"""
        require(s.joined[m], s.target[p] == none)
        s.target[p], s.epoch = m, s.epoch + 1

    @action(fair=False)
    def reassign(s, p: Partition, m: Member):
        """The assignor means a partition for another member from now on.  [KIP-848: target assignment]"""
        require(~s.calm, s.joined[m], s.target[p] != m, s.target[p] != none)
        s.target[p], s.epoch = m, s.epoch + 1

    @action
    def grant(s, m: Member, p: Partition):
        """A partition that nobody holds goes to its target.  [KIP-848: reconciliation]"""
        require(s.target[p] == m, s.joined[m], s.granted[p] == none)
        s.granted[p], s.offered[m, p] = m, True

    @action
    def accept(s, m: Member, p: Partition):
        """The member learns that a partition is its own.  [KIP-848: ConsumerGroupHeartbeat response]"""
        require(s.offered[m, p])
        s.owns[m, p], s.offered[m, p] = True, False

    @action
    def ask(s, m: Member, p: Partition):
        """The coordinator asks back a partition whose target is somebody else.  [KIP-848: revocation]"""
        require(s.granted[p] == m, s.target[p] != m, ~s.released[m, p])
        s.asked[m, p], s.offered[m, p] = True, False

    @action
    def release(s, m: Member, p: Partition):
        """The member commits and gives a partition back, and says so.  [KIP-848: revocation acknowledged]"""
        require(s.asked[m, p])
        s.owns[m, p], s.asked[m, p] = False, False
        s.released[m, p] = True

    @action
    def collect(s, m: Member):
        """A member has given back all that it should: nobody holds that now, and the member epoch is the group's."""
        require(s.joined[m], s.at[m] < s.epoch)
        require(forall(Partition, lambda p: ~s.asked[m, p]))
        require(forall(Partition, lambda p: implies((s.granted[p] == m) & (s.target[p] != m), s.released[m, p])))
        s.granted[:] = lambda p: ite(s.released[m, p], none, s.granted[p])
        s.released[m, :] = False
        s.at[m] = s.epoch

    @action
    def hear(s, m: Member):
        """The member learns its epoch.  [KIP-848: ConsumerGroupHeartbeat response]"""
        require(s.joined[m], s.believes[m] < s.at[m])
        s.believes[m] = s.at[m]

    @action(fair=False)
    def expire(s, m: Member):
        """A member missed its session timeout: it is out, its partitions are free, its messages void.  [KIP-848]"""
        require(~s.calm, s.joined[m])
        s.joined[m] = False
        s.granted[:] = lambda p: ite(s.granted[p] == m, none, s.granted[p])
        s.target[:] = lambda p: ite(s.target[p] == m, none, s.target[p])
        s.offered[m, :] = False
        s.asked[m, :] = False
        s.released[m, :] = False

    @action
    def learn_fenced(s, m: Member):
        """A member hears that it is out, and gives everything up at once.  [KIP-848: FENCED_MEMBER_EPOCH]"""
        require(~s.joined[m])
        s.owns[m, :] = False

    @action(fair=False)
    def leave(s, m: Member):
        """A member that has given everything up says farewell."""
        require(~s.calm, s.joined[m], s.holds_nothing(m))
        s.joined[m] = False
        s.granted[:] = lambda p: ite(s.granted[p] == m, none, s.granted[p])
        s.target[:] = lambda p: ite(s.target[p] == m, none, s.target[p])
        s.offered[m, :] = False
        s.asked[m, :] = False
        s.released[m, :] = False

    @action(fair=False)
    def send_commit(s, m: Member, p: Partition):
        """A member commits for what it owns, in its epoch; the request may arrive late.  [OffsetCommit v9]"""
        require(s.owns[m, p])
        s.sent[m, p] = s.believes[m]

    @action(fair=False)
    def commit(s, m: Member, p: Partition):
        """A commit of a member in its present epoch is accepted, no other.  [KIP-848: STALE_MEMBER_EPOCH]"""
        require(s.joined[m], s.sent[m, p] == s.at[m])
        s.stray[p] = s.stray[p] | (s.granted[p] != m)

    @action(fair=False)
    def settle(s):
        """From now on nobody comes or goes."""
        s.calm = True

    @invariant
    def exclusive(s, a: Member, b: Member, p: Partition):
        """No two members own a partition at once; one who runs on, fenced, is no member."""
        return implies(s.joined[a] & s.joined[b] & s.owns[a, p] & s.owns[b, p], a == b)

    @invariant
    def commits_fenced(s, p: Partition):
        """No commit was ever accepted of one to whom the partition was not granted, however late it came."""
        return ~s.stray[p]

    @invariant
    def owned_is_granted(s, m: Member, p: Partition):
        """What a member owns was granted to it and not yet collected."""
        return implies(s.joined[m] & s.owns[m, p], (s.granted[p] == m) & ~s.released[m, p])

    @invariant
    def under_way_is_granted(s, m: Member, p: Partition):
        """Whatever is under way between coordinator and member is about a partition granted to it."""
        under_way = s.offered[m, p] | s.asked[m, p] | s.released[m, p]
        return implies(under_way, (s.granted[p] == m) & s.joined[m])

    @invariant
    def one_under_way(s, m: Member, p: Partition):
        """A partition is offered, asked back, or given back: one of them at a time."""
        return ~(s.released[m, p] & (s.offered[m, p] | s.asked[m, p])) & ~(s.offered[m, p] & s.asked[m, p])

    @invariant
    def epochs_in_step(s, m: Member, p: Partition, e: Epoch):
        """No member is ahead of the group, and what it commits in its present epoch is granted to it."""
        order = (s.believes[m] <= s.at[m]) & (s.at[m] <= s.epoch) & implies(s.sent[m, p] == e, e <= s.at[m])
        return order & implies(s.joined[m] & (s.sent[m, p] == s.at[m]), s.granted[p] == m)

    @invariant
    def granted_to_members(s, m: Member, p: Partition):
        """Partitions are granted, and meant, for members only."""
        return implies((s.granted[p] == m) | (s.target[p] == m), s.joined[m])

    @witness
    def all_owned(s):
        """The group can come to rest: every partition is owned by its target."""
        return forall(Partition, Member, lambda p, m: (s.target[p] != none) & implies(s.target[p] == m, s.owns[m, p]))

    @witness
    def zombie_runs(s, a: Member, b: Member, p: Partition):
        """A fenced member can run on beside the new owner."""
        return s.owns[a, p] & ~s.joined[a] & s.owns[b, p] & s.joined[b]

    @witness
    def handed_over(s, a: Member, b: Member, p: Partition):
        """A partition can move between two members that stay."""
        return s.released[a, p] & s.joined[b] & (s.target[p] == b) & (a != b)

    @eventually
    def stable_and_complete(s):
        """Once members cease to come and go, each partition is owned by the member that it is meant for."""
        owned = forall(Partition, lambda p: exists(Member, lambda m: (s.target[p] == m) & s.owns[m, p]))
        return implies(s.calm & exists(Member, lambda m: s.joined[m]), owned)
