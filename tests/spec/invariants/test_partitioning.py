"""Keys and partitions."""

from random import Random

import numpy as np
import pytest
from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import partitioning as oracle
from oracles.compared import agree

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
    others, chosen = HistoryBuilder(), HistoryBuilder()
    chosen.topic(partitions=-1)
    for history in (others, chosen):
        history.producer()
        history.send(b"1", 0, 1, key=b"foobar")
        untested(history, MURMUR2)


def test_a_number_of_partitions_that_nobody_had_asked_for_yet_is_no_excuse() -> None:
    history = told(1)
    history.do(ops.CreatePartitions("t", 2))
    where = next(count for count in range(3, 20) if home(b"foobar", count) > 1)
    send = history.send(b"1", 0, home(b"foobar", where), key=b"foobar")
    history.do(ops.CreatePartitions("t", where))
    guilty(history, MURMUR2, send)
    history.send(b"2", 1, home(b"foobar", where), key=b"foobar")
    guilty(history, MURMUR2, send)


def drawn(random: Random) -> HistoryBuilder:
    """Two topics that grow or are deleted, and producers of several partitioners; most keys go where they should."""
    history, counts = HistoryBuilder(), {"t": random.randint(1, 4), "u": 3}
    for topic in random.choice(["t", "tu", "tu", "tut"]):
        asked = counts[topic] if random.randrange(6) else -1
        history.do(ops.CreateTopic(topic, asked), random.choice([None, None, None, UNKNOWN, REFUSED]))
    for name in ("p", "q"):
        settings = random.choice([{}, {}, {}, {"partitioner": "random"}])
        history.producer(name, partitioner=random.choice(["murmur2", "murmur2", "default"]), settings=settings)
    pending: list[tuple[Call, str, int]] = []
    for _ in range(random.randint(4, 12)):
        topic, key = random.choice("ttu"), random.choice([None, b"", b"k", b"l", b"longer", b"lengthier"])
        match random.randrange(12):
            case 0:
                total = counts[topic] + random.randint(1, 2)
                history.do(ops.CreatePartitions(topic, total), random.choice([None, UNKNOWN, REFUSED]))
            case 1 if random.random() < 0.3:
                history.do(ops.DeleteTopic(topic), random.choice([None, UNKNOWN, REFUSED]))
            case _:
                named = random.choice([None, None, None, None, 0])
                where = oracle.murmur2(key or b"") % (counts[topic] + random.choice([0, 0, 0, 0, 1]))
                send = history.sending(b"v", random.choice("ppq"), topic, key=key, partition=named)
                pending.append((send, topic, where if named is None else named))
        while pending and random.random() < 0.7:
            send, topic, where = pending.pop(random.randrange(len(pending)))
            placed = Ok(Placed(topic, where, 0))
            history.end(send, random.choice([placed, placed, placed, UNKNOWN, REFUSED]))
    return history


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 3, histories_drawn)
