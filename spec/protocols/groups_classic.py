"""The classic group protocol: all members join, one assigns, all sync; a generation is one round of that."""

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    exists,
    forall,
    implies,
    init,
    invariant,
    require,
    values,
    witness,
)


class Member(Sort):
    """A consumer in the group."""


class Partition(Sort):
    """A partition of a subscribed topic."""


class Instance(Sort):
    """A static member's id (group.instance.id)."""


class Generation(Ordered):
    """Which round of the group."""


class State(Enum):
    """Where the coordinator stands in the round."""

    joining, assigning, stable = values(3)


class GroupsClassic(Protocol):
    """Join, assign, sync, heartbeat; eager members give everything up before they join, cooperative ones keep it.

    A member that missed its session timeout is out of the group but does not know: it runs on, fenced, until it hears.
    What it may not do is commit. So ownership is exclusive among members of the group, and only among them.
    Source: KIP-62, KIP-345 (static membership), KIP-429 (cooperative rebalancing).
    """

    bounds = {Member: 2, Partition: 2, Instance: 2, Generation: 4}

    cooperative = Var(Bool, doc="setting: members keep what they own while they join")
    static = Var(Bool, doc="setting: members have instance ids")
    instance = Var(Instance, Member, doc="setting: whose seat the member takes")
    state = Var(State, doc="coordinator: where the round stands")
    generation = Var(Generation, doc="coordinator: which round it is")
    joined = Var(Bool, Member, doc="coordinator: it is a member")
    ready = Var(Bool, Member, doc="coordinator: it has joined this round")
    assigned = Var(Bool, Member, Partition, doc="coordinator: what this round assigns")
    synced = Var(Bool, Member, doc="coordinator: it was told the assignment of this round")
    believed = Var(Generation, Member, doc="member: the generation that it has synced")
    owns = Var(Bool, Member, Partition, doc="member: reads and processes the partition")
    stray = Var(Bool, Partition, doc="history: a commit was accepted while another member owned the partition")
    calm = Var(Bool, doc="environment: members have ceased to come and go")

    @init
    def start(s, cooperative: Bool, static: Bool):
        """Any setting."""
        s.cooperative, s.static = cooperative, static

    def holds_nothing(s, m):
        """The member has given everything up."""
        return forall(Partition, lambda p: ~s.owns[m, p])

    def seat_taken(s, m):
        """Another member sits there under the same instance id."""
        return s.static & exists(Member, lambda n: (n != m) & s.joined[n] & (s.instance[n] == s.instance[m]))

    def is_assigned(s, p):
        """This round gives the partition to somebody."""
        return exists(Member, lambda m: s.assigned[m, p])

    def is_owned(s, p):
        """A member owns the partition."""
        return exists(Member, lambda m: s.joined[m] & s.owns[m, p])

    def enter_round(s, m):
        """The member is in the round; if there was none, it begins, and all others have yet to join."""
        s.ready[:] = lambda n: (n == m) | (s.ready[n] & (s.state == State.joining))
        s.state = State.joining

    @action(fair=False)
    def configure(s, m: Member, i: Instance):
        """A member that is not in the group is given its instance id."""
        require(~s.joined[m], s.holds_nothing(m), s.static)
        s.instance[m] = i

    @action(fair=False)
    def join(s, m: Member):
        """A newcomer, holding nothing, joins: a new round begins, or it enters the one under way.  [JoinGroup]"""
        require(~s.calm, ~s.joined[m], s.holds_nothing(m), ~s.seat_taken(m))
        s.joined[m] = True
        s.enter_round(m)

    @action(fair=False)
    def replace(s, m: Member, n: Member):
        """A static member comes back as a new process: it takes its seat, and the old process is fenced.  [KIP-345]"""
        require(s.static, s.joined[m], ~s.joined[n], s.instance[m] == s.instance[n], s.holds_nothing(n), m != n)
        require(~s.calm)
        s.joined[:] = lambda x: (x == n) | (s.joined[x] & (x != m))
        s.ready[:] = lambda x: ((x == n) & s.ready[m]) | (s.ready[x] & (x != m))
        s.synced[n] = False
        s.assigned[:, :] = lambda x, p: ((x == n) & s.assigned[m, p]) | ((x != m) & (x != n) & s.assigned[x, p])

    @action
    def rejoin(s, m: Member):
        """A member hears of the round and joins it; an eager one gives everything up first.  [REBALANCE_IN_PROGRESS]"""
        require(s.joined[m], s.state == State.joining, ~s.ready[m])
        s.ready[m] = True
        s.owns[m, :] = lambda p: s.owns[m, p] & s.cooperative

    @action
    def all_joined(s):
        """Everybody has joined: the generation grows, and the leader assigns.  [JoinGroup response]"""
        require(s.state == State.joining, exists(Member, lambda m: s.joined[m]))
        require(forall(Member, lambda m: implies(s.joined[m], s.ready[m])))
        s.state, s.generation = State.assigning, s.generation + 1
        s.assigned[:, :] = False
        s.synced[:] = False

    @action
    def assign(s, m: Member, p: Partition):
        """The leader gives a partition to one member, but never one that another still owns.  [KIP-429]"""
        require(
            s.state == State.assigning,
            s.joined[m],
            forall(Member, lambda n: ~s.assigned[n, p]),
            forall(Member, lambda n: implies(s.joined[n] & s.owns[n, p], n == m)),
        )
        s.assigned[m, p] = True

    @action
    def all_assigned(s):
        """The leader hands the assignment in: what it lacks, somebody has yet to give up.  [SyncGroup, KIP-429]"""
        require(s.state == State.assigning, forall(Partition, lambda p: s.is_assigned(p) | s.is_owned(p)))
        s.state = State.stable

    @action
    def sync(s, m: Member):
        """A member is told its assignment, and gives up what is not in it.  [SyncGroup response]"""
        require(s.state == State.stable, s.joined[m], ~s.synced[m])
        s.synced[m], s.believed[m] = True, s.generation
        s.owns[m, :] = lambda p: s.assigned[m, p]

    @action
    def next_round(s, m: Member):
        """A member that gave something up asks for another round, so that somebody may have it.  [KIP-429]"""
        require(s.state == State.stable, s.joined[m], s.synced[m], s.cooperative)
        require(exists(Partition, lambda p: ~s.is_assigned(p)))
        s.state = State.joining
        s.ready[:] = lambda n: n == m

    @action(fair=False)
    def expire(s, m: Member):
        """A member missed its session timeout: it is out, and the others must join again.  [KIP-62]"""
        require(~s.calm, s.joined[m])
        s.joined[m] = False
        s.assigned[m, :] = False
        s.ready[:] = lambda n: s.ready[n] & (n != m) & (s.state == State.joining)
        s.state = State.joining

    @action
    def learn_fenced(s, m: Member):
        """One who is out hears of it, and gives everything up at once.  [UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID]"""
        require(~s.joined[m])
        s.owns[m, :] = False

    @action(fair=False)
    def commit(s, m: Member, p: Partition):
        """A member of this generation commits for what it owns.  [OffsetCommit: ILLEGAL_GENERATION otherwise]"""
        require(s.owns[m, p], s.joined[m], s.believed[m] == s.generation)
        s.stray[p] = s.stray[p] | exists(Member, lambda n: s.joined[n] & s.owns[n, p] & (n != m))

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
        """No commit was accepted for a partition that another member owned."""
        return ~s.stray[p]

    @invariant
    def one_seat(s, a: Member, b: Member):
        """No two members share an instance id.  [KAFKA-8500]"""
        return implies(s.static & s.joined[a] & s.joined[b] & (s.instance[a] == s.instance[b]), a == b)

    @invariant
    def assigned_once(s, a: Member, b: Member, p: Partition):
        """A round assigns each partition to at most one, and to members only."""
        return implies(s.assigned[a, p] & s.assigned[b, p], a == b) & implies(s.assigned[a, p], s.joined[a])

    @invariant
    def assigned_is_free(s, a: Member, b: Member, p: Partition):
        """What a round assigns, no other member of it still owns."""
        fresh = s.state != State.joining
        return implies(fresh & s.assigned[a, p] & s.joined[b] & s.owns[b, p], a == b)

    @witness
    def all_owned(s):
        """The group can come to rest, every partition owned."""
        owned = forall(Partition, s.is_owned)
        return owned & (s.state == State.stable) & forall(Member, lambda m: s.joined[m] & s.synced[m])

    @witness
    def zombie_runs(s, a: Member, b: Member, p: Partition):
        """A fenced member can run on beside the new owner."""
        return s.owns[a, p] & ~s.joined[a] & s.owns[b, p] & s.joined[b]

    @eventually
    def stable_and_complete(s):
        """Once members cease to come and go, the round ends, and each partition is owned."""
        at_rest = (s.state == State.stable) & forall(Member, lambda m: implies(s.joined[m], s.synced[m]))
        somebody = exists(Member, lambda m: s.joined[m])
        return implies(s.calm & somebody, at_rest & forall(Partition, s.is_owned))
