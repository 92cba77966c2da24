"""Waits follow the broker's timeouts: one that takes its time is cleared, one that never comes to rest is accused."""

from typing import Any

import msgspec
import pytest

from brokerlaw.adapters.contract import Answer, Description
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.judge import judge
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import LOG
from brokerlaw.conformance.timeouts import Timeouts
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.bounds import (
    BROKER_SESSION,
    CHECK_INTERVAL,
    CLEANER_BACKOFF,
    DEFAULTS,
    MAX_SESSION,
    MIN_SESSION,
    NEXT_HEARTBEAT,
    NEXT_SESSION,
    REPLICA_LAG,
    TOLD,
)
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.observations import WaitTimedOut
from brokerlaw.spec.history.outcomes import Fail
from brokerlaw.spec.history.rows import Invoke, Observe, Recording
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding

SHORT, LONG = 2_000, 45_000
CLASSIC = ops.OpenConsumer("c", "g", session_timeout=SHORT)
NEXT = ops.OpenConsumer("c", "g", session_timeout=SHORT, protocol="consumer")


class Slow(ReferenceAdapter):
    """Misses a member of KIP-848 after a time of its own, as Kafka does, and may tell which."""

    session, tells = LONG, True

    def describe(self) -> Description:
        told = {NEXT_SESSION: str(self.session)} if self.tells else {}
        found = super().describe()
        return msgspec.structs.replace(found, settings=found.settings | told)

    def perform(self, op: Any) -> Answer:
        if isinstance(op, ops.OpenConsumer) and op.protocol == "consumer":
            op = msgspec.structs.replace(op, session_timeout=self.session)
        return super().perform(op)


class Strict(ReferenceAdapter):
    """Refuses classic members whose session is outside its bounds."""

    least, most = 6_000, 8_000

    def describe(self) -> Description:
        found = super().describe()
        bounds = {MIN_SESSION: str(self.least), MAX_SESSION: str(self.most)}
        return msgspec.structs.replace(found, settings=found.settings | bounds)

    def perform(self, op: Any) -> Answer:
        classic = isinstance(op, ops.OpenConsumer) and op.group is not None and op.protocol == "classic"
        if classic and not self.least <= op.session_timeout <= self.most:
            return Fail("INVALID_SESSION_TIMEOUT")
        return super().perform(op)


def run(
    adapter: ReferenceAdapter, name: str, overrides: dict[str, str] | None = None
) -> tuple[Recording, dict[str, Finding]]:
    """A directed plan, and what it shows."""
    with adapter:
        description = adapter.describe()
        (plan,) = (plan for plan in LOG.directed(description) if plan.name == f"directed/{name}")
        recording = execute(plan, adapter, description, UserSettings(overrides or {}, {}), "")
    return recording, judge(History(recording), INVARIANTS.values())


def broken(findings: dict[str, Finding]) -> set[str]:
    return {name for name, finding in findings.items() if finding.violations}


@pytest.mark.parametrize("tells", [True, False])
def test_a_broker_that_misses_a_member_late_is_not_accused(tells: bool) -> None:
    adapter = Slow({})
    adapter.tells = tells
    _, findings = run(adapter, "rebalance-next")
    assert broken(findings) == set()
    assert findings["ownership.complete"].exercised


def test_what_is_told_is_waited_for_however_long_it_is() -> None:
    adapter = Slow({})
    adapter.session = 300_000
    _, findings = run(adapter, "rebalance-next")
    assert broken(findings) == set()
    assert findings["ownership.complete"].exercised


@pytest.mark.parametrize("name", ["rebalance", "rebalance-next"])
def test_a_group_that_never_comes_to_rest_is_accused_when_all_its_timeouts_have_passed(name: str) -> None:
    _, findings = run(Slow({"mutant": "no-heartbeat-timeout"}), name)
    assert "ownership.complete" in broken(findings)


def test_a_session_outside_the_brokers_bounds_is_moved_inside_and_recorded_so() -> None:
    for name, overrides in (("rebalance", None), ("static-member", None), ("rebalance", {"session_timeout": "9000"})):
        recording, findings = run(Strict({}), name, overrides)
        assert broken(findings) == set()
        assert findings["ownership.complete"].exercised
        asked = [row.value for row in recording.rows if isinstance(row, Invoke)]
        sessions = {op.session_timeout for op in asked if isinstance(op, ops.OpenConsumer) and op.group}
        assert sessions <= ({8_000} if overrides else {6_000})


