"""Smoke checks of what can be done to brokers and to time."""

from itertools import product

from brokerlaw.adapters.contract import Misuse
from brokerlaw.conformance.smoke.bench import Bench, CheckFunction, check, said
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import BrokerFault
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import PartitionState, snake_case


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
        for broker, partition in _leaders(b):
            for fault in kind.on([broker]):
                b.ok(fault)
                _eventually_led(b, partition, broker, False, f"{name_of(fault)} must hit broker {broker}")
                b.ok(fault.repair)
                _eventually_led(b, partition, broker, True, f"{name_of(fault.repair)} must bring broker {broker} back")

    run.__doc__ = f"Whom {snake_case(kind.__name__)} hits leads nothing until it is back"
    return run


def _leaders(b: Bench) -> list[tuple[int, int]]:
    """Two brokers, each with a partition that it leads and nobody else can lead; none, where there is nobody to ask."""
    if len(b.description.brokers) < 2:
        return []
    b.topic(partitions=2 * len(b.description.brokers))
    leaders = {_leader(b, partition): partition for partition in range(2 * len(b.description.brokers))}
    return [(broker, partition) for broker, partition in leaders.items() if broker is not None][:2]


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
    client, leaders = b.producer(), _leaders(b)[:1]
    for (broker, partition), cut_off in product(leaders, (False, True)):
        fault = ops.IsolateBrokers((broker,), clients=cut_off)
        b.ok(fault)
        sent = b.ask(ops.Send(client, "topic", b"0", partition=partition))
        b.ok(fault.repair)
        mend = "clients reach an isolated broker, but where `clients` says that they do not"
        b.must(isinstance(sent, Ok) != cut_off, f"a record was sent to the isolated broker: {said(sent)}", mend)


@check("faults.elect")
def elect(b: Bench) -> None:
    """A leader's election is asked for."""
    b.ask(ops.ElectLeader(b.topic(), 0))  # a broker may well say that none is needed


@check("faults.clock")
def advance(b: Bench) -> None:
    """The clock advances."""
    before = b.adapter.now()
    b.ok(ops.AdvanceClock(500))
    passed = (b.adapter.now() - before) / 1e6
    b.owes(passed >= 500, Misuse.CLOCK, reason=f"advanced by 500 ms, now() moved by {passed:g} ms")


@check(at_start=True)
def wait(b: Bench) -> None:
    """Waiting takes as long as it should, in the adapter's own clock."""
    before = b.adapter.now()
    b.adapter.wait(20)
    passed = (b.adapter.now() - before) / 1e6
    b.owes(passed >= 20, Misuse.CLOCK, reason=f"waited for 20 ms, now() moved by {passed:g} ms")
