"""Groups: bugs of rebalances and of membership, under both protocols."""

from collections.abc import Callable
from typing import Final

from brokerlaw.reference.assignors import Owned, Subscription, sticky
from brokerlaw.reference.classic_group import ClassicGroup, ClassicMember, Join
from brokerlaw.reference.classic_member import ClassicGroupMember
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.consumer import Consumer
from brokerlaw.reference.consumer_group import ConsumerGroup, Heartbeat, Told
from brokerlaw.reference.groups import GroupCoordinator, Membership
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.spec.history.values import GroupState, TopicPartition


class ClearedByAnOldRevocation(ConsumerGroup):
    """A partition that comes back to a member that once let it go is cleared as if it were being let go."""

    def __init__(self, coordinator: GroupCoordinator, name: str) -> None:
        super().__init__(coordinator, name)
        self._let_go: dict[TopicPartition, str] = {}

    def converse(self, said: Heartbeat) -> Told:
        """Tell the member what it may hold, and forget that it may."""
        told = super().converse(said)
        self._let_go |= dict.fromkeys((tp for tp in said.owned if tp not in told.partitions), told.member)
        for tp in told.partitions:
            if self._let_go.get(tp) == told.member:
                del self.holders[tp]
        return told


class GrantsBeforeRelease(ConsumerGroup):
    """The target is granted at once."""

    def grant(self, tp: TopicPartition, name: str) -> None:
        """Whoever holds it."""
        self.holders[tp] = name


class TrustsStaleClaims(ClassicGroupMember):
    """What members claim to own counts without its generation, and a member that fell out claims it still."""

    def lose(self, forget: bool) -> None:
        """Tell the application, and remember."""
        owned = self.owned
        super().lose(forget)
        self.owned = owned

    def let_go(self) -> None:
        """Not of what it fell out of."""
        if self.generation >= 0:
            super().let_go()

    def assign(self, subscriptions: tuple[Subscription, ...]) -> dict[str, Owned]:
        """Believe everyone."""
        return super().assign(tuple(each._replace(generation=0) for each in subscriptions))


class GenerationsBeginAgain(ClassicGroup):
    """Every third rebalance is the first one."""

    def _complete(self) -> None:
        """Count from the beginning, after the second."""
        self.generation %= 2
        super()._complete()


class EpochsStandStill(ConsumerGroup):
    """The group has an epoch, and no other one whatever changes."""

    def retarget(self) -> None:
        """Another target, in the same epoch."""
        super().retarget()
        self.epoch = 1


class TwoOfOneInstance(ClassicGroup):
    """A static member that comes back does not take its predecessor's place."""

    def join(self, join: Join) -> str:
        """As a member of its own."""
        return super().join(join._replace(instance=None))


class RebalancesOnReturn(ClassicGroup):
    """A static member that comes back has its place again, in a round of its own."""

    def _succeed(self, member: str, predecessor: str, join: Join) -> str:
        before = self._forget(predecessor)
        self.members[member] = ClassicMember(join._replace(member=member), assignment=before.assignment)
        return self._enter(member)


class LeavesForGood(ConsumerGroup):
    """A static member that leaves for a while is forgotten at once."""

    def step_away(self, name: str) -> None:
        """As if it had left for good."""
        self.remove(name)


class DescribesWhoLeft(ClassicGroup):
    """A group that nobody is left in is described as it was."""

    def __init__(self, coordinator: GroupCoordinator, name: str) -> None:
        super().__init__(coordinator, name)
        self._last: GroupState | None = None

    def describe(self) -> GroupState:
        """As when it last had members."""
        described = super().describe()
        if described.members or self._last is None:
            self._last = described
        return self._last

    def remove(self, member: str) -> None:
        """Remember it with the member."""
        self._last = super().describe()
        super().remove(member)


class StuckInSync(ClassicGroup):
    """A member that vanishes before it syncs is waited for."""

    def remove(self, member: str) -> None:
        """Nothing begins anew while an assignment is awaited."""
        if self.state == "completingrebalance":
            self._forget(member)
        else:
            super().remove(member)


class AnyGenerationCommits(GroupCoordinator):
    """A commit is not asked who makes it."""

    def check(self, membership: Membership) -> None:
        """Let it pass."""


