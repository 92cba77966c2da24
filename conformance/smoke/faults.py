"""Smoke checks of what can be done to brokers and to time."""

from brokerlaw.adapters.contract import Misuse
from brokerlaw.conformance.smoke.bench import Bench, CheckFunction, check, said
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import BrokerFault
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import snake_case


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


for _kind in ops.FAULTS.values():
    check(*_kind.needs)(_undone(_kind))


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
