"""Records are read whole: null and empty, headers, timestamps; what is too large is in nobody's log."""

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import RecordHeader

NULL = "records.null-stays-null"
HEADERS = "records.headers-kept"
CREATED = "records.create-time-kept"
TYPE = "records.timestamp-type"
APPENDED = "records.append-time-ascends"
ALIKE = "records.read-alike"
LARGE = "records.too-large-refused"
TRACE = (RecordHeader("trace", b"1"),)


def told(**settings: str) -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(**settings)
    history.producer()
    history.consumer()
    return history


# --- null and empty ---


@pytest.mark.parametrize(("sent", "read"), [(None, b""), (b"", None)])
def test_a_null_that_became_empty_or_the_other_way_round_is_seen(sent: bytes | None, read: bytes | None) -> None:
    history = told(cleanup_policy="compact")
    send = history.send(sent, 0, key=b"k")
    poll = history.given(0, read, key=b"k")
    reason = guilty(history, NULL, send, poll)
    words = ("no", "an empty one") if sent is None else ("an empty", "none")
    assert reason == f"t/0@0 was sent with {words[0]} value, and c read {words[1]}"


@pytest.mark.parametrize(("sent", "read"), [(None, b""), (b"", None)])
def test_a_key_that_changed_so_is_seen(sent: bytes | None, read: bytes | None) -> None:
    history = told()
    send = history.send(b"a", 0, key=sent)
    poll = history.given(0, b"a", key=read)
    guilty(history, NULL, send, poll)


@pytest.mark.parametrize("value", [None, b""])
def test_null_and_empty_are_read_as_they_were_sent(value: bytes | None) -> None:
    history = told()
    history.send(value, 0, key=b"k")
    history.given(0, value, key=b"k")
    assert innocent(history, NULL) == 1


def test_another_record_there_is_another_matter() -> None:
    history = told()
    history.send(None, 0, key=b"k")
    history.given(0, b"", key=b"another")
    untested(history, NULL)


def test_a_null_whose_place_is_not_known_may_be_any() -> None:
    history = told()
    history.do(ops.Send("p", "t", None), UNKNOWN)
    history.send(b"", 1)
    history.given(1, b"")
    history.given(0, None)
    assert innocent(history, NULL) == 1


# --- headers ---


def test_headers_that_changed_are_seen() -> None:
    history = told()
    send = history.send(b"a", 0, headers=TRACE)
    poll = history.given(0, b"a", headers=(RecordHeader("trace", b"2"),))
    told_ = "'a' was sent with headers trace='1', and c read it at t/0@0 with headers trace='2'"
    assert guilty(history, HEADERS, send, poll) == told_


TWO = (RecordHeader("a", b"1"), RecordHeader("a", None), RecordHeader("b", b""))


@pytest.mark.parametrize(
    "read",
    [(), TWO[:2], TWO[1:], TWO[::-1], (*TWO, TWO[0]), (TWO[0], RecordHeader("a", b""), TWO[2])],
    ids=["none", "last gone", "first gone", "reversed", "one more", "null became empty"],
)
def test_headers_in_another_order_number_or_form_are_seen(read: tuple[RecordHeader, ...]) -> None:
    history = told()
    send = history.send(b"a", 0, headers=TWO)
    guilty(history, HEADERS, send, history.given(0, b"a", headers=read))


def test_headers_from_nowhere_are_seen() -> None:
    history = told()
    send = history.send(b"a", 0)
    guilty(history, HEADERS, send, history.given(0, b"a", headers=TRACE))


def test_headers_that_are_kept() -> None:
    history = told()
    history.send(b"a", 0, headers=TWO)
    history.given(0, b"a", headers=TWO)
    assert innocent(history, HEADERS) == 1


def test_one_value_with_several_headers_may_have_any_where_its_place_is_not_known() -> None:
    history = told()
    for headers in (TRACE, TWO):
        history.do(ops.Send("p", "t", b"a", headers=headers), UNKNOWN)
    history.given(0, b"a", headers=TWO)
    assert innocent(history, HEADERS) == 1
    history.given(1, b"a", headers=TRACE)
    assert innocent(history, HEADERS) == 2
    poll = history.given(2, b"a", headers=TRACE[:0])
    send = ops.Send("p", "t", b"a", headers=TRACE)
    guilty(history, HEADERS, next(i for i, row in enumerate(history.rows) if getattr(row, "value", 0) == send), poll)


def test_headers_of_a_send_in_vain_are_nobodys() -> None:
    history = told()
    history.end(history.sending(b"a", headers=TWO), REFUSED)
    send = history.send(b"a", 0, headers=TRACE)
    guilty(history, HEADERS, send, history.given(0, b"a", headers=TWO))


def test_records_without_headers_test_nothing() -> None:
    history = told()
    history.send(b"a", 0)
    history.given(0, b"a")
    untested(history, HEADERS)


# --- timestamps ---


@pytest.mark.parametrize("settings", [{}, {"message_timestamp_type": "CreateTime"}])
def test_a_timestamp_that_changed_is_seen(settings: dict[str, str]) -> None:
    history = told(**settings)
    send = history.send(b"a", 0, timestamp=1_000)
    poll = history.given(0, b"a", timestamp=1_001)
    reason = guilty(history, CREATED, send, poll)
    assert reason == "'a' was sent with the timestamp 1000, and c read it at t/0@0 with 1001"


