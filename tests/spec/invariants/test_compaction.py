"""A compacted log keeps the last record of each key."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles.compared import agree
from oracles.shedding import TOMBSTONES
from oracles.told import Told as OfRecords

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Drained
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import Placed, Record

LAST = "compaction.keeps-last"


def told(policy: str = "compact", **settings: str) -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(cleanup_policy=policy, **settings)
    history.producer()
    return history


def test_the_last_record_of_a_key_that_is_gone_is_seen() -> None:
    history = told()
    history.send(b"a", 0, key=b"k")
    send = history.send(b"b", 1, key=b"k")
    drained = history.drain([(0, b"a")], end=2)
    reason = guilty(history, LAST, send, drained)
    assert reason == ("'b' at t/0@1 is the last record of key 'k', and reader read everything from 0 to 2 and not this")


def test_what_is_superseded_may_go_or_stay() -> None:
    history = told()
    history.send(b"a", 0, key=b"k")
    history.send(b"b", 1, key=b"k")
    history.drain([(1, b"b")], end=2)
    assert innocent(history, LAST) == 1


@pytest.mark.parametrize("partition", [None, 0])
def test_what_may_be_superseded_may_go(partition: int | None) -> None:
    history = told()
    history.send(b"a", 0, key=b"k")
    history.do(ops.Send("p", "t", b"b", b"k", partition), UNKNOWN)
    history.drain([], end=1)
    untested(history, LAST)


def test_another_partition_supersedes_nothing() -> None:
    history = told()
    send = history.send(b"a", 0, key=b"k")
    history.do(ops.Send("p", "t", b"b", b"k", 1), UNKNOWN)
    drained = history.drain([], end=1)
    guilty(history, LAST, send, drained)


def test_what_was_aborted_supersedes_nothing() -> None:
    history = told()
    history.producer("x", transactional_id="x")
    send = history.send(b"a", 0, key=b"k")
    history.do(ops.BeginTransaction("x"))
    history.send(b"b", 1, client="x", key=b"k")
    history.do(ops.AbortTransaction("x"))
    drained = history.drain([], end=3, isolation="committed")
    guilty(history, LAST, send, drained)


def test_what_was_committed_supersedes_from_its_commit_on() -> None:
    history = told()
    history.producer("x", transactional_id="x")
    history.send(b"a", 0, key=b"k")
    history.do(ops.BeginTransaction("x"))
    history.send(b"b", 1, client="x", key=b"k")
    history.do(ops.CommitTransaction("x"), UNKNOWN)
    history.drain([], end=3, isolation="committed")
    untested(history, LAST)


def test_a_retry_of_a_producer_that_is_not_idempotent_may_supersede() -> None:
    history = told()
    history.producer("q", idempotent=False)
    history.send(b"a", 0, key=b"k", client="q")
    history.send(b"b", 1, key=b"k", client="p")
    history.drain([], end=3)
    untested(history, LAST)


@pytest.mark.parametrize(("waited", "due"), [(500, True), (1_000, False)])
def test_a_tombstone_has_its_time(waited: int, due: bool) -> None:
    history = told(delete_retention_ms="1000")
    send = history.send(None, 0, key=b"k")
    history.wait(waited)
    drained = history.drain([], end=1)
    if due:
        guilty(history, LAST, send, drained)
    else:
        untested(history, LAST)


@pytest.mark.parametrize("superseded", [True, False])
def test_what_is_too_young_to_be_compacted_stays(superseded: bool) -> None:
    history = told(min_compaction_lag_ms="1000")
    send = history.send(b"a", 0, key=b"k" if superseded else None)
    history.send(b"b", 1, key=b"k")
    history.wait(500)
    drained = history.drain([(1, b"b")], end=2)
    assert guilty(history, LAST, send, drained) == (
        "'a' at t/0@0 is too young to be compacted, and reader read everything from 0 to 2 and not this"
    )


@pytest.mark.parametrize("time", [None, 5])
def test_what_was_young_or_says_that_it_is_old_may_go(time: int | None) -> None:
    history = told(min_compaction_lag_ms="1000")
    history.send(b"a", 0, key=b"k", timestamp=time)
    history.send(b"b", 1, key=b"k")
    history.wait(500 if time else 1_000)
    history.drain([(1, b"b")], end=2)
    assert innocent(history, LAST) == 1


def test_the_shortest_lag_that_may_be_in_force_counts() -> None:
    history = told(min_compaction_lag_ms="1000")
    history.send(b"a", 0, key=b"k")
    history.send(b"b", 1, key=b"k")
    history.alter(min_compaction_lag_ms="0")
    history.drain([(1, b"b")], end=2)
    assert innocent(history, LAST) == 1


def test_the_brokers_own_lag_counts_where_the_topic_says_nothing() -> None:
    history = told()
    history.broker_settings["log.cleaner.min.compaction.lag.ms"] = "1000"
    send = history.send(b"a", 0, key=b"k")
    history.send(b"b", 1, key=b"k")
    guilty(history, LAST, send, history.drain([(1, b"b")], end=2))


def test_an_empty_value_is_no_tombstone() -> None:
    history = told(delete_retention_ms="0")
    send = history.send(b"", 0, key=b"k")
    guilty(history, LAST, send, history.drain([], end=1))


def test_a_record_without_a_key_may_go() -> None:
    history = told()
    history.send(b"a", 0)
    history.drain([], end=1)
    untested(history, LAST)


def test_what_expires_too_may_go() -> None:
    history = told("compact,delete", retention_ms="1000")
    history.send(b"a", 0, key=b"k")
    history.wait(1_000)
    history.drain([], end=1)
    untested(history, LAST)


def test_a_topic_that_is_to_be_compacted_later() -> None:
    history = told("delete")
    history.send(b"a", 0, key=b"k")
    history.send(b"b", 1, key=b"k")
    history.alter(cleanup_policy="compact")
    history.drain([(1, b"b")], end=2)
    assert innocent(history, LAST) == 1


# --- what is deleted stays deleted ---

STAYS = "compaction.deleted-stays-deleted"


def deleted(policy: str = "compact", **settings: str) -> tuple[HistoryBuilder, Call]:
    """A record of a key, and a tombstone behind it, which has had its time."""
    history = told(policy, **{"delete_retention_ms": "1000"} | settings)
    history.send(b"a", 0, key=b"k")
    tombstone = history.send(None, 1, key=b"k")
    history.wait(5_000)
    return history, tombstone


def test_a_record_that_comes_back_when_its_tombstone_goes_is_seen() -> None:
    history, tombstone = deleted()
    drained = history.drain([(0, b"a")], end=2, key=b"k")
    assert guilty(history, STAYS, tombstone, drained) == (
        "the tombstone of key 'k' at t/0@1 is the last record of its key, "
        "and reader, reading to 2, found its record at 0 and not this"
    )


@pytest.mark.parametrize("records", [[(0, b"a"), (1, None)], [(1, None)], []])
def test_both_may_be_there_or_the_tombstone_alone_or_neither(records: list[tuple[int, bytes | None]]) -> None:
    history, _ = deleted()
    history.drain(records, end=2, key=b"k")
    assert innocent(history, STAYS) == 1


def test_a_record_of_another_key_does_not_come_back() -> None:
    history, _ = deleted()
    history.drain([(0, b"a")], end=2, key=b"other")
    assert innocent(history, STAYS) == 1


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_a_later_record_of_the_key_may_stand_for_the_tombstone(outcome: Outcome | None) -> None:
    history, _ = deleted()
    history.do(ops.Send("p", "t", b"b", b"k", 0), UNKNOWN if outcome else Ok(Placed("t", 0, 2)))
    history.drain([(0, b"a")], end=2, key=b"k")
    untested(history, STAYS)


def test_who_reads_for_longer_than_tombstones_are_kept_may_miss_one() -> None:
    history, _ = deleted()
    history.consumer("slow")
    history.assign("slow")
    history.poll("slow", (0, b"a"), key=b"k")
    history.wait(1_000)
    history.see("slow", Drained("t", 0, 0, 2, "read_uncommitted"))
    untested(history, STAYS)


def test_who_began_before_the_tombstone_is_not_asked() -> None:
    history = told()
    history.send(b"a", 0, key=b"k")
    history.consumer("early")
    history.assign("early")
    history.send(None, 1, key=b"k")
    history.poll("early", (0, b"a"), key=b"k")
    history.see("early", Drained("t", 0, 0, 2, "read_uncommitted"))
    untested(history, STAYS)


@pytest.mark.parametrize("excuse", [ops.KillBroker(0), ops.ElectLeader("t", 0), ops.DeleteRecords("t", 0, 2)])
def test_what_excuses_a_record_that_comes_back(excuse: ops.AnyOperation) -> None:
    history, _ = deleted()
    history.do(excuse, UNKNOWN)
    history.drain([(0, b"a")], end=2, key=b"k")
    untested(history, STAYS)


def test_topics_that_expire_or_have_transactions_are_left_out() -> None:
    history, _ = deleted("compact,delete")
    history.drain([(0, b"a")], end=2, key=b"k")
    untested(history, STAYS)
    history, _ = deleted()
    history.producer("x", transactional_id="x")
    history.transaction((b"x", 2, 0), client="x")
    history.drain([(0, b"a")], end=2, key=b"k")
    untested(history, STAYS)


# --- the oracle ---


class Compacted:
    """Few keys, many tombstones; readers of two partitions miss something now and then."""

    def __init__(self, random: Random) -> None:
        self.random, self.told, self.readers = random, HistoryBuilder(), 0
        self.logs: tuple[list[Record], list[Record]] = [], []
        policy = random.choice(("compact", "compact", "compact", "compact", "compact,delete"))
        settings = {"cleanup.policy": policy, "delete.retention.ms": random.choice(("20", "100", "1000"))}
        if random.random() < 0.3:
            settings["min.compaction.lag.ms"] = random.choice(("20", "100", "1000"))
        self.told.do(ops.CreateTopic("t", 2, 1, settings), random.choices((None, UNKNOWN), (20, 1))[0])
        self.told.producer("p", idempotent=random.random() < 0.8)
        self.told.producer("x", transactional_id="x")
        for _ in range(random.randrange(6, 20)):
            random.choices((self.send, self.drain, self.wait, self.disturb), (8, 4, 1, 0.3))[0]()
        self.drain()

    def send(self) -> None:
        random, partition = self.random, self.random.choice((0, 0, 1))
        log = self.logs[partition]
        record = Record(
            "t", partition, len(log), random.choice((None, None, b"a", b"")), random.choice((None, b"k", b"l"))
        )
        named = random.choice((partition, partition, None))
        call = self.told.sending(record.value, key=record.key, partition=named)
        log.append(record)
        lost = random.choices((None, UNKNOWN, REFUSED), (20, 1, 1))[0]
        self.told.end(call, lost or Ok(Placed("t", partition, random.choices((record.offset, -1), (30, 1))[0])))

    def drain(self) -> None:
        random, partition = self.random, self.random.choice((0, 0, 1))
        log, name = self.logs[partition], f"r{self.readers}"
        end = max(0, len(log) - random.choice((0, 0, 0, 1)))
        kept = [each for each in log[:end] if random.random() < (0.6 if each.value is None else 0.9)]
        self.told.consumer(name)
        self.told.assign(name, 0, partition)
        for part in (kept[:2], kept[2:]):
            self.told.do(ops.Poll(name), Ok(tuple(part)))
            self.told.wait(random.choice((0, 0, 0, 15, 100)))
        self.told.see(name, Drained("t", partition, 0, end, "read_uncommitted"))
        self.readers += random.random() < 0.8

    def wait(self) -> None:
        self.told.wait(self.random.choice((10, 50, 500)))

    def disturb(self) -> None:
        acts = (
            ops.KillBroker(0),
            ops.ElectLeader("t", 0),
            ops.DeleteRecords("t", 0, self.random.randrange(4)),
            ops.AlterTopic("t", {"delete.retention.ms": "30"}),
            ops.AlterTopic("t", {"cleanup.policy": "delete"}),
            ops.AlterTopic("t", {"min.compaction.lag.ms": "50"}),
            ops.BeginTransaction("x"),
        )
        act = self.random.choice(acts)
        self.told.do(act, self.random.choice((None, UNKNOWN, REFUSED)))
        if isinstance(act, ops.BeginTransaction):
            self.told.sending(b"x", "x", partition=1)


def drawn(random: Random) -> HistoryBuilder:
    return Compacted(random).told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(TOMBSTONES, drawn, 3, histories_drawn, OfRecords)
