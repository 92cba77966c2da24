"""Transactions: several open at once, under ids that fence one another, with offsets of consumers in them."""

from brokerlaw.conformance.machines.choices import Choices
from brokerlaw.conformance.machines.moves.committing import offsets
from brokerlaw.conformance.machines.moves.move import Steps, move
from brokerlaw.conformance.machines.moves.producing import PRODUCERS, opening, record
from brokerlaw.conformance.machines.scene import Scene
from brokerlaw.spec.history import operations as ops


def _idle(s: Scene) -> list[str]:
    clients = s.model.clients
    producers = s.model.live(ops.OpenProducer)
    return [name for name in producers if clients[name].transactional and not clients[name].in_transaction]


def _inside(s: Scene) -> list[str]:
    return [name for name in s.model.live(ops.OpenProducer) if s.model.clients[name].in_transaction]


@move("transactions", 3)
def begin(s: Scene, c: Choices) -> Steps:
    """A transaction of a producer that has none, or of a new one, with a first record."""
    idle = _idle(s)
    if len(s.model.live(ops.OpenProducer)) < PRODUCERS and (not idle or c.chance(3)):
        yield opening(s, c, transactional=True)
        idle = _idle(s)[-1:]
    if idle:
        producer = c.of(idle)
        yield ops.BeginTransaction(producer)
        yield record(s, c, producer, awaited=c.chance())


@move("transactions", 3)
def send_in_several(s: Scene, c: Choices) -> Steps:
    """Each open transaction gets a record, in any order."""
    for producer in c.some(_inside(s)):
        yield record(s, c, producer, awaited=c.chance(3))


@move("transactions", 2)
def commit(s: Scene, c: Choices) -> Steps:
    """One is to be committed."""
    if inside := _inside(s):
        yield ops.CommitTransaction(c.of(inside))


@move("transactions", 1)
def abort(s: Scene, c: Choices) -> Steps:
    """One is to be aborted."""
    if inside := _inside(s):
        yield ops.AbortTransaction(c.of(inside))


@move("transactions", 3)
def send_offsets(s: Scene, c: Choices) -> Steps:
    """A group's offsets in a transaction that may end either way."""
    members, inside = s.members(application=False), _inside(s)
    if members and inside:
        yield ops.SendOffsets(c.of(inside), c.of(members), offsets(s, c))
