"""What replicas that are in sync have in their logs."""

from random import Random

import pytest
from histories import UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import replicas as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Unknown
from brokerlaw.spec.history.values import Record

ORDER, HOLD = "replicas.in-order", "replicas.hold-what-was-read"


def beginning(**settings: str) -> tuple[HistoryBuilder, Call]:
    """Two records read from a topic of three replicas, all in sync."""
    told = HistoryBuilder()
    told.topic(replication=3, **settings)
    told.producer()
    for offset, value in enumerate((b"a", b"b")):
        told.send(value, offset)
    told.consumer()
    told.assign()
    read = told.poll("c", (0, b"a"), (1, b"b"))
    told.describe(0, 1, (0, 1, 2))
    return told, read


def look(told: HistoryBuilder, *records: tuple[int, bytes | None], broker: int = 1, partition: int = 0) -> Call:
    return told.do(ops.ReadReplica("t", 0, broker), told.records(*records, partition=partition))


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([(1, b"b")], "lacks t/0@0"),
        ([(0, b"a")], "lacks t/0@1"),
        ([(0, b"x"), (1, b"b")], "has another record at t/0@0"),
        ([(0, None), (1, b"b")], "has another record at t/0@0"),
    ],
)
def test_a_replica_in_sync_that_lacks_a_record_is_seen(records: list, why: str) -> None:
    told, read = beginning()
    seen = look(told, *records)
    told.describe(0, 1, (0, 1, 2))
    assert guilty(told, HOLD, read, seen) == f"broker 1, in sync, {why}"


@pytest.mark.parametrize(
    "after", [(0, 2, (0, 1, 2)), (0, 1, (0, 2)), (0, -1, (0, 1, 2))], ids=["epoch", "out of sync", "no epoch"]
)
def test_who_may_have_been_out_of_sync_owes_nothing(after: tuple) -> None:
    told, _ = beginning()
    look(told, (0, b"a"))
    untested(told, HOLD)
    told.describe(*after)
    untested(told, HOLD)


def test_more_than_was_read_and_a_look_that_failed_are_lawful() -> None:
    told, _ = beginning()
    look(told, (0, b"a"), (1, b"b"), (2, b"not read yet"), (7, b"nor this"))
    told.do(ops.ReadReplica("t", 0, 2), UNKNOWN)
    told.describe(0, 1, (0, 1, 2))
    assert innocent(told, HOLD) == 2
    assert innocent(told, ORDER) == 4


@pytest.mark.parametrize("settings", [{"cleanup_policy": "compact"}, {"unclean_leader_election_enable": "true"}])
def test_topics_that_may_lose_records_owe_nothing(settings: dict[str, str]) -> None:
    told, _ = beginning(**settings)
    look(told)
    told.describe(0, 1, (0, 1, 2))
    untested(told, HOLD)


def test_what_somebody_deleted_is_not_owed() -> None:
    told, _ = beginning()
    told.do(ops.DeleteRecords("t", 0, 1), UNKNOWN)
    look(told, (1, b"b"))
    told.describe(0, 1, (0, 1, 2))
    assert innocent(told, HOLD) == 1


def test_a_log_out_of_order_and_of_another_partition_are_seen() -> None:
    told, _ = beginning()
    back = look(told, (1, b"b"), (0, b"a"))
    assert guilty(told, ORDER, back) == "a replica has t/0@0 after offset 1"
    twice, _ = beginning()
    again = look(twice, (0, b"a"), (0, b"a"))
    assert guilty(twice, ORDER, again) == "a replica has t/0@0 after offset 0"
    other, _ = beginning()
    strange = look(other, (0, b"a"), partition=1)
    assert guilty(other, ORDER, strange) == "a replica of t/0 has t/1@0"


def test_what_a_look_that_failed_was_told_is_of_no_replica() -> None:
    told, _ = beginning()
    look(told, (0, b"a"))
    told.do(ops.ReadReplica("t", 0, 2), Unknown("TIMED_OUT", told=(Record("t", 0, 0, b"a"),)))
    assert innocent(told, ORDER) == 1


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(replication=3)
    told.consumer()
    told.assign()
    log = [Record("t", 0, offset, b"%d" % offset) for offset in range(4)]
    for _ in range(random.randrange(6, 20)):
        match random.choice(("read", "describe", "look", "look")):
            case "read":
                told.do(ops.Poll("c"), Ok(tuple(random.sample(log, random.randint(0, 2)))))
            case "describe":
                told.describe(
                    0, random.choice((1, 1, 2)), tuple(sorted(random.sample((0, 1, 2), random.randint(1, 3))))
                )
            case _:
                records = tuple(looked_at(random, log))
                outcome = random.choice((Ok(records), Ok(records), UNKNOWN, Unknown("TIMED_OUT", told=records)))
                told.do(ops.ReadReplica("t", 0, random.randrange(3)), outcome)
    return told


def looked_at(random: Random, log: list[Record]) -> list[Record]:
    """Some are left out; now and then two change places, or one is repeated, or another partition's."""
    found = [each for each in log if random.random() < 0.8]
    place = random.randrange(30)
    if place < len(found):
        found.insert(0, found.pop(place))
    elif place == 10:
        found += found[-1:]
    elif place == 11:
        found.append(Record("t", 1, 9, b"9"))
    return found


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 7, histories_drawn)
