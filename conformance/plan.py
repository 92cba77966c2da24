"""A plan: the steps of one case, as data that anyone can save, read and run again.

A step is an operation of the contract, or a directive: something that only the running case can spell out (who leads
a partition just now, when a group is stable). Steps name topics, groups and clients by short names; the executor gives
each case names that no other case has.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Literal, TypeAlias

import msgspec

from brokerlaw.spec.history.capabilities import Capability
from brokerlaw.spec.history.numbers import Count, Milliseconds, PartitionNumber
from brokerlaw.spec.history.observations import Discipline
from brokerlaw.spec.history.operation import Needs
from brokerlaw.spec.history.operations import FAULTS, AnyOperation, FaultKind
from brokerlaw.spec.history.values import Struct, snake_case

Until: TypeAlias = Literal["polled", "halfway", "done"]
"""How far a turn of an application goes."""
Role: TypeAlias = Literal["leader", "follower", "last-follower", "followers"]
"""What a broker is to a partition just now."""


class Directive(Struct, frozen=True, tag_field="f", tag=snake_case):
    """A step that the executor spells out in operations."""

    needs: ClassVar[Needs] = ()

    def uses(self) -> Iterator[Capability]:
        """As of an operation."""
        yield from self.needs


class DeclareApplication(Directive, frozen=True):
    """The application behind `group` follows `discipline` over `topic`; `sink` is where its effects go.

    For `exactly-once` and `dead-letter` the sink is a topic. The application's effects are observed, and outlive its
    crashes.
    """

    needs: ClassVar[Needs] = ("groups",)
    group: str
    topic: str
    discipline: Discipline
    sink: str

    def uses(self) -> Iterator[Capability]:
        yield from self.needs
        if self.discipline == "exactly-once":
            yield "transactions"
        if self.discipline == "dead-letter":
            yield "headers"


class RunApplication(Directive, frozen=True):
    """One turn of an application: poll, then process and commit in the order that its discipline says.

    `until` ends the turn early, so that a crash can fall between: after the poll, or halfway (at-least-once has then
    processed but not committed, at-most-once the other way round, exactly-once has sent its outputs but not committed).
    """

    needs: ClassVar[Needs] = ("groups",)
    client: str
    until: Until = "done"


class Settle(Directive, frozen=True):
    """Poll the group's live members in turn until all partitions are held and nothing has changed for a while."""

    needs: ClassVar[Needs] = ("groups",)
    group: str


class InjectFault(Directive, frozen=True):
    """A fault on whoever plays this role for a partition now."""

    needs: ClassVar[Needs] = ("replication", "inspect.partition")
    fault: FaultKind
    role: Role
    topic: str
    partition: PartitionNumber = 0

    def uses(self) -> Iterator[Capability]:
        yield from (*self.needs, *FAULTS[self.fault].needs)


class AwaitIsr(Directive, frozen=True):
    """Ask for the partition's in-sync set until it has at most `at_most` members."""

    needs: ClassVar[Needs] = ("inspect.partition",)
    topic: str
    partition: PartitionNumber = 0
    at_most: Count = 1


class AwaitLeader(Directive, frozen=True):
    """Ask for the partition's leader until it has one that is alive (or give up: there may be none)."""

    needs: ClassVar[Needs] = ("inspect.partition",)
    topic: str
    partition: PartitionNumber = 0


class AwaitEarliest(Directive, frozen=True):
    """Ask where the partition begins until it does so at `offset` or beyond (or give up)."""

    needs: ClassVar[Needs] = ("topics",)
    topic: str
    partition: PartitionNumber
    offset: Count


class AwaitCompacted(Directive, frozen=True):
    """Read the record at an offset until compaction has taken it away (or give up)."""

    needs: ClassVar[Needs] = ("topics", "compaction")
    topic: str
    partition: PartitionNumber
    offset: Count


class Elapse(Directive, frozen=True):
    """Let time pass."""

    milliseconds: Milliseconds


class Attempt(Directive, frozen=True):
    """Ask for what cannot be done, as it is: a broker is to refuse it. A plan goes on as if it had been refused."""

    op: AnyOperation

    def uses(self) -> Iterator[Capability]:
        yield from self.op.uses()


class ResumePaused(Directive, frozen=True):
    """Resume paused brokers; those that are down stay down."""


class Heal(Directive, frozen=True):
    """Resume paused brokers, restart those that are down, end every isolation."""


AnyDirective: TypeAlias = (
    DeclareApplication
    | RunApplication
    | Settle
    | InjectFault
    | AwaitIsr
    | AwaitLeader
    | AwaitEarliest
    | AwaitCompacted
    | Elapse
    | Attempt
    | ResumePaused
    | Heal
)
Step: TypeAlias = AnyOperation | AnyDirective
Steps: TypeAlias = tuple[Step, ...]


class Plan(Struct, frozen=True):
    """What one case does; `name` says where it comes from."""

    name: str
    steps: tuple[Step, ...]

    def with_steps(self, steps: Iterable[Step]) -> "Plan":
        """The same plan with other steps."""
        return Plan(self.name, tuple(steps))


def describe(step: msgspec.Struct) -> str:
    """One line: `send p1 orders key=a value=p1-3`."""
    word = snake_case(type(step).__name__)
    given = {
        field: getattr(step, field)
        for field in step.__struct_fields__
        if getattr(step, field) != _default(type(step), field)
    }
    bare = [str(given.pop(name)) for name in ("client", "topic", "group", "broker") if name in given]
    return " ".join([word, *bare, *(f"{name}={show(value)}" for name, value in given.items())])


def show(value: object) -> str:
    """A value for people: bytes as text where they are text, long ones cut."""
    match value:
        case bytes():
            text = value.decode("utf-8", "backslashreplace")
            return text if len(text) <= 40 else f"{text[:32]}…({len(value)} bytes)"
        case tuple() if hasattr(value, "_fields"):
            return "/".join(map(str, value[:2])) + "".join(f"@{offset}" for offset in value[2:])
        case tuple() | list():
            return ",".join(show(item) for item in value)
        case dict():
            return ",".join(f"{key}={show(item)}" for key, item in value.items())
        case bool():
            return "yes" if value else "no"
        case msgspec.Struct():
            return f"({describe(value)})"
        case _:
            return str(value)


def _default(kind: type[msgspec.Struct], field: str) -> object:
    for info in msgspec.structs.fields(kind):
        if info.name == field:
            return info.default_factory() if callable(info.default_factory) else info.default
    raise AssertionError(field)
