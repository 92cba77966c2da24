"""Faults: brokers die, shut down, stand still and are cut off, by role or by number, with requests under way."""

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.moves.producing import record
from brokerlaw.conformance.machines.scene import Scene
from brokerlaw.conformance.plan import (
    Attempt,
    AwaitIsr,
    AwaitLeader,
    Elapse,
    Heal,
    InjectFault,
    ResumePaused,
    Role,
    Step,
)
from brokerlaw.spec.history import operations as ops

AT_ONCE = 2
"""Faults that are not undone, at most."""
WAITS = (1, 1, 10, 50, 100, 300, 500, 1_500, 3_000, 6_000)
"""Milliseconds."""


@move("faults", 3)
def inject(s: Scene, c: Choices) -> Steps:
    """Something happens to whoever plays a role, perhaps as a record is on its way to it."""
    able = s.able("kill", "stop", "pause")
    if able and len(s.model.faults) < AT_ONCE:
        tp = s.partition(c)
        if s.producers() and c.chance():
            yield record(s, c, c.of(s.producers()), awaited=False, topic=tp.topic)
        role: Role = c.one("leader", "leader", "follower", "last-follower", "followers")
        yield InjectFault(c.of(able), role, *tp)


@move("faults", 3)
def inject_by_number(s: Scene, c: Choices) -> Steps:
    """Something happens to a broker."""
    able = s.able("kill", "stop", "pause")
    if able and len(s.model.faults) < AT_ONCE:
        yield ops.FAULTS[c.of(able)].on((c.of(s.description.brokers),))[0]  # type: ignore[misc]  # each is an operation


@move("faults", 1)
def ask_nobody(s: Scene, c: Choices) -> Steps:
    """Every broker dies or stands still, and is asked about groups all the same; then all come back."""
    able = s.able("kill", "pause")
    if able and s.teams and s.has("groups.admin"):
        for broker in s.description.brokers:
            yield ops.FAULTS[c.of(able)].on((broker,))[0]  # type: ignore[misc]  # each is an operation
        group, tp = c.of(s.teams).name, s.partition(c)
        questions: list[ops.AnyOperation] = [ops.DescribeGroup(group), ops.FetchCommitted(group, *tp)]
        questions += [ops.ListGroups()] if s.has("groups.list") else []
        questions += [ops.Lag(group, *tp)] if s.has("groups.lag") else []
        yield from (Attempt(each) for each in questions)
        yield Heal()


@move("network", 3)
def isolate(s: Scene, c: Choices) -> Steps:
    """Brokers are cut off, also from clients or from the other brokers alone."""
    if s.able("isolate") and len(s.model.faults) < AT_ONCE:
        yield ops.IsolateBrokers(c.some(s.description.brokers), clients=c.chance())


@move("network", 1)
def isolate_by_role(s: Scene, c: Choices) -> Steps:
    """A leader or a follower is cut off."""
    if s.able("isolate") and len(s.model.faults) < AT_ONCE:
        yield InjectFault("isolate", c.one("leader", "follower"), *s.partition(c))


@move("network", 2)
def heal_network(s: Scene, c: Choices) -> Steps:
    """All can talk to all."""
    if s.model.faults:
        yield ops.HealNetwork()


@move("faults", 5)
def repair(s: Scene, c: Choices) -> Steps:
    """One broker comes back, or those that stood still, or all."""
    if not s.model.faults:
        return
    one: list[Step] = [fault.repair for fault in s.named_faults()]  # type: ignore[misc]  # each is an operation
    several: tuple[Step, ...] = (Heal(), ResumePaused())
    yield c.of(one if one and c.chance() else several)
    if c.chance():
        yield AwaitLeader(*s.partition(c))


@move("faults", 1)
def elect(s: Scene, c: Choices) -> Steps:
    """The preferred leader is to lead."""
    yield ops.ElectLeader(*s.partition(c))


@move("faults", 1)
def await_smaller_isr(s: Scene, c: Choices) -> Steps:
    """The cluster notices that brokers are gone."""
    if s.model.faults:
        tp = s.partition(c)
        yield AwaitIsr(*tp, at_most=c.number(1, 2))
        yield ops.DescribePartition(*tp)


@move("time", 3)
def elapse(s: Scene, c: Choices) -> Steps:
    """Time passes: for a request to arrive, a timeout to run out."""
    if (waited := s.wait(c.one(*WAITS))) > 0:
        yield Elapse(waited)


@move("time", 1)
def advance_clock(s: Scene, c: Choices) -> Steps:
    """Much time passes."""
    yield ops.AdvanceClock(c.one(1, 1_000, 12_000, 70_000))
