"""A group at rest: for some rounds no member was told of a rebalance, not even of one that left it as it was."""

from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.groups import CALM
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan, Settle
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned, Stable
from brokerlaw.spec.history.outcomes import Outcome
from brokerlaw.spec.history.rows import Invoke, Observe

JOINED = (ops.CreateTopic("orders"), ops.OpenConsumer("c0", "shop"), ops.Subscribe("c0", ("orders",)))


class Restless(ReferenceAdapter):
    """In its third poll a member is told of a rebalance that changes nothing for it."""

    polls = 0

    def poll(self, op: ops.Poll) -> Outcome:
        self.polls += 1
        if self.polls == 3:
            self.observe(op.client, Assigned("shop", "c0-0", 9, ()))
        return super().poll(op)


def polls_until_stable(adapter: ReferenceAdapter) -> int:
    with adapter:
        plan = Plan("plan", (*JOINED, Settle("shop")))
        rows = execute(plan, adapter, adapter.describe(), UserSettings({}, {}), "").rows
    stable = next(at for at, row in enumerate(rows) if isinstance(row, Observe) and isinstance(row.value, Stable))
    return sum(isinstance(row, Invoke) and isinstance(row.value, ops.Poll) for row in rows[:stable])


def test_a_rebalance_that_changes_nothing_is_waited_out() -> None:
    calm = polls_until_stable(ReferenceAdapter({}))
    assert calm == 1 + CALM
    assert polls_until_stable(Restless({})) == 3 + CALM
