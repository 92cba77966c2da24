"""What a history can say beyond plain operations: parts of one, values told in vain, clocks that differ."""

import pytest
from histories import MILLISECOND, HistoryBuilder, guilty

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Recording, stream, typed
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.history.values import Placed, Record, RecordHeader
from brokerlaw.spec.invariants import INVARIANTS


def test_a_poll_that_failed_may_have_read_records() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.consumer()
    told.assign()
    failed = told.do(ops.Poll("c"), Fail("GROUP_AUTHORIZATION_FAILED", told=(Record("t", 0, 0, b"b"),)))
    guilty(told, "integrity.nothing-invented", failed)


def test_where_a_send_of_unknown_outcome_would_stand_is_kept_and_acknowledges_nothing() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.end(told.sending(b"a"), Unknown("TIMED_OUT", told=Placed("t", 0, 7)))
    assert told.history.sends.offset.tolist() == [7]
    told.drain([], 0)
    assert told.history.sends.status.tolist() == [3]


def test_what_is_told_has_the_type_of_the_answer() -> None:
    outcome = typed(ops.Send("p", "t", b"a"), Unknown("TIMED_OUT", told={"topic": "t", "partition": 0, "offset": 7}))
    assert outcome == Unknown("TIMED_OUT", told=Placed("t", 0, 7))


def _one_operation_of(*offsets: int) -> History:
    """Polls of one record each, all parts of the first, in this order."""
    told = HistoryBuilder()
    told.topic()
    told.consumer()
    told.assign()
    rows = list(told.rows)
    start, time = 3, told.now
    polls = [Invoke(start + n, time, "c", ops.Poll("c"), None if n == 0 else start) for n in range(len(offsets))]
    ends = [Complete(start + n, time + 9, Ok((Record("t", 0, at, b"%d" % at),))) for n, at in enumerate(offsets)]
    return History(Recording(Header(), (*rows, *polls, *ends)))


def test_parts_of_one_operation_follow_one_another() -> None:
    judge = INVARIANTS["ordering.offsets-increase"].judge
    assert judge(_one_operation_of(0, 1, 2)) == (2, ())
    assert len(judge(_one_operation_of(0, 2, 1)).violations) == 1


def test_a_part_has_the_client_and_the_time_of_the_whole() -> None:
    rows = (
        Invoke(0, 5, "a", ops.OpenConsumer("a")),
        Invoke(1, 5, "b", ops.OpenConsumer("b"), 0),
    )
    with pytest.raises(HistoryError, match="operation 1 is part of 0, which 'b' does not do at that time"):
        History(Recording(Header(), rows))


def test_clocks_that_may_differ_excuse_what_lies_close_together_by_several_clients() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer("p")
    told.producer("q")
    told.send(b"first", 1)
    told.send(b"second", 0, client="q")
    guilty(told, "ordering.ack-precedes-send", 6, 8)
    near = History(told.recording, clock_tolerance=2 * MILLISECOND)
    assert INVARIANTS["ordering.ack-precedes-send"].judge(near) == (0, ())


def test_more_partitions_let_a_key_go_elsewhere() -> None:
    told = HistoryBuilder()
    told.topic(partitions=1)
    told.producer()
    told.send(b"a", 0, key=b"k")
    told.do(ops.CreatePartitions("t", 4))
    told.send(b"b", 0, key=b"k", partition=1)
    assert INVARIANTS["partitioning.same-key-same-partition"].judge(told.history).violations == ()


def test_headers_and_tombstones_on_the_wire() -> None:
    lines = (
        b'{"type":"header","version":1,"format":"brokerlaw.history","broker":"","broker_version":"","overrides":{},'
        b'"broker_settings":{}}',
        b'{"type":"invoke","op":0,"time":1,"process":"p","value":{"f":"open_producer","client":"p"}}',
        b'{"type":"invoke","op":1,"time":2,"process":"p","value":'
        b'{"f":"send","client":"p","topic":"t","value":null,"headers":[["trace","MQ=="],["trace",null]]}}',
        b'{"type":"footer","rows":2}',
    )
    send = list(stream("h", lines).rows)[1].value  # type: ignore[union-attr]  # an invocation
    assert send == ops.Send("p", "t", None, headers=(RecordHeader("trace", b"1"), RecordHeader("trace", None)))
