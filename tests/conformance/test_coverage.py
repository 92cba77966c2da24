"""A claimed capability is put to the test by a promise that says so, in a case that used it; else it is named."""

from pathlib import Path

import pytest

from brokerlaw.adapters.contract import Answer
from brokerlaw.conformance.coverage import MEANS, UNASKED, Coverage
from brokerlaw.conformance.engine import Options, Run
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge, select
from brokerlaw.conformance.needs import needs
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.profiles import LOG
from brokerlaw.conformance.result import RunResult
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import BrokerFault
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Unknown
from brokerlaw.spec.history.rows import Complete, Recording
from brokerlaw.spec.invariants import INVARIANTS

ABLE = ReferenceAdapter({}).describe()
PLANNED = {need for plan in LOG.directed(ABLE) for step in plan.steps for need in needs(step)}
"""Capabilities of the reference that some directed plan uses."""
AT_THE_END = {"inspect.replica"}
"""What the end of each case uses."""


class Unreachable(ReferenceAdapter):
    """One kind of operation raises each time, as in an adapter that cannot reach its broker."""

    broken: str

    def perform(self, op: ops.Operation) -> Answer:
        if name_of(op) == self.broken:
            return Unknown("ConnectionError", "refused")
        return super().perform(op)


def run(adapter: ReferenceAdapter, *patterns: str, overrides: dict[str, str] | None = None) -> RunResult:
    """A check by directed plans alone."""
    invariants = select(patterns, "log")
    settings = UserSettings(overrides or {}, {})
    options = Options(
        "reference", settings, invariants, LOG, 0, "0", 0, None, 0, Path("unused"), lambda: 0.0, lambda _: ()
    )
    with adapter:
        check = Run(adapter, options)
        assert list(check.events())
        return check.result()


@pytest.mark.parametrize(("fault", "kind"), ops.FAULTS.items())
def test_a_fault_that_is_always_refused_is_untested(fault: str, kind: type[BrokerFault]) -> None:
    adapter = Unreachable({})
    (adapter.broken,) = (word for word, each in ops.OPERATIONS.items() if each is kind)
    result = run(adapter, "durability")
    assert f"faults.{fault}" in (result.untested or ())
    assert {f"faults.{each}" for each in ops.FAULTS} & set(result.untested or ()) == {f"faults.{fault}"}


@pytest.mark.parametrize("operation", ["send", "open_producer"])
def test_an_adapter_whose_every_operation_of_a_kind_fails_is_told_that(operation: str) -> None:
    adapter = Unreachable({})
    adapter.broken = operation
    result = run(adapter, "ordering")
    assert result.exit_code == 3, result.conclusion
    never = next(each for each in result.never_done if each.operation == operation)
    told = f"of {never.asked} {operation} none succeeded: {never.asked} x info ConnectionError (refused)"
    assert told in result.conclusion
    assert "this adapter has no" not in result.conclusion


def test_what_no_plan_uses_is_untested_and_the_rest_is_not() -> None:
    result = run(ReferenceAdapter({}))
    assert result.exit_code == 0
    assert set(result.untested or ()) == set(ABLE.capabilities) - PLANNED - AT_THE_END - {*UNASKED}
    assert {"topics", "groups", "transactions"} <= PLANNED
    assert AT_THE_END.isdisjoint(PLANNED)
    assert result.left_out == ()
    assert result.promises == len(result.verdicts) == result.tested


def test_promises_that_were_not_selected_test_nothing() -> None:
    result = run(ReferenceAdapter({}), "ordering.offsets-increase")
    assert {"groups", "transactions", "idempotence", "replication"} <= set(result.untested or ())
    assert "topics" not in (result.untested or ())
    assert result.conclusion.startswith(f"kept: 1 of {len(INVARIANTS)} promises was put to the test")


def test_what_the_user_chose_for_the_whole_run_is_tested() -> None:
    result = run(ReferenceAdapter({}), "delivery.at-least-once", overrides={"auto_commit": "true"})
    assert "auto-commit" not in (result.untested or ())


def recorded(name: str) -> tuple[Recording, History]:
    with ReferenceAdapter({}) as adapter:
        description = adapter.describe()
        (plan,) = (plan for plan in LOG.directed(description) if plan.name == f"directed/{name}")
        recording = execute(plan, adapter, description, UserSettings({}, {}), "")
    return recording, History(recording)


def test_what_failed_was_not_used_and_what_was_used_beside_no_promise_is_not_tested() -> None:
    recording, history = recorded("zombie-commits-next")
    description = ReferenceAdapter({}).describe()
    ownership = [INVARIANTS["ownership.exclusive"]]
    judged, unjudged = Coverage(), Coverage()
    judged.add(recording, judge(history, ownership))
    unjudged.add(recording, judge(history, [INVARIANTS["transactions.atomic"]]))
    tested = {"topics", "groups", "groups.next", "clients.freeze", "inspect.partition", "inspect.replica"}
    assert set(description.capabilities) - set(judged.untested(description)) == tested
    assert set(unjudged.untested(description)) == set(description.capabilities)
    failed = tuple(
        Complete(row.op, row.time, Unknown("X")) if isinstance(row, Complete) else row for row in recording.rows
    )
    never = Coverage()
    never.add(recording._replace(rows=failed), judge(history, ownership))
    assert set(never.untested(description)) == set(description.capabilities)


def test_every_capability_that_a_promise_names_exists() -> None:
    claimable = set(ReferenceAdapter({}).describe().capabilities) | {"claims.murmur2"}
    for entry in INVARIANTS.values():
        assert {*entry.capabilities, *entry.covers} <= claimable, entry.id
        assert not any(each.startswith(MEANS) for each in entry.covers), entry.id