@pytest.mark.parametrize("name", [each.name for each in LOG.directed(ReferenceAdapter({}).describe())])
def test_under_kafkas_own_timeouts_nobody_is_accused(name: str) -> None:
    slow = {BROKER_SESSION: str(DEFAULTS[BROKER_SESSION]), REPLICA_LAG: str(DEFAULTS[REPLICA_LAG])}
    _, findings = run(ReferenceAdapter(slow), name.removeprefix("directed/"))
    assert broken(findings) == set()
    if name == "directed/min-isr":
        assert findings["durability.min-isr-refuses"].exercised


def timeouts(**settings: str) -> Timeouts:
    told = {key.replace("_", "."): text for key, text in settings.items()}
    return Timeouts(Description("toy", "1", {"topics": None, "groups": None}, settings=told))


@pytest.mark.parametrize("setting", sorted(set(DEFAULTS)))
def test_every_setting_makes_some_wait_longer(setting: str) -> None:
    def waits(milliseconds: int) -> list[int]:
        description = Description("toy", "1", {"faults.kill": None}, settings={setting: str(milliseconds)})
        found = Timeouts(description)
        members = [found.in_force(each) for each in (CLASSIC, NEXT)]
        rest = found.rest(each for each in members if isinstance(each, ops.OpenConsumer))
        return [rest, found.transactions(0), found.smaller_isr, found.election, found.recovery, found.visible]

    longer = [long - short for short, long in zip(waits(50_000), waits(150_000), strict=True)]
    assert min(longer) >= 0
    assert max(longer) >= 100_000


def test_a_group_is_waited_for_as_long_as_its_slowest_member_may_take() -> None:
    told = timeouts()
    assert told.rest([CLASSIC]) > 2 * SHORT
    assert told.rest([CLASSIC, NEXT]) > 2 * (DEFAULTS[NEXT_SESSION] + DEFAULTS[NEXT_HEARTBEAT])
    longer = msgspec.structs.replace(CLASSIC, session_timeout=200_000)
    assert told.rest([NEXT, longer]) > 200_000


def test_patience_is_added_to_every_wait_but_to_no_setting() -> None:
    description = Description("toy", "1", {"topics": None, "groups": None})
    plain, patient = Timeouts(description), Timeouts(description, 7_000)
    waits = ("smaller_isr", "election", "recovery", "in_sync", "visible", "reading")
    assert {getattr(patient, wait) - getattr(plain, wait) for wait in waits} == {7_000}
    assert patient.rest([CLASSIC]) - plain.rest([CLASSIC]) == 7_000
    assert patient.transactions(1) - plain.transactions(1) == 7_000
    assert patient.listed == plain.listed


def test_a_check_waits_as_long_as_its_user_has_patience() -> None:
    for patience, milliseconds in ((0, 30_000), (15, 45_000)):
        with ReferenceAdapter({"mutant": "stalled-fetch"}) as adapter:
            steps = (ops.CreateTopic("t"), ops.OpenProducer("p"), ops.Send("p", "t", b"a"))
            settings = UserSettings({}, {})
            plan = Plan("plan", steps)
            recording = execute(plan, adapter, adapter.describe(), settings, "", patience=patience)
        waits = [row.value for row in recording.rows if isinstance(row, Observe)]
        assert next(each.milliseconds for each in waits if isinstance(each, WaitTimedOut)) == milliseconds


def test_only_a_member_has_a_session_and_what_is_not_told_is_left_alone() -> None:
    alone = ops.OpenConsumer("c", session_timeout=SHORT)
    told = timeouts(group_min_session_timeout_ms="6000", group_consumer_session_timeout_ms="45000")
    assert told.in_force(alone) == alone
    assert told.in_force(CLASSIC) == msgspec.structs.replace(CLASSIC, session_timeout=6_000)
    assert told.in_force(NEXT) == msgspec.structs.replace(NEXT, session_timeout=45_000)
    assert timeouts().in_force(CLASSIC) == CLASSIC
    assert timeouts().in_force(NEXT) == NEXT


def test_what_is_told_and_what_is_a_default_is_listed() -> None:
    listed = {each.setting: each for each in timeouts(replica_lag_time_max_ms="5", other="7", broker_rack="x").listed}
    assert listed.keys() == set(DEFAULTS)
    assert (listed[REPLICA_LAG].milliseconds, listed[REPLICA_LAG].told) == (5, True)
    assert not any(each.told for key, each in listed.items() if key != REPLICA_LAG)
    assert set(TOLD) == {*DEFAULTS, MIN_SESSION, MAX_SESSION, CHECK_INTERVAL, CLEANER_BACKOFF}


def test_a_setting_that_is_no_number_is_a_default() -> None:
    assert timeouts(replica_lag_time_max_ms="soon").smaller_isr == timeouts().smaller_isr