class NobodyDies(GroupCoordinator):
    """A member that has fallen silent stays one for ever."""

    def expect(self, membership: Membership, timeout: int, is_silent: Callable[[], bool]) -> None:
        """Wait, and do nothing."""


class MissesLate(GroupCoordinator):
    """A member that has fallen silent is missed after twice its session."""

    def expect(self, membership: Membership, timeout: int, is_silent: Callable[[], bool]) -> None:
        """Wait for twice as long."""
        super().expect(membership, 2 * timeout, is_silent)


class LeavesInSilence(ClassicGroupMember):
    """Who leaves is a member until its session runs out."""

    def leave(self) -> None:
        """Nobody hears of it."""
        self.fall_silent()


class DropsTheRemainder(ClassicGroupMember):
    """Partitions that cannot be shared out evenly are given to nobody."""

    def assign(self, subscriptions: tuple[Subscription, ...]) -> dict[str, Owned]:
        """An equal share for each."""
        assignment = super().assign(subscriptions)
        least = min(len(owned) for owned in assignment.values())
        return {member: owned[:least] for member, owned in assignment.items()} if least else assignment


class AllToOne(ClassicGroupMember):
    """The first member is given everything."""

    def assign(self, subscriptions: tuple[Subscription, ...]) -> dict[str, Owned]:
        """Nothing for the others."""
        assignment = super().assign(subscriptions)
        everything = tuple(sorted(tp for owned in assignment.values() for tp in owned))
        return {member: everything if number == 0 else () for number, member in enumerate(assignment)}


class MovesAtRandom(ClassicGroupMember):
    """What members have is not asked for when a cooperative group is shared out, and its order turns with its size."""

    def assign(self, subscriptions: tuple[Subscription, ...]) -> dict[str, Owned]:
        """As if all were new; nothing is granted before it is let go."""
        if self.op.assignor != "cooperative-sticky":
            return super().assign(subscriptions)
        order = sorted((each.member for each in subscriptions), reverse=len(subscriptions) % 2 == 0)
        fresh = [Subscription(f"{at}", self.topics) for at in range(len(order))]
        target = {order[int(place)]: owned for place, owned in sticky(fresh, self.groups.counts).items()}
        holders = {tp: each.member for each in subscriptions for tp in each.owned}
        return {name: tuple(tp for tp in owned if holders.get(tp, name) == name) for name, owned in target.items()}


class GivesUpEverything(ClassicGroupMember):
    """A cooperative member gives back all that it has before it joins anew, and claims it still."""

    def let_go(self) -> None:
        """Of all, and take it back with what it is assigned."""
        if self.owned:
            self.consumer.revoked(self.owned)
            self.consumer.assigned(self.owned)


class SubscriptionsAddUp(Consumer):
    """A member asks for all topics that it ever subscribed to."""

    def subscribe(self, topics: tuple[str, ...]) -> None:
        """To those before as well."""
        before = () if self.member is None else self.member.topics
        super().subscribe(tuple(dict.fromkeys((*before, *topics))))


class NobodyIdle(ClassicGroupMember):
    """A member for whom no partition is left shares the first one."""

    def assign(self, subscriptions: tuple[Subscription, ...]) -> dict[str, Owned]:
        """Something for everyone."""
        assignment = super().assign(subscriptions)
        first = sorted(tp for owned in assignment.values() for tp in owned)[:1]
        return {member: owned or tuple(first) for member, owned in assignment.items()}


