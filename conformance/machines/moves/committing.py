"""Commits of groups without an application: forward and backward, awaited or not, and what is told of them."""

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.scene import Scene
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset


def offsets(s: Scene, c: Choices) -> tuple[PartitionOffset, ...]:
    """A few partitions at offsets that may be there, in no order."""
    return tuple(PartitionOffset(*tp, c.number(0, 6)) for tp in s.partitions(c))


@move("commits", 3)
def commit(s: Scene, c: Choices) -> Steps:
    """Once or twice, one of them perhaps not awaited."""
    if members := s.members(application=False):
        member = c.of(members)
        if c.chance(3):
            yield ops.Commit(member, offsets(s, c), awaited=False)
        yield ops.Commit(member, offsets(s, c), awaited=not c.chance(3))


@move("commits", 2)
def committed(s: Scene, c: Choices) -> Steps:
    """What a consumer is told."""
    grouped = [name for name in s.model.live(ops.OpenConsumer) if s.team_of(name) is not None]
    if grouped:
        yield ops.Committed(c.of(grouped), *s.partition(c))
