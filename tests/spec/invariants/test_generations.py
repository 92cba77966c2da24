"""What a member is given comes in rising generations."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import generations as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops

(RISE,) = oracle.ORACLES


def member(**settings: str) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(partitions=3)
    told.member("a", **settings)
    return told


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_an_older_generation_than_before_is_seen(protocol: str) -> None:
    told = member(protocol=protocol)
    first = told.assigned("a", 0, generation=5)
    told.revoked("a", 0)
    second = told.assigned("a", 1, generation=4)
    assert guilty(told, RISE, first, second) == "a was given t/1 in generation 5, and then in generation 4"


@pytest.mark.parametrize("lost", [True, False])
def test_a_partition_given_again_in_the_same_epoch_is_seen(lost: bool) -> None:
    told = member(protocol="consumer")
    first = told.assigned("a", 0, generation=5)
    told.revoked("a", 0, lost=lost)
    second = told.assigned("a", 0, generation=5)
    assert guilty(told, RISE, first, second) == "a was given t/0, which it had had before, in the same epoch 5"


def test_a_classic_member_that_joins_anew_may_be_answered_in_the_same_generation() -> None:
    told = member()
    told.assigned("a", 0, generation=5)
    told.revoked("a", 0)
    told.assigned("a", 0, generation=5)
    assert innocent(told, RISE) == 1


def test_more_may_come_in_one_generation_and_the_same_in_a_later_one() -> None:
    told = member(protocol="consumer")
    told.assigned("a", 0, generation=5)
    told.assigned("a", 1, generation=5)
    told.revoked("a", 0)
    told.assigned("a", 0, generation=6)
    assert innocent(told, RISE) == 3


def test_members_have_generations_of_their_own() -> None:
    told = member()
    told.assigned("a", 0, generation=5)
    told.member("b")
    told.assigned("b", 0, generation=3)
    told.member("a")
    told.assigned("a", 0, generation=1)
    untested(told, RISE)


def test_who_comes_back_to_what_it_had_is_left_out() -> None:
    told = member(instance_id="i")
    told.assigned("a", 0, generation=5)
    told.revoked("a", 0)
    told.assigned("a", 0, generation=5)
    untested(told, RISE)


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
@pytest.mark.parametrize("act", [ops.Unsubscribe("a"), ops.DeleteGroup("g")])
def test_a_group_that_may_have_been_forgotten_begins_again(act: ops.Operation, outcome: object) -> None:
    told = member()
    told.assigned("a", 0, generation=5)
    told.do(act, outcome)
    told.assigned("a", 0, generation=1)
    untested(told, RISE)


def test_a_group_that_was_not_deleted_goes_on() -> None:
    told = member()
    first = told.assigned("a", 0, generation=5)
    told.do(ops.DeleteGroup("g"), REFUSED)
    second = told.assigned("a", 1, generation=1)
    guilty(told, RISE, first, second)


def test_a_generation_that_is_not_told_is_not_judged() -> None:
    told = member()
    for _ in range(2):
        told.assigned("a", 0, generation=-1)
        told.revoked("a", 0)
    untested(told, RISE)


def drawn(random: Random) -> HistoryBuilder:
    """Members of two groups, whose generations rise as a rule."""
    told, generation = HistoryBuilder(), {"g": 1, "h": 1}
    told.topic(partitions=3)
    groups: dict[str, str] = {}
    for _ in range(random.randint(4, 16)):
        name, group = random.choice("abc"), random.choice("ggh")
        if name not in groups or random.random() < 0.1:
            groups[name] = group
            settings = {"instance_id": name} if random.random() < 0.1 else {}
            told.member(name, group, protocol=random.choice(["classic", "consumer"]), **settings)
        group = groups[name]
        if random.random() < 0.04:
            act = random.choice([ops.Unsubscribe(name), ops.DeleteGroup(group)])
            told.do(act, random.choice([None, UNKNOWN, REFUSED]))
        partitions = random.sample(range(3), random.randint(0, 3))
        if random.random() < 0.3:
            told.revoked(name, *partitions, group=group, lost=random.random() < 0.3)
        else:
            generation[group] += random.choices([1, 0, -1], [20, 1, 1])[0]
            shown = random.choices([generation[group], -1], [20, 1])[0]
            told.assigned(name, *partitions, generation=shown, group=group)
    return told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 5, histories_drawn)
