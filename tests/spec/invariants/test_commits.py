"""A zombie's commit is refused."""

from collections.abc import Callable

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset

FENCED = "commits.fenced"
INSTANCE = "commits.one-of-an-instance"


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


# --- of two with one instance id ---


def claimed(*ids: str | None, owner: str = "b") -> HistoryBuilder:
    """a and b are opened with these instance ids; the owner is given the partition, and commits."""
    told = HistoryBuilder()
    told.topic()
    for name, each in zip("ab", ids, strict=True):
        told.member(name, instance_id=each)
    told.assigned(owner, 0)
    told.commit(owner, 1)
    return told


@pytest.mark.parametrize(("owner", "other"), [("b", "a"), ("a", "b")])
def test_a_second_member_of_an_instance_is_seen_whichever_came_first(owner: str, other: str) -> None:
    told = claimed("i", "i", owner=owner)
    first = len(told.rows) - 2
    commit = told.commit(other, 0)
    last = told.commit(owner, 2)
    reason = guilty(told, INSTANCE, first, commit, last)
    assert reason == (
        f"{other}'s commit of t/0@0 was accepted, between two of {owner}, which has its instance id in group g"
    )


@pytest.mark.parametrize("outcome", [REFUSED, UNKNOWN])
def test_a_second_one_that_is_refused_or_of_unknown_outcome(outcome: object) -> None:
    told = claimed("i", "i")
    told.commit("a", 0, outcome)
    told.commit("b", 2)
    assert innocent(told, INSTANCE) == 1


def test_members_of_two_instances_or_of_none_commit_as_they_like() -> None:
    for ids in (("i", "j"), (None, None), ("i", None)):
        told = claimed(*ids)
        told.commit("a", 0)
        told.commit("b", 2)
        untested(told, INSTANCE)


def refused_in_the_end(told: HistoryBuilder) -> None:
    told.commit("a", 0)
    told.commit("b", 2, REFUSED)


def taken_over_in_between(told: HistoryBuilder) -> None:
    told.commit("a", 0)
    told.revoked("b", 0, lost=True)
    told.assigned("b", 0, generation=3)
    told.commit("b", 2)


def under_way(told: HistoryBuilder) -> None:
    """It may have come before the first of the other, which ends later."""
    asked = told.begin("a", ops.Commit("a", (PartitionOffset("t", 0, 0),)))
    told.commit("b", 2)
    told.end(asked, Ok())


@pytest.mark.parametrize("excuse", [refused_in_the_end, taken_over_in_between, under_way])
def test_where_one_may_have_followed_the_other_nothing_is_tested(excuse: Callable[[HistoryBuilder], None]) -> None:
    told = claimed("i", "i")
    excuse(told)
    untested(told, INSTANCE)
