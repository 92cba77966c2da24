"""A zombie's commit is refused."""

from collections.abc import Callable

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops

FENCED = "commits.fenced"


def moved_on(**settings: object) -> tuple[HistoryBuilder, list]:
    """a was assigned the partition and froze; b was assigned it too, and has committed."""
    told = HistoryBuilder()
    told.topic()
    told.member("a", **settings)
    rows: list = [told.assigned("a", 0)]
    told.poll("a", (0, b"x"))
    told.do(ops.Freeze("a"))
    told.wait(6_000)
    told.member("b", **settings)
    rows.append(told.assigned("b", 0, generation=2))
    told.poll("b", (0, b"x"))
    rows.append(told.commit("b", 1))
    told.do(ops.Thaw("a"))
    return told, rows


def test_a_zombies_commit_that_is_accepted_is_seen() -> None:
    told, rows = moved_on()
    commit = told.commit("a", 1)
    reason = guilty(told, FENCED, *rows, commit)
    assert reason == (
        "a's commit of t/0@1 was accepted, although group g had given the partition to b, which had committed it"
    )


@pytest.mark.parametrize("outcome", [REFUSED, UNKNOWN])
def test_a_zombies_commit_that_is_refused_or_of_unknown_outcome(outcome: object) -> None:
    told, _ = moved_on()
    told.commit("a", 1, outcome)
    assert innocent(told, FENCED) == 1


def test_static_members_fence_one_another() -> None:
    told, rows = moved_on(instance_id="one")
    commit = told.commit("a", 1)
    guilty(told, FENCED, *rows, commit)


def told_of_it(told: HistoryBuilder) -> None:
    told.revoked("a", 0, lost=True)


def owner_gone(told: HistoryBuilder) -> None:
    told.do(ops.Crash("b"))


def owner_silent(told: HistoryBuilder) -> None:
    told.wait(6_000)


def owner_gave_back(told: HistoryBuilder) -> None:
    told.revoked("b", 0)


def broker_down(told: HistoryBuilder) -> None:
    told.do(ops.PauseBroker(0))


@pytest.mark.parametrize("excuse", [told_of_it, owner_gone, owner_silent, owner_gave_back, broker_down])
def test_where_the_member_may_be_in_its_right_nothing_is_tested(excuse: Callable[[HistoryBuilder], None]) -> None:
    told, _ = moved_on()
    excuse(told)
    told.commit("a", 1)
    untested(told, FENCED)


def test_the_owners_own_commits_test_nothing() -> None:
    told, _ = moved_on()
    told.commit("b", 1)
    untested(told, FENCED)


def test_before_the_new_owner_committed_nothing_is_tested() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("a")
    told.assigned("a", 0)
    told.poll("a")
    told.member("b")
    told.assigned("b", 0, generation=2)
    told.commit("a", 1)
    untested(told, FENCED)
