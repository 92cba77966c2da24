"""Members: they join, are polled in any order and step by step, leave, vanish, stand still and come again."""

from typing import Final

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.moves.reading import poll
from brokerlaw.conformance.machines.scene import MEMBERS, TOPIC, Scene, Team
from brokerlaw.conformance.plan import RunApplication, Settle, Until
from brokerlaw.spec.history import operations as ops

TURNS: Final[tuple[Until, ...]] = ("done", "done", "polled", "halfway")


def joining(s: Scene, c: Choices, team: Team) -> Steps:
    """A member of the team; instance ids are few, and so are used again."""
    member = s.new_name("c")
    static = team.static and not c.chance(4)
    yield ops.OpenConsumer(
        member,
        team.name,
        reset=team.reset,
        isolation=team.isolation,
        auto_commit=team.auto_commit,
        auto_commit_interval=c.mostly(1_000, 100, 300, 5_000),
        assignor=team.assignor,
        protocol=team.protocol,
        instance_id=f"{team.name}-i{c.number(0, 2)}" if static else None,
        session_timeout=team.session_timeout,
        max_poll_interval=team.max_poll_interval,
    )
    yield ops.Subscribe(member, _topics(s, c, team))


def _topics(s: Scene, c: Choices, team: Team) -> tuple[str, ...]:
    """An application's topic; others may read what there is."""
    others = s.others()
    if team.discipline is not None or not others:
        return (TOPIC,)
    return c.one((TOPIC,), (TOPIC, *others), (c.of(others),))


@move("members", 3)
def join(s: Scene, c: Choices) -> Steps:
    """Another member."""
    bound = s.description.capabilities.get("groups") or MEMBERS
    if s.teams and len(s.members()) < min(MEMBERS, bound):
        yield from joining(s, c, c.of(s.teams))


@move("members", 6)
def step(s: Scene, c: Choices) -> Steps:
    """Members take a turn, or part of one, in any order: a round of rebalancing goes on a step at a time."""
    for member in c.some(s.members()):
        if s.model.clients[member].group in s.model.applications:
            yield RunApplication(member, c.one(*TURNS))
        else:
            yield poll(c, member)


@move("members", 2)
def settle(s: Scene, c: Choices) -> Steps:
    """A group comes to rest."""
    if s.teams:
        yield Settle(c.of(s.teams).name)


@move("members", 1)
def leave(s: Scene, c: Choices) -> Steps:
    """A member closes, or leaves and stays open."""
    if members := s.members():
        member = c.of(members)
        yield ops.Close(member) if c.chance() else ops.Unsubscribe(member)


@move("members", 1)
def subscribe_again(s: Scene, c: Choices) -> Steps:
    """A member subscribes anew: one that left, or one that wants other topics."""
    free = [name for name in s.model.live(ops.OpenConsumer) if s.team_of(name) is not None]
    if free:
        member = c.of(free)
        team = s.team_of(member)
        assert team is not None
        yield ops.Subscribe(member, _topics(s, c, team))


@move("lives", 2)
def crash(s: Scene, c: Choices) -> Steps:
    """A client vanishes, with a request under way or without."""
    clients = list(s.model.clients)
    if len(clients) > 1:
        yield ops.Crash(c.of(clients))


@move("lives", 2)
def freeze(s: Scene, c: Choices) -> Steps:
    """A client stands still."""
    awake = [name for name, client in s.model.clients.items() if not client.frozen]
    if len(awake) > 1:
        yield ops.Freeze(c.of(awake))


@move("lives", 3)
def thaw(s: Scene, c: Choices) -> Steps:
    """It goes on with what it was about."""
    if frozen := s.model.frozen():
        client = c.of(frozen)
        yield ops.Thaw(client)
        if client in s.members(application=True):
            yield RunApplication(client)
        elif client in s.free():
            yield poll(c, client)
