"""Liars lie, are deterministic, and are caught; a wrapper that lies about nothing is not."""

from dataclasses import dataclass

import pytest

from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.liars.arguments import ARGUMENTS
from brokerlaw.conformance.liars.hunt import Case, Hunt, survey
from brokerlaw.conformance.liars.lie import Liar, Lie
from brokerlaw.conformance.liars.meant import matches, meant
from brokerlaw.conformance.liars.rehearsal import Rehearsal
from brokerlaw.conformance.liars.table import liars
from brokerlaw.conformance.power.trial import DEFAULTS, Trial
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.spec.invariants import INVARIANTS

CAUGHT = [
    "send.request.value: changed",
    "send.request.key: ignored",
    "send.answer.offset: one more",
    "send.answer: stale",
    "list_offsets.answer: of elsewhere",
    "poll.answer: one repeated",
    "poll.answer.[].value: changed",
    "send.outcome: fail for done",
    "send.outcome: not done",
    "send.outcome: done late",
    "send.outcome: done twice",
    "revoked.observation: dropped",
]


@dataclass
class Ground:
    adapter: ReferenceAdapter
    trial: Trial
    cases: list[Case]

    def hunt(self, name: str):
        makers = {str(lie): (lie, maker) for lie, maker in liars(self.trial.description).items()}
        return Hunt(self.trial, self.adapter, self.cases, 20.0).hunt(*makers[name])


@pytest.fixture(scope="module")
def ground() -> Ground:
    adapter = ReferenceAdapter({})
    trial = Trial(LOG, adapter.describe())
    cases, accused = survey(trial, trial.plans(0, 16), adapter)
    assert not accused
    return Ground(adapter, trial, cases)


@pytest.mark.parametrize("name", CAUGHT)
def test_one_liar_of_each_kind_is_caught(name: str, ground: Ground) -> None:
    told = ground.hunt(name)
    assert told.status == "caught"
    assert told.promises


def test_a_liar_lies_the_same_way_each_time(ground: Ground) -> None:
    makers = {str(lie): (lie, maker) for lie, maker in liars(ground.trial.description).items()}
    lie, maker = makers["poll.answer: first dropped"]
    case = ground.cases[0]
    for seed in range(4):
        first, second = (ground.trial.run(case.plan, maker(ground.adapter, lie, seed))[0] for _ in range(2))
        assert first == second
        assert (first != case.recording) == Rehearsal(case.recording, ground.trial.description).lies(lie, maker, seed)


def test_every_liar_can_be_told_by_a_recorded_case(ground: Ground) -> None:
    """None of them fails on what brokers really say."""
    lied = {
        str(lie)
        for case in ground.cases
        if case.plan.name in ("directed/order", "directed/headers", "directed/rebalance", "directed/transactions")
        for lie, maker in liars(ground.trial.description).items()
        if any(Rehearsal(case.recording, ground.trial.description).lies(lie, maker, seed) for seed in range(3))
    }
    assert {"send.request.headers[].name: another", "assigned.observation: dropped", "poll.answer: stale"} <= lied


def test_whoever_lies_about_nothing_changes_nothing(ground: Ground) -> None:
    for number, case in enumerate(ground.cases):
        honest = Liar(ground.adapter, Lie("poll", "answer", "", "true"), number)
        assert execute(case.plan, honest, ground.trial.description, DEFAULTS, "", LOG) == case.recording


def test_who_never_comes_to_lie_is_unexercised(ground: Ground) -> None:
    nothing = Ground(ground.adapter, ground.trial, [])
    told = nothing.hunt("send.request.value: changed")
    assert (told.status, told.lied_in) == ("unexercised", 0)


def test_who_lies_where_nothing_is_promised_is_missed(ground: Ground) -> None:
    lawless = Trial(LOG._replace(invariants=()), ground.trial.description)
    told = Ground(ground.adapter, lawless, ground.cases[:4]).hunt("send.request.value: changed")
    assert (told.status, told.promises) == ("missed", ())
    assert told.lied_in > 0


def test_who_is_argued_has_the_reason(ground: Ground) -> None:
    told = ground.hunt("open_producer.request.linger: tenfold")
    assert told.status == "argued"
    assert told.why == ARGUMENTS["open_producer.request.linger"]


def test_at_most_one_liar_in_twenty_is_argued(ground: Ground) -> None:
    names = [str(lie) for lie in liars(ground.trial.description)]
    argued = [name for name in names if any(matches(pattern, name) for pattern in ARGUMENTS)]
    assert len(argued) <= len(names) / 20


def test_each_argument_and_each_promise_names_liars_that_there_are(ground: Ground) -> None:
    names = [str(lie) for lie in liars(ground.trial.description)]
    patterns = [*ARGUMENTS, *(pattern for entry in INVARIANTS.values() for pattern in entry.liars)]
    assert [pattern for pattern in patterns if not any(matches(pattern, name) for name in names)] == []


def test_patterns_end_where_words_end() -> None:
    assert matches("send", "send.answer.offset: one more")
    assert matches("send.answer.offset", "send.answer.offset: one more")
    assert matches("*: done twice", "send.outcome: done twice")
    assert not matches("send", "send_offsets.outcome: done late")
    assert meant(Lie("nothing", "answer", "", "of the kind")) == frozenset()
