"""Assignors: who of a group's members reads which partitions. KIP-54, KIP-429, KIP-848."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from brokerlaw.spec.history.values import TopicPartition

Owned: TypeAlias = tuple[TopicPartition, ...]
Assignment: TypeAlias = dict[str, Owned]


class Subscription(NamedTuple):
    """What a member asks for, and what it holds, as of which generation."""

    member: str
    topics: tuple[str, ...]
    owned: Owned = ()
    generation: int = -1


Assignor: TypeAlias = Callable[[Sequence[Subscription], Mapping[str, int]], Assignment]
"""From subscriptions, and the number of partitions of each topic."""


def partitions_of(subscriptions: Iterable[Subscription], counts: Mapping[str, int]) -> list[TopicPartition]:
    """Every partition that anyone subscribes to."""
    topics = sorted({topic for subscription in subscriptions for topic in subscription.topics})
    return [TopicPartition(topic, number) for topic in topics for number in range(counts.get(topic, 0))]


def range_assignor(subscriptions: Sequence[Subscription], counts: Mapping[str, int]) -> Assignment:
    """Topic by topic, each member a range; the first ones one more."""
    assignment: dict[str, list[TopicPartition]] = {entry.member: [] for entry in subscriptions}
    for topic in sorted({topic for entry in subscriptions for topic in entry.topics}):
        takers = sorted(entry.member for entry in subscriptions if topic in entry.topics)
        share, more = divmod(counts.get(topic, 0), len(takers))
        start = 0
        for index, taker in enumerate(takers):
            end = start + share + (index < more)
            assignment[taker] += [TopicPartition(topic, number) for number in range(start, end)]
            start = end
    return {member: tuple(owned) for member, owned in assignment.items()}


def round_robin(subscriptions: Sequence[Subscription], counts: Mapping[str, int]) -> Assignment:
    """All partitions of all topics, dealt out in turn."""
    assignment: dict[str, list[TopicPartition]] = {entry.member: [] for entry in subscriptions}
    wanted = {entry.member: entry.topics for entry in subscriptions}
    circle = sorted(wanted)
    turn = 0
    for tp in partitions_of(subscriptions, counts):
        while tp.topic not in wanted[circle[turn % len(circle)]]:
            turn += 1
        assignment[circle[turn % len(circle)]].append(tp)
        turn += 1
    return {member: tuple(owned) for member, owned in assignment.items()}


def sticky(subscriptions: Sequence[Subscription], counts: Mapping[str, int]) -> Assignment:
    """Balanced, and as few moves as that allows. The later generation has what two claim (K-12984)."""
    partitions = partitions_of(subscriptions, counts)
    wanted = {entry.member: entry.topics for entry in sorted(subscriptions)}
    held: dict[str, list[TopicPartition]] = {member: [] for member in wanted}
    holders = {tp: name for tp, name in _holders(subscriptions).items() if tp.topic in wanted.get(name, ())}
    for tp in (tp for tp in partitions if tp in holders):
        held[holders[tp]].append(tp)
    for tp in (tp for tp in partitions if tp not in holders):
        takers = [member for member in wanted if tp.topic in wanted[member]]
        held[min(takers, key=lambda member: len(held[member]))].append(tp)
    while move := _move(held, wanted):
        tp, giver, taker = move
        held[giver].remove(tp)
        held[taker].append(tp)
    return {member: tuple(sorted(owned)) for member, owned in held.items()}


def _holders(subscriptions: Sequence[Subscription]) -> dict[TopicPartition, str]:
    by_generation = sorted(subscriptions, key=lambda entry: entry.generation)
    return {tp: entry.member for entry in by_generation for tp in entry.owned}


def _move(
    held: dict[str, list[TopicPartition]], wanted: Mapping[str, tuple[str, ...]]
) -> tuple[TopicPartition, str, str] | None:
    """A partition whose move from one member to another makes them more equal."""
    for giver in sorted(held, key=lambda member: -len(held[member])):
        for taker in sorted(held, key=lambda member: len(held[member])):
            if len(held[giver]) - len(held[taker]) < 2:
                break
            for tp in reversed(held[giver]):
                if tp.topic in wanted[taker]:
                    return tp, giver, taker
    return None


def cooperative(subscriptions: Sequence[Subscription], counts: Mapping[str, int]) -> Assignment:
    """Sticky; but what another member still holds is given to no one until it has let go (KIP-429)."""
    target = sticky(subscriptions, counts)
    holders = _holders(subscriptions)
    return {member: tuple(tp for tp in owned if holders.get(tp, member) == member) for member, owned in target.items()}


CLASSIC: Final[dict[str, Assignor]] = {
    "range": range_assignor,
    "roundrobin": round_robin,
    "cooperative-sticky": cooperative,
    "uniform": sticky,
}
"""Assignors that the leading member of a classic group runs."""
SERVER: Final[dict[str, Assignor]] = {**CLASSIC, "cooperative-sticky": sticky, "roundrobin": sticky}
"""Assignors that the coordinator runs (KIP-848); it sees to the letting go itself. It has range and uniform."""
