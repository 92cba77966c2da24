"""Smoke checks of what can be done to brokers and to time."""

from brokerlaw.adapters.contract import Misuse
from brokerlaw.conformance.smoke.bench import Bench, check, said
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operations import FaultOperation
from brokerlaw.spec.history.outcomes import Ok, Outcome


def _harm(b: Bench, harm: FaultOperation, mend: FaultOperation) -> None:
    """Do it, undo it, and see that a topic that was there before takes records again."""
    topic = b.topic()
    b.ok(harm)
    b.ok(mend)
    client = b.producer()
    tries: list[Outcome] = []

    def sent() -> bool:
        tries.append(b.ask(ops.Send(client, topic, b"0", partition=0)))
        return isinstance(tries[-1], Ok)

    b.eventually(
        sent, lambda: f"the broker took no record again: {said(tries[-1])}", "the fault must be undone completely"
    )


@check("faults.kill")
def kill(b: Bench) -> None:
    """A broker is killed and restarted."""
    broker = b.description.brokers[-1]
    _harm(b, ops.KillBroker(broker), ops.RestartBroker(broker))


@check("faults.pause")
def pause(b: Bench) -> None:
    """A broker is paused and resumed."""
    broker = b.description.brokers[-1]
    _harm(b, ops.PauseBroker(broker), ops.ResumeBroker(broker))


@check("faults.isolate")
def isolate(b: Bench) -> None:
    """A broker is cut off, and the network healed."""
    _harm(b, ops.IsolateBrokers((b.description.brokers[-1],)), ops.HealNetwork())


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
