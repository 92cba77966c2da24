"""Records are deleted, and offsets committed, where there is a log only."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import refused_places as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset

DELETIONS, COMMITS = oracle.ORACLES


def log(**settings: Any) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    for offset in range(3):
        told.send(b"%d" % offset, offset)
    return told


def delete(told: HistoryBuilder, before: int, partition: int = 0, outcome: Any = None) -> Call:
    return told.do(ops.DeleteRecords("t", partition, before), outcome)


# --- deletions ---


def test_a_deletion_beyond_the_end_is_seen() -> None:
    told = log()
    deleted = delete(told, 4)
    end = told.list_offset(3)
    told.list_offset(5)
    reason = guilty(told, DELETIONS, deleted, end)
    assert reason == "records of t/0 below 4 were deleted, though its log ended at 3 later"


def test_a_deletion_of_what_is_not_there_or_may_not_go_is_seen() -> None:
    told = log()
    reason = guilty(told, DELETIONS, delete(told, -1, 1))
    assert reason == "records of t/1 below -1 were deleted, and the topic has 1 partition"
    told = log(cleanup_policy="compact")
    assert guilty(told, DELETIONS, delete(told, 1)).endswith("though the topic is compacted, and nothing else")


def test_refused_deletions_and_those_within_the_log_are_lawful() -> None:
    told = log()
    delete(told, 4, outcome=REFUSED)
    delete(told, 9, outcome=UNKNOWN)
    delete(told, 3)
    delete(told, -1)
    told.list_offset(3)
    assert innocent(told, DELETIONS) == 1


WHY = ("end told before", "stable end", "another partition", "grown", "both policies", "altered", "not ours", "unclean")


@pytest.mark.parametrize("why", WHY)
def test_a_deletion_that_may_have_been_possible(why: str) -> None:
    settings: dict[str, Any] = {
        "both policies": {"cleanup_policy": "compact,delete"},
        "altered": {"cleanup_policy": "compact"},
        "unclean": {"unclean_leader_election_enable": "true"},
        "another partition": {"partitions": 2},
    }.get(why, {})
    told = log(**settings)
    match why:
        case "end told before":
            told.list_offset(3)
        case "grown":
            told.do(ops.CreatePartitions("t", 2), UNKNOWN)
        case "altered":
            told.alter(cleanup_policy="delete", outcome=UNKNOWN)
        case "not ours":
            told.do(ops.DeleteTopic("t"), UNKNOWN)
    delete(told, 4, 1 if why == "grown" else 0)
    match why:
        case "stable end":
            told.list_offset(3, isolation="committed")
        case "another partition":
            told.list_offset(0, partition=1)
        case "not ours" | "unclean":
            told.list_offset(3)
    untested(told, DELETIONS)


# --- commits ---


def test_a_commit_for_a_partition_that_is_not_there_is_seen() -> None:
    told = log()
    told.member("c")
    reason = guilty(told, COMMITS, told.commit("c", 1, partition=1))
    assert reason == "a commit moved a group in t/1, and the topic has 1 partition"
    told = log(partitions=2)
    guilty(told, COMMITS, told.do(ops.ResetOffsets("g", (PartitionOffset("t", 0, 1), PartitionOffset("t", 2, 1)))))


def test_refused_commits_and_those_for_what_may_be_there_are_lawful() -> None:
    told = log()
    told.member("c")
    told.commit("c", 1)
    told.do(ops.CreatePartitions("t", 2), UNKNOWN)
    told.commit("c", 1, partition=1)
    told.commit("c", 1, UNKNOWN, partition=2)
    untested(told, COMMITS)
    told.commit("c", 1, REFUSED, partition=2)
    assert innocent(told, COMMITS) == 1
    told.do(ops.DeleteTopic("t"), UNKNOWN)
    told.commit("c", 1, partition=2)
    untested(told, COMMITS)


# --- the oracle ---


def drawn(random: Random) -> HistoryBuilder:
    settings: tuple[dict[str, str], ...] = ({}, {}, {"cleanup_policy": "compact"}, {"cleanup_policy": "delete"})
    told = HistoryBuilder()
    told.topic(partitions=2, **random.choice(settings))
    told.member("c")
    pending = list[Call]()
    for _ in range(random.randrange(4, 14)):
        partition, offset = random.randrange(4), random.randrange(-1, 5)
        offsets = tuple(PartitionOffset("t", random.randrange(4), 1) for _ in range(random.randrange(1, 3)))
        made = PartitionOffset("u", 5, 1)
        match random.randrange(8):
            case 0 | 1 | 2:
                pending.append(told.begin("admin", ops.DeleteRecords("t", partition, offset)))
            case 3 | 4:
                told.list_offset(random.randrange(5), random.choice(("latest", "latest", "earliest")), partition)
            case 5:
                act: ops.AnyOperation = ops.AlterTopic("t", {"cleanup.policy": random.choice(("compact", "delete"))})
                told.do(random.choice((act, ops.CreatePartitions("t", 3))), random.choice((None, UNKNOWN)))
            case 6:
                pending.append(told.begin("c", ops.Commit("c", random.choice((offsets, offsets, (made,))))))
            case _:
                pending.append(told.begin("admin", ops.ResetOffsets("g", offsets)))
        while pending and random.random() < 0.7:
            told.end(pending.pop(), random.choice((REFUSED, UNKNOWN, Ok(), Ok())))
    return told


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 17, histories_drawn)