GROUPS: Final = {
    "KAFKA-16147": Mutant(
        "a partition's owner is cleared by an old revocation, and it is granted twice",
        "KAFKA-16147; KIP-848",
        Parts(consumer_group=ClearedByAnOldRevocation),
        ("ownership.exclusive",),
    ),
    "grant-before-release": Mutant(
        "the new owner is granted a partition before the old one has let go",
        "KIP-848",
        Parts(consumer_group=GrantsBeforeRelease),
        ("ownership.exclusive",),
    ),
    "KAFKA-12984": Mutant(
        "the partitions that a member claims to own are believed whatever their generation",
        "KAFKA-12984; KIP-792",
        Parts(classic_member=TrustsStaleClaims),
        ("ownership.complete",),
    ),
    "KAFKA-8500": Mutant(
        "a static member that comes back is a second member beside its predecessor",
        "KAFKA-8500; KIP-345",
        Parts(classic_group=TwoOfOneInstance),
        ("groups.described-at-rest", "commits.one-of-an-instance"),
    ),
    "static-return-rebalances": Mutant(
        "a static member that comes back within its session makes its group rebalance",
        "KIP-345",
        Parts(classic_group=RebalancesOnReturn),
        ("groups.static-return-is-quiet",),
    ),
    "static-leave-is-final": Mutant(
        "a static member that leaves for a while is done without at once",
        "KIP-848",
        Parts(consumer_group=LeavesForGood),
        ("groups.static-return-is-quiet",),
    ),
    "describes-who-left": Mutant(
        "a group whose members have all left is described as it was",
        "Kafka protocol, DescribeGroups: Empty",
        Parts(classic_group=DescribesWhoLeft),
        ("groups.deserted-is-empty",),
    ),
    "KAFKA-12890": Mutant(
        "the group waits for an assignment by a member that has vanished",
        "KAFKA-12890",
        Parts(classic_group=StuckInSync),
        ("ownership.complete", "progress.group-rests"),
    ),
    "stale-generation-commit": Mutant(
        "a commit from an older generation is accepted",
        "Kafka protocol guide, ILLEGAL_GENERATION",
        Parts(groups=AnyGenerationCommits),
        ("commits.fenced",),
    ),
    "no-heartbeat-timeout": Mutant(
        "a dead member keeps its partitions for ever",
        "Kafka documentation, session.timeout.ms",
        Parts(groups=NobodyDies),
        ("ownership.complete", "groups.silent-is-missed"),
    ),
    "generations-begin-again": Mutant(
        "the generations of a group begin again after the second",
        "Kafka protocol, JoinGroup: generation id",
        Parts(classic_group=GenerationsBeginAgain),
        ("groups.generations-rise",),
    ),
    "epochs-stand-still": Mutant(
        "a group's epoch is the same whatever its members do",
        "KIP-848: the group epoch is bumped whenever its members or their subscriptions change",
        Parts(consumer_group=EpochsStandStill),
        ("groups.generations-rise",),
    ),
    "missed-late": Mutant(
        "a dead member is waited for twice as long as its session lasts",
        "Kafka documentation, session.timeout.ms",
        Parts(groups=MissesLate),
        ("groups.silent-is-missed",),
    ),
    "leaving-is-not-heard": Mutant(
        "a member that leaves is waited for until its session runs out",
        "Kafka protocol, LeaveGroup",
        Parts(classic_member=LeavesInSilence),
        ("groups.leaver-is-let-go",),
    ),
    "half-assigned": Mutant(
        "partitions that cannot be shared out evenly have no owner",
        "KIP-54",
        Parts(classic_member=DropsTheRemainder),
        ("ownership.complete",),
    ),
    "all-to-one": Mutant(
        "one member of a group is given all partitions",
        "Kafka documentation, partition.assignment.strategy",
        Parts(classic_member=AllToOne),
        ("groups.evenly-shared",),
    ),
    "moves-at-random": Mutant(
        "a sticky assignor deals all partitions out anew in each round",
        "KIP-54; KIP-429",
        Parts(classic_member=MovesAtRandom),
        ("groups.moves-no-more-than-it-must",),
    ),
    "gives-up-everything": Mutant(
        "a cooperative member gives back at each rebalance what it keeps",
        "KIP-429",
        Parts(classic_member=GivesUpEverything),
        ("groups.revokes-no-more-than-it-must",),
    ),
    "subscriptions-add-up": Mutant(
        "a subscription adds its topics to those before",
        "Kafka documentation, KafkaConsumer.subscribe",
        Parts(consumer=SubscriptionsAddUp),
        ("groups.last-subscription-counts",),
    ),
    "nobody-idle": Mutant(
        "members beyond the number of partitions share one",
        'Kafka documentation, "Consumers"',
        Parts(classic_member=NobodyIdle),
        ("ownership.extra-idle", "ownership.exclusive", "ownership.complete"),
    ),
}
