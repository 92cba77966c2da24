"""Which violations are reduced, which are told beside another, and which case stands for a promise."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlaw.conformance.judge import InvariantTally
from brokerlaw.conformance.options import Options
from brokerlaw.conformance.overrides import sort
from brokerlaw.conformance.plan import Plan
from brokerlaw.conformance.profiles import LOG
from brokerlaw.conformance.pursuit import Evidence, Probe, Pursuit
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.rows import Header, Recording
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding, Violation

ORDER, LOST = "ordering.producer-order", "durability.acked-survives"
BROKEN = Finding(1, (Violation("because", ()),))
RECORDING = Recording(Header(), ())


@pytest.fixture
def pursuit(tmp_path: Path) -> Pursuit:
    clock = iter(range(10**6))
    invariants = [INVARIANTS[ORDER], INVARIANTS[LOST]]
    chosen = ("toy", sort({}), invariants, LOG, 0, "", 0, None, 10**5, tmp_path)
    options = Options(*chosen, clock=lambda: next(clock), narrate=lambda _: ())
    return Pursuit(options)


def probe(invariant: str, topic: str, comes_back: Iterator[bool]) -> Probe:
    """A plan of one step, which breaks the promise as often as `comes_back` says."""
    plan = Plan("plan", (ops.CreateTopic(topic),))
    made = Probe(invariant, plan, lambda _: (RECORDING, {invariant: BROKEN if next(comes_back) else Finding(0)}))
    made.keep(plan.steps, Evidence(RECORDING, BROKEN.violations[0]))
    return made


def follow(pursuit: Pursuit, probe: Probe) -> InvariantTally:
    tally = InvariantTally(INVARIANTS[probe.invariant], True)
    list(pursuit.follow(probe, tally, 1))
    return tally


def always(answer: bool) -> Iterator[bool]:
    while True:
        yield answer


def test_what_never_comes_back_gives_way_to_a_case_that_does(pursuit: Pursuit) -> None:
    follow(pursuit, probe(ORDER, "shy", always(False)))
    assert [found.reproduced for found in pursuit.told] == [0]
    follow(pursuit, probe(ORDER, "steady", always(True)))
    assert [(found.invariant, found.reproduced) for found in pursuit.told] == [(ORDER, 5)]
    follow(pursuit, probe(ORDER, "another", always(True)))
    assert len(pursuit.told) == 1


def test_a_promise_that_never_comes_back_is_not_pursued_for_ever(pursuit: Pursuit) -> None:
    asked = []

    def count() -> Iterator[bool]:
        while True:
            asked.append(1)
            yield False

    for number in range(9):
        follow(pursuit, probe(ORDER, f"topic{number}", count()))
    before = len(asked)
    follow(pursuit, probe(ORDER, "last", count()))
    assert len(asked) == before
    assert [found.reproduced for found in pursuit.told] == [0]


def test_two_promises_that_come_to_the_same_plan_are_told_together(pursuit: Pursuit) -> None:
    follow(pursuit, probe(ORDER, "same", always(True)))
    follow(pursuit, probe(LOST, "same", always(True)))
    assert [(found.invariant, found.also) for found in pursuit.told] == [(ORDER, (LOST,))]


def test_a_promise_told_beside_another_has_its_own_trace_once_it_breaks_alone(pursuit: Pursuit) -> None:
    follow(pursuit, probe(ORDER, "first", always(True)))
    tally = InvariantTally(INVARIANTS[LOST], True)
    pursuit.beside(LOST, ORDER, tally, 2)
    assert tally.violations == 2
    assert [found.also for found in pursuit.told] == [(LOST,)]
    follow(pursuit, probe(LOST, "second", always(True)))
    assert [(found.invariant, found.also) for found in pursuit.told] == [(ORDER, ()), (LOST, ())]
