"""Each partition at most one owner at a time, exactly one at rest, surplus members idle."""

from collections.abc import Callable

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.invariants import INVARIANTS

EXCLUSIVE = "ownership.exclusive"
COMPLETE = "ownership.complete"
IDLE = "ownership.extra-idle"


def pair(**settings: object) -> tuple[HistoryBuilder, int]:
    """Members a and b of a group; a is assigned partition 0 and polls. Returns the row of its assignment."""
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.member("a", **settings)
    told.member("b", **settings)
    row = told.assigned("a", 0, generation=1)
    told.poll("a")
    return told, row


def test_a_partition_assigned_to_a_second_member_is_seen() -> None:
    told, first = pair()
    second = told.assigned("b", 0, generation=2)
    assert guilty(told, EXCLUSIVE, first, second) == "t/0 was assigned to b in group g while a held it"


def test_each_assignment_beside_a_holder_is_seen_whoever_else_believes_in_the_partition() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    for name in "zab":
        told.member(name)
    told.assigned("z", 0, generation=1)
    told.do(ops.Freeze("z"))
    told.assigned("a", 0, generation=2)
    untested(told, EXCLUSIVE)
    told.assigned("b", 0, generation=3)
    told.assigned("b", 0, generation=4)
    reasons = [each.reason for each in INVARIANTS[EXCLUSIVE].judge(told.history).violations]
    assert reasons == ["t/0 was assigned to b in group g while a held it"] * 2


@pytest.mark.parametrize("lost", [False, True])
def test_a_partition_that_was_given_back_moves_on(lost: bool) -> None:
    told, _ = pair()
    told.revoked("a", 0, lost=lost)
    told.assigned("b", 0, generation=2)
    assert innocent(told, EXCLUSIVE) == 1


def test_two_assignments_in_one_classic_generation_are_seen() -> None:
    told, first = pair()
    told.revoked("a", 0)
    told.poll("a")
    second = told.assigned("b", 0, generation=1)
    assert guilty(told, EXCLUSIVE, first, second).endswith("as to a before, both in generation 1")


def test_epochs_of_the_consumer_protocol_are_each_members_own() -> None:
    told, _ = pair(protocol="consumer")
    told.revoked("a", 0)
    told.assigned("b", 0, generation=1)
    innocent(told, EXCLUSIVE)


def test_who_shares_its_static_id_may_be_fenced_and_not_know_it() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.member("a", instance_id="i")
    told.member("b")
    told.member("a-again", instance_id="i")
    told.assigned("a", 0, generation=1)
    told.poll("a")
    told.assigned("b", 0, generation=2)
    untested(told, EXCLUSIVE)


def test_who_alone_is_left_with_its_static_id_is_in_session() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.member("before", instance_id="i")
    told.do(ops.Crash("before"))
    told.member("a", instance_id="i")
    told.member("b")
    first = told.assigned("a", 0, generation=1)
    told.poll("a")
    second = told.assigned("b", 0, generation=2)
    guilty(told, EXCLUSIVE, first, second)


def test_other_groups_and_other_partitions_are_no_rivals() -> None:
    told, _ = pair()
    told.member("x", "other")
    told.assigned("x", 0, group="other")
    told.assigned("b", 1)
    untested(told, EXCLUSIVE)


@pytest.mark.parametrize("end", [ops.Crash("a"), ops.Close("a"), ops.Unsubscribe("a")])
def test_whoever_is_gone_owns_nothing(end: ops.AnyOperation) -> None:
    told, _ = pair()
    told.do(end, UNKNOWN)
    told.assigned("b", 0, generation=2)
    untested(told, EXCLUSIVE)


def test_a_member_whose_name_was_opened_anew_is_gone() -> None:
    told, _ = pair()
    told.member("a")
    told.assigned("a", 0, generation=2)
    untested(told, EXCLUSIVE)


def test_a_static_member_takes_over_its_own() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("a", instance_id="one")
    told.assigned("a", 0, generation=1)
    told.poll("a")
    told.member("b", instance_id="one")
    told.assigned("b", 0, generation=1)
    untested(told, EXCLUSIVE)


def silent(told: HistoryBuilder) -> None:
    told.wait(6_000)


def silent_for_a_while(told: HistoryBuilder) -> None:
    """It was forgotten in the silence, and a single poll since then need not have told it."""
    told.wait(6_000)
    told.poll("a")


def frozen(told: HistoryBuilder) -> None:
    told.do(ops.Freeze("a"))


def thawed_and_not_told_yet(told: HistoryBuilder) -> None:
    told.do(ops.Freeze("a"))
    told.do(ops.Thaw("a"))
    told.poll("a")


def broker_down(told: HistoryBuilder) -> None:
    told.do(ops.KillBroker(1))
    told.poll("a")


def broker_just_back(told: HistoryBuilder) -> None:
    told.do(ops.PauseBroker(1))
    told.do(ops.ResumeBroker(1))
    told.poll("a")


def cut_off(told: HistoryBuilder) -> None:
    told.do(ops.IsolateBrokers((1,)), UNKNOWN)


