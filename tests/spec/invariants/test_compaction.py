"""A compacted log keeps the last record of each key."""

import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops

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
