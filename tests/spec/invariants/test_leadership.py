"""Leader epochs."""

import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionState

MONOTONIC = "leadership.epoch-monotonic"
ONE_LEADER = "leadership.one-leader-per-epoch"


def test_an_epoch_that_goes_back_is_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(0, 1)
    one, other = told.describe(1, 3), told.describe(0, 2)
    assert guilty(told, MONOTONIC, one, other) == "t/0 was in epoch 3, later in epoch 2"


def test_epochs_go_on() -> None:
    told = HistoryBuilder()
    told.topic()
    for leader, epoch in ((0, 1), (0, 1), (None, 2), (1, 3)):
        told.describe(leader, epoch)
    assert innocent(told, MONOTONIC) == 3
    assert innocent(told, ONE_LEADER) == 1


def test_descriptions_that_overlap_have_no_order() -> None:
    told = HistoryBuilder()
    told.topic()
    one = told.begin("admin", ops.DescribePartition("t", 0))
    told.describe(1, 3)
    told.end(one, Ok(PartitionState(0, 2, (0,), (0,))))
    untested(told, MONOTONIC)


def test_a_description_that_failed_says_nothing() -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(1, 3)
    told.do(ops.DescribePartition("t", 0), UNKNOWN)
    untested(told, MONOTONIC)


@pytest.mark.parametrize("name", [MONOTONIC, ONE_LEADER])
def test_brokers_that_tell_no_epoch_are_not_judged(name: str) -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(1, -1)
    told.describe(0, -1)
    untested(told, name)


def test_two_leaders_of_one_epoch_are_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    one, other = told.describe(1, 3), told.describe(2, 3)
    assert guilty(told, ONE_LEADER, one, other) == "t/0 had leaders 1 and 2 in epoch 3"


def test_no_leader_is_no_second_leader() -> None:
    told = HistoryBuilder()
    told.topic()
    told.describe(1, 3)
    told.describe(None, 3)
    untested(told, ONE_LEADER)
