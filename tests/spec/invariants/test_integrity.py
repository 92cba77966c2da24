"""Nothing is read that was not sent."""

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail

INVENTED = "integrity.nothing-invented"


def told() -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(partitions=2)
    history.producer()
    history.consumer()
    return history


def test_what_was_sent_is_read() -> None:
    history = told()
    history.send(b"a", 0, key=b"k")
    history.poll("c", (0, b"a"), key=b"k")
    assert innocent(history, INVENTED) == 1


def test_a_record_that_nobody_sent_is_seen() -> None:
    history = told()
    poll = history.poll("c", (0, b"ghost"))
    reason = guilty(history, INVENTED, poll)
    assert reason == "c read 'ghost' with key null at t/0@0, which nobody sent to the topic"


def test_a_null_that_nobody_sent_is_seen() -> None:
    history = told()
    poll = history.poll("c", (0, None))
    guilty(history, INVENTED, poll)


def test_a_changed_key_is_seen() -> None:
    history = told()
    send = history.send(b"a", 0, key=b"k")
    poll = history.poll("c", (0, b"a"), key=b"K")
    assert guilty(history, INVENTED, send, poll).endswith("which was sent with another key")


def test_a_send_that_failed_and_is_read_is_seen() -> None:
    history = told()
    send = history.sending(b"a")
    history.end(send, REFUSED)
    poll = history.poll("c", (0, b"a"))
    assert guilty(history, INVENTED, send, poll).endswith("although its send failed")


@pytest.mark.parametrize("outcome", [UNKNOWN, None])
def test_a_send_with_an_unknown_outcome_may_be_read(outcome: object) -> None:
    history = told()
    send = history.sending(b"a")
    if outcome is UNKNOWN:
        history.end(send, UNKNOWN)
    history.poll("c", (0, b"a"))
    innocent(history, INVENTED)


def test_a_record_read_before_it_was_sent_is_seen() -> None:
    history = told()
    poll = history.poll("c", (0, b"a"))
    send = history.send(b"a", 0)
    assert guilty(history, INVENTED, poll, send).endswith("before it was sent")


def test_a_record_read_while_it_is_sent() -> None:
    history = told()
    poll = history.begin("c", ops.Poll("c"))
    send = history.sending(b"a")
    history.end(poll, history.records((0, b"a")))
    history.placed(send, 0)
    innocent(history, INVENTED)


def test_a_record_in_another_partition_than_it_was_sent_to_is_seen() -> None:
    history = told()
    send = history.do(ops.Send("p", "t", b"a", partition=1), UNKNOWN)
    poll = history.poll("c", (0, b"a"), partition=0)
    assert guilty(history, INVENTED, send, poll).endswith("which was sent to another partition")


def test_the_same_value_sent_twice_once_in_vain() -> None:
    history = told()
    history.end(history.sending(b"a"), REFUSED)
    history.send(b"a", 0)
    history.poll("c", (0, b"a"))
    innocent(history, INVENTED)


def test_a_topic_that_was_there_before_may_hold_anything() -> None:
    history = HistoryBuilder()
    history.do(ops.CreateTopic("t"), Fail("TOPIC_ALREADY_EXISTS"))
    history.consumer()
    history.poll("c", (0, b"old"))
    untested(history, INVENTED)


def test_a_topic_created_twice_may_hold_what_it_held() -> None:
    history = told()
    history.do(ops.DeleteTopic("t"))
    history.topic()
    history.poll("c", (0, b"old"))
    untested(history, INVENTED)
