"""Smoke checks of what can be done to brokers and to time."""

import time
from itertools import product
from typing import Final

from brokerlaw.adapters.contract import Misuse
from brokerlaw.conformance.smoke.bench import Bench, CheckFunction, check, said
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import BrokerFault
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import PartitionState, snake_case

ROUND: Final = 100
"""Milliseconds by which a clock may advance further than it was asked to, beside the time that it takes."""


def _undone(kind: type[BrokerFault]) -> CheckFunction:
    """Inject the fault, undo it, and see that a topic that was there before takes records again."""

    def run(b: Bench) -> None:
        topic = b.topic()
        for fault in kind.on(b.description.brokers[-1:]):
            b.ok(fault)
            b.ok(fault.repair)
        client = b.producer()
        tries: list[Outcome] = []

        def sent() -> bool:
            tries.append(b.ask(ops.Send(client, topic, b"0", partition=0)))
            return isinstance(tries[-1], Ok)

        mend = "the fault must be undone completely"
        b.eventually(sent, lambda: f"the broker took no record again: {said(tries[-1])}", mend)

    run.__doc__ = f"What {snake_case(kind.__name__)} does is undone by {snake_case(kind.undone_by[0].__name__)}"
    return run


def _felt(kind: type[BrokerFault]) -> CheckFunction:
    """Hit two brokers, one after the other: each leads nothing until it is back, and leads again then."""

    def run(b: Bench) -> None:
        for broker, partition in _leaders(b)[:2]:
            for fault in kind.on([broker]):
                b.ok(fault)
                _eventually_led(b, partition, broker, False, f"{name_of(fault)} must hit broker {broker}")
                b.ok(fault.repair)
                _eventually_led(b, partition, broker, True, f"{name_of(fault.repair)} must bring broker {broker} back")

    run.__doc__ = f"Whom {snake_case(kind.__name__)} hits leads nothing until it is back"
    return run


def _leaders(b: Bench) -> list[tuple[int, int]]:
    """Brokers, each with a partition that it leads and nobody else can lead; none, where there is nobody to ask."""
    if len(b.description.brokers) < 2:
        return []
    b.topic(partitions=2 * len(b.description.brokers))
    leaders = {_leader(b, partition): partition for partition in range(2 * len(b.description.brokers))}
    return [(broker, partition) for broker, partition in leaders.items() if broker is not None]


def _leader(b: Bench, partition: int) -> int | None:
    state: PartitionState = b.ok(ops.DescribePartition("topic", partition))
    return state.leader


def _eventually_led(b: Bench, partition: int, broker: int, led: bool, mend: str) -> None:
    def so() -> bool:
        b.adapter.wait(1_000)
        return (_leader(b, partition) == broker) == led

    b.eventually(so, lambda: f"broker {broker} {'leads no more' if led else 'still leads'} what it alone has", mend)


for _kind in ops.FAULTS.values():
    check(*_kind.needs)(_undone(_kind))
    check(*_kind.needs, "inspect.partition")(_felt(_kind))


@check("faults.isolate", "inspect.partition")
def isolate_clients(b: Bench) -> None:
    """Whom isolate_brokers hits is reached by clients unless it says that they are cut off."""
    client, leaders = b.producer(), _leaders(b)
    mend = "clients reach an isolated broker, but where `clients` says that they do not"
    for (broker, partition), cut_off in product(leaders[:1], (False, True)):
        fault = ops.IsolateBrokers((broker,), clients=cut_off)
        b.ok(fault)
        sent = b.ask(ops.Send(client, "topic", b"0", partition=partition))
        b.ok(fault.repair)
        b.must(isinstance(sent, Ok) != cut_off, f"a record was sent to the isolated broker: {said(sent)}", mend)
    b.ok(ops.IsolateBrokers(b.description.brokers, clients=True))
    for broker, partition in leaders:
        sent = b.ask(ops.Send(client, "topic", b"1", partition=partition))
        b.must(not isinstance(sent, Ok), f"a record was sent to broker {broker}, with all isolated: {said(sent)}", mend)
    b.ok(ops.HealNetwork())


@check("faults.elect")
def elect(b: Bench) -> None:
    """A leader's election is asked for."""
    b.ask(ops.ElectLeader(b.topic(), 0))  # a broker may well say that none is needed


@check("faults.elect", "faults.kill", "inspect.partition", "replication")
def elect_preferred(b: Bench) -> None:
    """The election that elect_leader asks for makes the first replica the leader."""
    brokers, topics = b.description.brokers, ("topic", "another")
    if len(brokers) < 2 or (b.description.capabilities["replication"] or 2) < 2:
        return
    for topic in topics:
        b.ok(ops.CreateTopic(topic, 2 * len(brokers), 2))
    b.ok(ops.KillBroker(brokers[-1]))
    b.adapter.wait(2_000)
    b.ok(ops.RestartBroker(brokers[-1]))
    for topic, partition in product(topics, range(2 * len(brokers))):
        _preferred(b, topic, partition, brokers[-1])


def _preferred(b: Bench, topic: str, partition: int, broker: int) -> None:
    """Where the broker should lead, and is back in sync and does not, an election brings it to lead."""
    states: list[PartitionState] = [b.ok(ops.DescribePartition(topic, partition))]
    if states[0].replicas[0] != broker:
        return

    def back() -> bool:
        b.adapter.wait(100)
        states.append(b.ok(ops.DescribePartition(topic, partition)))
        return broker in states[-1].isr

    b.eventually(
        back, lambda: f"broker {broker} is not back in sync: {states[-1]}", "restart_broker must bring it back"
    )
    if states[-1].leader != broker:
        mend = "elect_leader must ask for the partition's own election, and describe_partition tell what is"
        outcome = b.ask(ops.ElectLeader(topic, partition))
        b.must(isinstance(outcome, Ok), f"the election of {topic}/{partition} was answered with {said(outcome)}", mend)
        b.adapter.wait(3_000)
        state: PartitionState = b.ok(ops.DescribePartition(topic, partition))
        b.must(state.leader == broker, f"3 s after its election, {topic}/{partition} is led by {state.leader}", mend)


@check("faults.clock")
def advance(b: Bench) -> None:
    """The clock advances by as much as it should: a simulated one by no more."""
    for wanted in (500, 2_000):
        before, began = b.adapter.now(), time.monotonic()
        b.ok(ops.AdvanceClock(wanted))
        passed, ours = (b.adapter.now() - before) / 1e6, 1000 * (time.monotonic() - began)
        exact = wanted <= passed <= wanted + ours + ROUND
        b.owes(exact, Misuse.CLOCK, reason=f"advanced by {wanted} ms, now() moved by {passed:g} ms")


@check(at_start=True)
def wait(b: Bench) -> None:
    """Waiting takes as long as it should, in the adapter's own clock."""
    before = b.adapter.now()
    b.adapter.wait(20)
    passed = (b.adapter.now() - before) / 1e6
    b.owes(passed >= 20, Misuse.CLOCK, reason=f"waited for 20 ms, now() moved by {passed:g} ms")