def test_a_timestamp_that_is_gone_is_seen_where_the_reader_tells_others() -> None:
    history = told()
    send = history.send(b"a", 0, timestamp=1_000)
    poll = history.given(0, b"a")
    untested(history, CREATED)
    history.given(1, b"b", timestamp=9)
    guilty(history, CREATED, send, poll)


def test_a_timestamp_that_is_kept() -> None:
    history = told()
    history.send(b"a", 0, timestamp=0)
    history.given(0, b"a", timestamp=0, timestamp_type="CreateTime")
    assert innocent(history, CREATED) == 1


def test_the_brokers_time_takes_the_place_of_the_senders() -> None:
    history = told(message_timestamp_type="LogAppendTime")
    history.send(b"a", 0, timestamp=1_000)
    history.given(0, b"a", timestamp=77, timestamp_type="LogAppendTime")
    untested(history, CREATED)


def test_a_topic_that_was_changed_may_have_either_time_where_readers_do_not_tell() -> None:
    history = told()
    history.alter(message_timestamp_type="LogAppendTime")
    history.send(b"a", 0, timestamp=1_000)
    history.given(0, b"a", timestamp=77)
    untested(history, CREATED)


def test_a_broker_that_stamps_by_default_says_so_with_each_record() -> None:
    history = told()
    history.send(b"a", 0, timestamp=1_000)
    history.given(0, b"a", timestamp=77, timestamp_type="LogAppendTime")
    untested(history, CREATED)
    untested(history, TYPE)


def test_another_type_than_the_topics_is_seen() -> None:
    history = told(message_timestamp_type="LogAppendTime")
    history.send(b"a", 0)
    poll = history.given(0, b"a", timestamp=77, timestamp_type="CreateTime")
    assert guilty(history, TYPE, poll) == "c was told that t/0@0 has a CreateTime, and its topic has LogAppendTime"


def test_a_topic_whose_type_was_changed_may_have_both() -> None:
    history = told(message_timestamp_type="LogAppendTime")
    history.alter(message_timestamp_type="CreateTime")
    history.given(0, b"a", timestamp=77, timestamp_type="CreateTime")
    untested(history, TYPE)


def test_times_of_appending_that_go_back_are_seen() -> None:
    history = told(message_timestamp_type="LogAppendTime")
    one = history.given(0, b"a", timestamp=5)
    other = history.given(2, b"b", timestamp=4)
    assert guilty(history, APPENDED, one, other) == "t/0@0 was appended at 5, and t/0@2 was appended at 4"


def test_times_of_appending_that_stand_still_are_fine() -> None:
    history = told(message_timestamp_type="LogAppendTime")
    history.given(2, b"b", timestamp=5)
    history.given(0, b"a", timestamp=5)
    history.given(0, b"x", timestamp=9, partition=1)
    assert innocent(history, APPENDED) == 1


def test_leaders_have_clocks_of_their_own() -> None:
    history = told(message_timestamp_type="LogAppendTime")
    history.given(0, b"a", timestamp=5)
    history.do(ops.ElectLeader("t", 0))
    history.given(2, b"b", timestamp=4)
    untested(history, APPENDED)


# --- alike to all ---


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ({"headers": TRACE}, {}, "headers"),
        ({"timestamp": 1}, {"timestamp": 2}, "timestamp"),
        ({"timestamp_type": "CreateTime"}, {"timestamp_type": "LogAppendTime"}, "type of timestamp"),
    ],
)
def test_readers_who_are_told_otherwise_are_seen(one: dict[str, object], other: dict[str, object], what: str) -> None:
    history = told()
    history.consumer("d")
    polls = history.given(0, b"a", **one), history.given(0, b"a", "d", **other)
    assert guilty(history, ALIKE, *polls) == f"c and d were told another {what} of t/0@0"


def test_a_reader_that_tells_no_timestamps_contradicts_nobody() -> None:
    history = told()
    history.given(0, b"a", timestamp=1, timestamp_type="CreateTime")
    history.given(0, b"a")
    assert innocent(history, ALIKE) == 1


# --- too large ---


def test_a_record_larger_than_the_topic_takes_is_seen() -> None:
    history = told(max_message_bytes="100")
    send = history.send(b"x" * 101, 0)
    reason = guilty(history, LARGE, send)
    assert reason.endswith("with 101 bytes, was acknowledged, and its topic takes 100 at most")


def test_a_refused_record_that_is_read_is_seen() -> None:
    history = told(max_message_bytes="100")
    send = history.sending(b"x" * 101)
    history.end(send, REFUSED)
    guilty(history, LARGE, send, history.given(0, b"x" * 101))


def test_a_record_that_is_refused_and_absent() -> None:
    history = told(max_message_bytes="100")
    history.end(history.sending(b"x" * 90, key=b"k" * 11), REFUSED)
    assert innocent(history, LARGE) == 1


@pytest.mark.parametrize("how", ["compressed", "raised", "no limit told"])
def test_a_large_record_that_may_be_taken(how: str) -> None:
    history = HistoryBuilder()
    history.topic(**({} if how == "no limit told" else {"max_message_bytes": "100"}))
    history.producer(compression="zstd" if how == "compressed" else "none")
    if how == "raised":
        history.alter(max_message_bytes="200")
    history.send(b"x" * 101, 0)
    untested(history, LARGE)
