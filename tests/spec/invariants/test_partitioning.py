"""Keys and partitions."""

import numpy as np
import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.evidence.murmur2 import murmur2, partitions
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import Placed

SAME = "partitioning.same-key-same-partition"
MURMUR2 = "partitioning.murmur2"


def told(count: int = 3, **producer: object) -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(partitions=count)
    history.producer(**producer)
    return history


def test_a_key_in_two_partitions_is_seen() -> None:
    history = told()
    one, other = history.send(b"1", 0, 1, key=b"k"), history.send(b"2", 0, 2, key=b"k")
    assert guilty(history, SAME, one, other) == "key 'k' went to t/1 and to t/2"


def test_a_key_in_its_partition() -> None:
    history = told()
    history.send(b"1", 0, 1, key=b"k")
    history.send(b"2", 1, 1, key=b"k")
    history.send(b"3", 0, 2, key=b"other")
    assert innocent(history, SAME) == 1


@pytest.mark.parametrize("key", [None, b""])
def test_no_key_and_the_empty_key_may_go_anywhere(key: bytes | None) -> None:
    history = told()
    history.send(b"1", 0, 1, key=key)
    history.send(b"2", 0, 2, key=key)
    untested(history, SAME)


def test_a_named_partition_overrules_the_key() -> None:
    history = told()
    history.do(ops.Send("p", "t", b"1", b"k", partition=1), Ok(Placed("t", 1, 0)))
    history.send(b"2", 0, 2, key=b"k")
    untested(history, SAME)


def test_other_partitioners_may_differ() -> None:
    history = told()
    history.producer("q", partitioner="default")
    history.send(b"1", 0, 1, key=b"k")
    history.send(b"2", 0, 2, key=b"k", client="q")
    untested(history, SAME)


def test_a_send_with_an_unknown_outcome_went_nowhere_known() -> None:
    history = told()
    history.send(b"1", 0, 1, key=b"k")
    history.end(history.sending(b"2", key=b"k"), UNKNOWN)
    untested(history, SAME)


HASHES = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""As Kafka's own tests of `Utils.murmur2` have them."""


@pytest.mark.parametrize("key", HASHES)
def test_murmur2_is_that_of_kafka(key: bytes) -> None:
    found = murmur2(np.frombuffer(key, dtype=np.uint8).reshape(1, -1))
    assert found.astype(np.int32)[0] == HASHES[key]


def test_many_keys_at_once_as_one_by_one() -> None:
    keys = [b"x" * n for n in range(12)] + [b"abc", b"abd"]
    counts = np.full(len(keys), 7)
    together = partitions(keys, counts)
    assert together.tolist() == [partitions([key], counts[:1])[0] for key in keys]


def home(key: bytes, count: int = 3) -> int:
    return int(partitions([key], np.array([count]))[0])


def test_a_key_that_strays_from_murmur2_is_seen() -> None:
    history = told()
    where = (home(b"foobar") + 1) % 3
    send = history.send(b"1", 0, where, key=b"foobar")
    assert (
        guilty(history, MURMUR2, send) == f"key 'foobar' went to t/{where}, murmur2 names partition {home(b'foobar')}"
    )


def test_keys_where_murmur2_has_them() -> None:
    history = told()
    for number, key in enumerate(HASHES):
        history.send(b"%d" % number, number, home(key), key=key)
    assert innocent(history, MURMUR2) == len(HASHES)


@pytest.mark.parametrize("producer", [{"partitioner": "default"}, {"settings": {"partitioner": "random"}}])
def test_other_partitioners_are_not_held_to_murmur2(producer: dict) -> None:
    history = told(**producer)
    history.send(b"1", 0, (home(b"foobar") + 1) % 3, key=b"foobar")
    untested(history, MURMUR2)


def test_a_topic_of_unknown_size_tests_nothing() -> None:
    history = HistoryBuilder()
    history.producer()
    history.send(b"1", 0, 0, key=b"foobar")
    untested(history, MURMUR2)
