"""Each schedule needs what it uses, and no more; what is left out for want of it is named."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
import pytest

from brokerlaw.adapters.contract import Capability, Description
from brokerlaw.conformance.directed import SCHEDULES
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import claimed, judge
from brokerlaw.conformance.machines import MACHINES
from brokerlaw.conformance.needs import missing, needs
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.rows import Invoke, Recording
from brokerlaw.spec.invariants import INVARIANTS

ABLE = ReferenceAdapter({}).describe()
FAULTS = {name for name in ABLE.capabilities if name.startswith("faults.")}
DISPENSABLE = {"idempotence"}
"""What every schedule can do without."""


def without(*capabilities: str) -> Description:
    left = {name: bound for name, bound in ABLE.capabilities.items() if name not in capabilities}
    return msgspec.structs.replace(ABLE, capabilities=left)


def uses(plan: Plan) -> set[str]:
    return {need for step in plan.steps for need in needs(step)}


class Consulted(dict[Capability, int | None]):
    """Capabilities that keep which of them somebody asked about: what else were missing would change nothing."""

    def __init__(self, of: Mapping[Capability, int | None]) -> None:
        super().__init__(of)
        self.asked: set[object] = set()

    def __contains__(self, capability: object) -> bool:
        self.asked.add(capability)
        return super().__contains__(capability)

    def __getitem__(self, capability: Capability) -> int | None:
        self.asked.add(capability)
        return super().__getitem__(capability)

    def get(self, capability: Capability, default: int | None = None) -> int | None:  # type: ignore[override]
        self.asked.add(capability)
        return super().get(capability, default)

    def __iter__(self) -> Iterator[Capability]:
        raise AssertionError("a run asks about capabilities by name")


class Run(NamedTuple):
    """A plan that was run: what was asked about, each need of what was done, and what was put to the test how often."""

    lacking: frozenset[Capability]
    asked: set[object]
    exercised: dict[str, int]


RUNS: dict[bytes, list[Run]] = {}
"""By plan, as JSON."""
JUDGED: dict[bytes, dict[str, int]] = {}
"""By recording, as JSON: what lacks one thing may do as what lacks another."""


def served(plan: Plan, description: Description) -> dict[str, int]:
    """How often the reference puts each promise to the test; it is asked for nothing that is not claimed."""
    lacking = frozenset(ABLE.capabilities) - frozenset(description.capabilities)
    runs = RUNS.setdefault(msgspec.json.encode(plan), [])
    for run in runs:
        if not run.asked & (lacking ^ run.lacking):
            return run.exercised
    capabilities = Consulted(description.capabilities)
    with ReferenceAdapter({}) as adapter:
        poorer = msgspec.structs.replace(description, capabilities=capabilities)
        recording = execute(plan, adapter, poorer, UserSettings({}, {}), "")
    assert missing([row.value for row in recording.rows if isinstance(row, Invoke)], poorer) == (), plan.name
    runs.append(Run(lacking, capabilities.asked, _judged(recording)))
    return runs[-1].exercised


def _judged(recording: Recording) -> dict[str, int]:
    key = msgspec.json.encode(recording)
    if key not in JUDGED:
        found = judge(History(recording), INVARIANTS.values())
        assert [each.reason for finding in found.values() for each in finding.violations] == []
        JUDGED[key] = {name: finding.exercised for name, finding in found.items()}
    return JUDGED[key]


@pytest.fixture(scope="module")
def exercised() -> dict[str, set[str]]:
    """By schedule, the promises that it puts to the test on the reference."""
    return {
        plan.name.removeprefix("directed/"): {name for name, times in served(plan, ABLE).items() if times}
        for plan in LOG.directed(ABLE)
    }


@pytest.mark.parametrize("capability", ABLE.capabilities)
def test_without_a_capability_exactly_the_schedules_that_use_it_are_left_out(capability: Capability) -> None:
    poorer = without(capability)
    using = {plan.name.removeprefix("directed/") for plan in LOG.directed(ABLE) if capability in uses(plan)}
    if capability in DISPENSABLE:
        using = set()
    if capability == "replication":  # without a fault, one replica does
        using = {plan.name.removeprefix("directed/") for plan in LOG.directed(ABLE) if "inject_fault" in kinds(plan)}
    if capability == "min-isr":  # one in sync is required anyway
        using -= {"last-in-sync-replica"}
    assert LOG.schedules_left_out(poorer) == dict.fromkeys(LOG.schedules_left_out(poorer), (capability,))
    assert set(LOG.schedules_left_out(poorer)) == using
    assert {plan.name.removeprefix("directed/") for plan in LOG.directed(poorer)} == {
        each.name for each in SCHEDULES if each.name not in using
    }


def kinds(plan: Plan) -> set[str]:
    return {str(type(step).__struct_config__.tag) for step in plan.steps}


def test_a_repair_needs_one_of_the_faults_that_it_undoes() -> None:
    able = set(ops.KillBroker.needs)
    (wanted,) = missing([ops.RestartBroker(1)], without(*FAULTS))
    assert able <= set(wanted.split(" or "))
    assert missing([ops.RestartBroker(1)], without(*FAULTS - able)) == ()
    assert missing([ops.ResumeBroker(1)], without(*FAULTS - able)) == ("faults.pause",)


def test_only_killing_needs_no_pausing() -> None:
    names = {plan.name for plan in LOG.directed(without("faults.pause"))}
    assert {"directed/leader-killed", "directed/leader-overtaken", "directed/coordinator-killed"} <= names


def test_a_broker_with_less_is_asked_for_less_and_is_not_accused() -> None:
    for capability in sorted(set(ABLE.capabilities) - {"topics", "replication"}):  # in one process, for `RUNS`
        poorer = without(capability)
        for plan in [*LOG.directed(poorer), *_drawn(poorer, 3)]:
            served(plan, poorer)


def _drawn(description: Description, count: int) -> Iterator[Plan]:
    drawn = LOG.draw(description, 1, 3)
    yield from (next(drawn) for _ in range(count))


def test_a_schedule_tests_what_it_says(exercised: dict[str, set[str]]) -> None:
    for schedule in SCHEDULES:
        assert set(schedule.tests) <= exercised[schedule.name], schedule.name
    book = {name for name, entry in INVARIANTS.items() if "log" in entry.profiles}
    assert {name for schedule in SCHEDULES for name in schedule.tests} == book


def test_a_promise_that_nothing_tests_is_told_with_what_it_wants_itself(exercised: dict[str, set[str]]) -> None:
    for capability in ABLE.capabilities:
        poorer = without(capability)
        tested = {name for plan in LOG.directed(poorer) for name in exercised[plan.name.removeprefix("directed/")]}
        for name, entry in INVARIANTS.items():
            if claimed(entry, poorer):
                assert LOG.wants(name, poorer) == (() if name in tested else (capability,)), name


def test_what_several_schedules_want_differently_are_alternatives() -> None:
    neither = without("clients.freeze", "clients.crash")
    assert LOG.wants("commits.fenced", neither) == ("clients.freeze",)
    assert LOG.wants("delivery.at-most-once", neither) == ("clients.crash", "clients.freeze")
    assert LOG.wants("durability.min-isr-refuses", without("faults.pause", "inspect.partition")) == (
        "faults.pause and inspect.partition",
    )


def test_machines_left_out_are_named() -> None:
    assert LOG.machines_left_out(ABLE) == {}
    assert LOG.machines_left_out(without("faults.kill")) == {"replication": ("faults.kill",)}
    assert LOG.machines_left_out(without("groups")).keys() == {"groups", "delivery"}
    assert {kind.name for kind in MACHINES} > LOG.machines_left_out(without("topics", "groups")).keys() - {"logs"}


def test_one_broker_has_no_second_replica() -> None:
    single = msgspec.structs.replace(ABLE, capabilities=ABLE.capabilities | {"replication": 1})
    several = ("unanswered", "acknowledged-by-few", "expired-unreplicated", "min-isr-lost", "min-isr")
    assert LOG.schedules_left_out(single) == dict.fromkeys(several, ("replication on 2 brokers",))