@pytest.mark.parametrize(
    "excuse", [silent, silent_for_a_while, frozen, thawed_and_not_told_yet, broker_down, broker_just_back, cut_off]
)
def test_a_member_out_of_contact_may_have_lost_its_partition(excuse: Callable[[HistoryBuilder], None]) -> None:
    told, _ = pair()
    excuse(told)
    told.assigned("b", 0, generation=2)
    untested(told, EXCLUSIVE)


def test_a_member_that_was_told_again_after_a_silence_is_in_contact() -> None:
    told, _ = pair()
    told.wait(10_000)
    told.revoked("a", 0, lost=True)
    row = told.assigned("a", 0, generation=3)
    told.poll("a")
    other = told.assigned("b", 0, generation=4)
    guilty(told, EXCLUSIVE, row, other)


def test_a_fault_long_past_excuses_nobody() -> None:
    told, first = pair()
    told.do(ops.KillBroker(1))
    told.do(ops.RestartBroker(1))
    for _ in range(15):
        told.wait(1_000)
        told.poll("a")
    second = told.assigned("b", 0, generation=2)
    guilty(told, EXCLUSIVE, first, second)


def test_the_holder_behind_the_last_one_is_seen() -> None:
    """a never gave the partition back, c did."""
    told, first = pair()
    told.member("c")
    told.do(ops.Freeze("c"))
    row = told.assigned("c", 0, generation=2)
    assert "while a held it" in guilty(told, EXCLUSIVE, first, row)
    told.revoked("c", 0)
    later = told.assigned("b", 0, generation=3)
    found = INVARIANTS[EXCLUSIVE].judge(told.history).violations
    assert [violation.witnesses for violation in found] == [(first, row), (first, later)]


# --- at rest ---


def resting(*owners: tuple[str, tuple[int, ...]], partitions: int = 2) -> tuple[HistoryBuilder, list[int], int]:
    told = HistoryBuilder()
    told.topic(partitions=partitions)
    for member, _ in owners:
        told.member(member)
    rows = [told.assigned(member, *held) for member, held in owners if held]
    return told, rows, told.stable(*(member for member, _ in owners))


def test_a_partition_without_an_owner_is_seen() -> None:
    told, _, rest = resting(("a", (0,)), ("b", ()))
    assert guilty(told, COMPLETE, rest) == "group g came to rest with t/1 owned by nobody, of the members a, b"


def test_a_partition_with_two_owners_at_rest_is_seen() -> None:
    told, rows, rest = resting(("a", (0, 1)), ("b", (1,)))
    assert "t/1 owned by a and b" in guilty(told, COMPLETE, *rows, rest)


def test_a_partition_held_by_nobody_alive_is_seen() -> None:
    told, _, _ = resting(("a", (0, 1)), ("b", ()))
    told.rows.pop()
    told.do(ops.Crash("a"))
    told.stable("b")
    assert len(INVARIANTS[COMPLETE].judge(told.history).violations) == 2


def test_all_partitions_shared_out() -> None:
    told, _, _ = resting(("a", (0,)), ("b", (1,)))
    assert innocent(told, COMPLETE) == 2
    untested(told, IDLE)


def test_what_a_zombie_believes_is_nothing_at_rest() -> None:
    told, _, _ = resting(("zombie", (0, 1)), ("b", ()))
    told.rows.pop()
    told.assigned("b", 0, 1, generation=2)
    told.stable("b")
    innocent(told, COMPLETE)


def test_who_is_refused_is_no_member_at_rest() -> None:
    told, _, _ = resting(("a", (0, 1)), ("refused", ()))
    told.rows.pop()
    told.poll("a")
    told.do(ops.Poll("refused"), REFUSED)
    told.stable("a", "refused")
    assert innocent(told, COMPLETE) == 2
    untested(told, IDLE)
    told.do(ops.Crash("a"))
    told.stable("refused")
    assert innocent(told, COMPLETE) == 2


def test_who_was_refused_and_polls_again_is_a_member() -> None:
    told, _, _ = resting(("a", ()), ("b", (1,)))
    told.rows.pop()
    told.do(ops.Poll("a"), REFUSED)
    told.poll("a")
    rest = told.stable("a", "b")
    assert "t/0 owned by nobody" in guilty(told, COMPLETE, rest)


def test_a_rest_while_a_broker_is_down_tests_nothing() -> None:
    told, _, _ = resting(("a", (0,)), ("b", ()))
    told.rows.pop()
    told.do(ops.KillBroker(0))
    told.stable("a", "b")
    untested(told, COMPLETE)
    untested(told, IDLE)


def test_a_topic_of_unknown_size_tests_nothing() -> None:
    told = HistoryBuilder()
    told.member("a")
    told.stable("a")
    untested(told, COMPLETE)


def test_surplus_members_own_nothing() -> None:
    told, _, _ = resting(("a", (0,)), ("b", (1,)), ("c", ()))
    assert innocent(told, IDLE) == 1


def test_a_surplus_member_that_shares_a_partition_is_seen() -> None:
    told, rows, rest = resting(("a", (0,)), ("b", (1,)), ("c", (1,)))
    reason = guilty(told, IDLE, *rows, rest)
    assert reason == "group g has 1 members more than partitions, owned are t/0 by a; t/1 by b and c"
