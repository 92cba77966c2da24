"""The end of a case: what was acknowledged has its time to become visible, and only then is called lost."""

import pytest

from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Elapse, InjectFault, Plan, Step
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Outcome
from brokerlaw.spec.invariants import INVARIANTS

OPENED = (ops.CreateTopic("orders", replication=3), ops.OpenProducer("p0", idempotent=False))
SENT = tuple(ops.Send("p0", "orders", b"%d" % number, b"key-%d" % number, awaited=number == 0) for number in range(3))
LOSING = (InjectFault("pause", "followers", "orders"), *SENT, Elapse(200), InjectFault("kill", "leader", "orders"))


def lost(*steps: Step) -> list[str]:
    """What is said to be lost, whatever was promised: the user chose acks=1."""
    settings = UserSettings({"acks": "1"}, {})
    with ReferenceAdapter({}) as adapter:
        recording = execute(Plan("plan", steps), adapter, adapter.describe(), settings, "")
    found = INVARIANTS["durability.acked-survives"].judge(History(recording))
    assert found.exercised
    return [violation.reason for violation in found.violations]


def test_what_the_followers_have_not_fetched_yet_is_not_lost() -> None:
    assert lost(*OPENED, *SENT) == []


def test_what_dies_with_its_leader_is() -> None:
    assert lost(*OPENED, *LOSING)


class Slow(ReferenceAdapter):
    """A record in twenty seconds."""

    def poll(self, op: ops.Poll) -> Outcome:
        self.wait(20_000)
        return super().poll(ops.Poll(op.client, 1, op.timeout))


class Stuck(Slow):
    """The same record again and again."""

    def poll(self, op: ops.Poll) -> Outcome:
        given = super().poll(op)
        self.seek(ops.Seek(op.client, "orders", 0, 0))
        return given


@pytest.mark.parametrize(("adapter", "broken"), [(Slow, 0), (Stuck, 1)])
def test_a_log_that_is_read_slowly_is_read(adapter: type[ReferenceAdapter], broken: int) -> None:
    sends = [ops.Send("p0", "orders", b"%d" % number) for number in range(5)]
    with adapter({}) as broker:
        plan = Plan("plan", (*OPENED, *sends))
        recording = execute(plan, broker, broker.describe(), UserSettings({}, {}), "")
    found = INVARIANTS["progress.log-is-read"].judge(History(recording))
    assert (found.exercised, len(found.violations)) == (1, broken)
