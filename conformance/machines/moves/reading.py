"""Readers: assigned by hand, moved about, paused and resumed with polls between."""

from typing import Final

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.scene import Scene
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

READERS: Final = 3
LIMITS: Final = (1, 2, 3, 10, 500)
TIMEOUTS: Final = (0, 1, 20, 300)


def poll(c: Choices, client: str) -> ops.Poll:
    """With any limit and any patience."""
    return ops.Poll(client, max_records=c.mostly(100, *LIMITS), timeout=c.mostly(100, *TIMEOUTS))


def somewhere(s: Scene, c: Choices) -> tuple[PartitionOffset, ...]:
    """A few partitions, each at its beginning, further on, or beyond what can be there."""
    return tuple(PartitionOffset(*tp, c.mostly(0, 1, 2, 5, 1_000)) for tp in s.partitions(c))


def resets(s: Scene) -> tuple[ops.Reset, ...]:
    """Every policy that the broker's clients know, the usual one first."""
    return ("earliest", "latest", "none", *(("by_duration:PT2S",) if s.has("reset-by-duration") else ()))


def isolation(s: Scene, c: Choices) -> ops.Isolation:
    """Either, where there is a difference."""
    return "read_committed" if s.has("transactions") and c.chance() else "read_uncommitted"


@move("readers", 2)
def open_reader(s: Scene, c: Choices) -> Steps:
    """A reader of some partitions."""
    if len(s.readers()) < READERS:
        reader = s.new_name("c")
        yield ops.OpenConsumer(reader, reset=c.mostly(*resets(s)), isolation=isolation(s, c))
        yield ops.Assign(reader, somewhere(s, c))


@move("readers", 1)
def assign(s: Scene, c: Choices) -> Steps:
    """A reader turns to other partitions."""
    if readers := s.readers():
        yield ops.Assign(c.of(readers), somewhere(s, c))


@move("readers", 1)
def close_reader(s: Scene, c: Choices) -> Steps:
    """A reader ends."""
    readers = s.readers()
    if len(readers) > 1:
        yield ops.Close(c.of(readers))


@move("readers", 5)
def poll_one(s: Scene, c: Choices) -> Steps:
    """Somebody reads on."""
    if free := s.free():
        yield poll(c, c.of(free))


@move("positions", 2)
def seek(s: Scene, c: Choices) -> Steps:
    """Back, or ahead, or beyond the end, perhaps with a fetch under way; and then on from there."""
    if free := s.free():
        reader, tp = c.of(free), s.partition(c)
        if c.chance():
            yield ops.Poll(reader, timeout=1)
        yield ops.Seek(reader, *tp, c.mostly(c.number(0, 6), 0, 1_000))
        if c.chance():
            yield ops.Position(reader, *tp)
        yield poll(c, reader)


@move("positions")
def position(s: Scene, c: Choices) -> Steps:
    """Where a reader stands."""
    if free := s.free():
        yield ops.Position(c.of(free), *s.partition(c))


@move("positions")
def pause(s: Scene, c: Choices) -> Steps:
    """Nothing is to come from these from now on."""
    if free := s.free():
        reader = c.of(free)
        yield ops.Pause(reader, s.partitions(c))
        yield poll(c, reader)


@move("positions")
def resume(s: Scene, c: Choices) -> Steps:
    """And now again, for some of them, whoever paused them."""
    if free := s.free():
        reader = c.of(free)
        yield ops.Resume(reader, s.partitions(c))
        yield poll(c, reader)
