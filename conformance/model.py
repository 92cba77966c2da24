"""What a plan has come to, from its steps alone: which clients, topics and brokers it may go on with.

The state machines ask it which steps are possible, and shrinking asks it which steps still make sense when others are
gone. Broker replies never enter here.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from brokerlaw.conformance import plan as p
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Discipline
from brokerlaw.spec.history.operation import (
    BrokerFault,
    ConsumerOperation,
    Ending,
    GroupOperation,
    Opening,
    Operation,
    ProducerOperation,
    Repair,
)


@dataclass
class Client:
    """A client that was opened and has not vanished."""

    opened: ops.OpenProducer | ops.OpenConsumer
    frozen: bool = False
    in_transaction: bool = False
    subscribed: tuple[str, ...] = ()
    assigned: tuple[str, ...] = ()

    @property
    def group(self) -> str | None:
        """The group of a consumer."""
        return self.opened.group if isinstance(self.opened, ops.OpenConsumer) else None

    @property
    def transactional(self) -> bool:
        """Whether it is a producer with a transactional id."""
        return isinstance(self.opened, ops.OpenProducer) and self.opened.transactional_id is not None


@dataclass
class Application:
    """What `DeclareApplication` said of a group."""

    topic: str
    discipline: Discipline
    sink: str


@dataclass
class PlanModel:
    """The state of a plan after some steps."""

    topics: dict[str, ops.CreateTopic] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    applications: dict[str, Application] = field(default_factory=dict)
    faults: list[p.InjectFault | BrokerFault] = field(default_factory=list)
    sends: int = 0

    def live(self, kind: type[ops.OpenProducer] | type[ops.OpenConsumer]) -> list[str]:
        """Clients of a kind that are neither gone nor frozen, in the order of opening."""
        return [name for name, client in self.clients.items() if isinstance(client.opened, kind) and not client.frozen]

    def members(self, group: str) -> list[str]:
        """Live clients subscribed in a group."""
        return [name for name in self.live(ops.OpenConsumer) if self._is_member(name, group)]

    def frozen(self) -> list[str]:
        """Clients that were frozen and not thawed."""
        return [name for name, client in self.clients.items() if client.frozen]

    def _is_member(self, name: str, group: str) -> bool:
        return self.clients[name].group == group and bool(self.clients[name].subscribed)

    def allows(self, step: p.Step) -> bool:
        """Whether the step makes sense now."""
        return all(_conditions(self, step))

    def apply(self, step: p.Step) -> None:
        """Take the step."""
        _take(self, step)


def normalise(steps: Iterable[p.Step], empty: Callable[[], PlanModel] = PlanModel) -> tuple[p.Step, ...]:
    """The steps that still make sense, each after those kept before it, in a model that begins empty."""
    model, kept = empty(), []
    for step in steps:
        if model.allows(step):
            model.apply(step)
            kept.append(step)
    return tuple(kept)


def _conditions(model: PlanModel, step: p.Step) -> Iterator[bool]:
    """Each thing that the step needs."""
    yield from _topics_exist(model, step)
    match step:
        case ops.CreateTopic():
            yield step.topic not in model.topics
        case ops.CreatePartitions():
            yield step.topic in model.topics and step.total > model.topics[step.topic].partitions
        case Opening():
            yield step.client not in model.names
        case ops.Thaw():
            yield step.client in model.clients and model.clients[step.client].frozen
        case ops.Crash():
            yield step.client in model.clients
        case ops.SendOffsets():
            yield step.client in model.live(ops.OpenProducer) and model.clients[step.client].in_transaction
            yield step.consumer in model.live(ops.OpenConsumer)
        case ProducerOperation():
            yield step.client in model.live(ops.OpenProducer)
            yield from _in_order(model, step)
        case ConsumerOperation():
            yield step.client in model.live(ops.OpenConsumer)
            yield not isinstance(step, GroupOperation) or model.clients[step.client].group is not None
        case p.RunApplication():
            yield step.client in model.live(ops.OpenConsumer)
            yield model.clients[step.client].group in model.applications
        case p.DeclareApplication():
            yield step.group not in model.applications
        case p.Settle():
            yield bool(model.members(step.group))
        case p.Attempt():
            yield ops.client_of(step.op) is None or ops.client_of(step.op) in _awake(model)
        case p.Heal() | p.ResumePaused() | Repair():
            yield bool(model.faults)
        case Operation():
            yield ops.client_of(step) is None or ops.client_of(step) in _awake(model)


def _in_order(model: PlanModel, step: ProducerOperation) -> Iterator[bool]:
    """A transactional producer sends inside its transactions, and only it has them."""
    client = model.clients.get(step.client)
    if client is None:
        yield False
    elif isinstance(step, ops.BeginTransaction):
        yield client.transactional and not client.in_transaction
    elif isinstance(step, ops.CommitTransaction | ops.AbortTransaction):
        yield client.in_transaction
    elif isinstance(step, ops.Send):
        yield client.in_transaction or not client.transactional


def _topics_exist(model: PlanModel, step: p.Step) -> Iterator[bool]:
    if isinstance(step, ops.CreateTopic):
        return
    topic = getattr(step, "topic", None)
    if topic is not None:
        yield topic in model.topics
        yield (getattr(step, "partition", None) or 0) < model.topics[topic].partitions
    yield from (name in model.topics for name in getattr(step, "topics", ()))
    for partition in (*getattr(step, "offsets", ()), *getattr(step, "partitions", ())):
        yield partition.topic in model.topics
        yield partition.partition < model.topics[partition.topic].partitions


def _awake(model: PlanModel) -> list[str]:
    return [name for name, client in model.clients.items() if not client.frozen]


def _take(model: PlanModel, step: p.Step) -> None:
    match step:
        case ops.CreateTopic():
            model.topics[step.topic] = step
        case ops.DeleteTopic():
            model.topics.pop(step.topic, None)
        case ops.CreatePartitions():
            model.topics[step.topic] = msgspec.structs.replace(model.topics[step.topic], partitions=step.total)
        case ops.AlterTopic():
            topic = model.topics[step.topic]
            model.topics[step.topic] = msgspec.structs.replace(topic, settings=topic.settings | step.settings)
        case ops.OpenProducer() | ops.OpenConsumer():
            model.names.add(step.client)
            model.clients[step.client] = Client(step)
        case Ending():
            model.clients.pop(step.client)
        case ops.Freeze() | ops.Thaw():
            model.clients[step.client].frozen = isinstance(step, ops.Freeze)
        case ops.BeginTransaction():
            model.clients[step.client].in_transaction = True
        case ops.CommitTransaction() | ops.AbortTransaction():
            model.clients[step.client].in_transaction = False
        case ops.Subscribe() | ops.Unsubscribe():
            model.clients[step.client].subscribed = step.topics if isinstance(step, ops.Subscribe) else ()
        case ops.Assign():
            model.clients[step.client].assigned = tuple(sorted({offset.topic for offset in step.offsets}))
        case ops.Send():
            model.sends += 1
        case p.DeclareApplication():
            model.applications[step.group] = Application(step.topic, step.discipline, step.sink)
        case p.InjectFault() | BrokerFault():
            model.faults.append(step)
        case p.ResumePaused():
            model.faults = [fault for fault in model.faults if not _pauses(fault)]
        case p.Heal():
            model.faults.clear()
        case Repair():
            model.faults = [fault for fault in model.faults if not _ended_by(step, fault)]
        case _:
            pass


def _pauses(fault: p.InjectFault | BrokerFault) -> bool:
    return fault.fault == "pause" if isinstance(fault, p.InjectFault) else isinstance(fault, ops.PauseBroker)


def _ended_by(repair: Repair, fault: p.InjectFault | BrokerFault) -> bool:
    """Whether the fault is certainly over: which broker plays a role, only the running case can tell."""
    if isinstance(fault, p.InjectFault):
        return isinstance(repair, ops.HealNetwork) and fault.fault == "isolate"
    return repair.ends(fault)
