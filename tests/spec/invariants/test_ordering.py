"""The promises of ordering: whom they accuse, whom they clear, and what does not test them."""

import pytest
from histories import UNKNOWN, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops

INCREASE = "ordering.offsets-increase"
ONE_RECORD = "ordering.one-record-per-offset"
PRODUCER = "ordering.producer-order"
ACK = "ordering.ack-precedes-send"


def read_by_c(*polls: tuple[tuple[int, bytes], ...]) -> tuple[HistoryBuilder, list]:
    told = HistoryBuilder()
    told.topic()
    told.consumer("c")
    told.assign("c")
    return told, [told.poll("c", *records) for records in polls]


def test_offsets_that_go_back_are_seen() -> None:
    told, (first, second) = read_by_c(((3, b"d"), (4, b"e")), ((2, b"c"),))
    assert guilty(told, INCREASE, first, second) == "c read t/0@2 after t/0@4, reading on"


def test_an_offset_that_comes_twice_in_one_poll_is_seen() -> None:
    told, (poll,) = read_by_c(((3, b"d"), (3, b"d")))
    guilty(told, INCREASE, poll)


def test_gaps_are_fine() -> None:
    told, _ = read_by_c(((0, b"a"), (5, b"b")), ((9, b"c"),))
    assert innocent(told, INCREASE) == 2


def test_one_record_alone_tests_no_order() -> None:
    told, _ = read_by_c(((0, b"a"),))
    untested(told, INCREASE)


def test_a_seek_begins_anew() -> None:
    told, _ = read_by_c(((3, b"d"),))
    told.do(ops.Seek("c", "t", 0, 0))
    told.poll("c", (0, b"a"), (1, b"b"))
    assert innocent(told, INCREASE) == 1


def test_a_member_that_is_opened_anew_and_of_whom_nothing_is_told_may_begin_anywhere() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("c")
    told.assigned("c", 0)
    told.member("c")
    told.poll("c", (3, b"d"))
    told.poll("c", (2, b"c"))
    untested(told, INCREASE)


def test_an_assignment_begins_anew() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("c")
    told.assigned("c", 0)
    told.poll("c", (3, b"d"))
    told.revoked("c", 0)
    told.assigned("c", 0)
    told.poll("c", (2, b"c"))
    untested(told, INCREASE)


def test_a_poll_that_saw_the_partition_go_and_come_back_is_not_judged() -> None:
    """Its first records may be of the assignment before."""
    told = HistoryBuilder()
    told.topic()
    told.member("c")
    told.assigned("c", 0)
    told.poll("c", (3, b"d"))
    poll = told.begin("c", ops.Poll("c"))
    told.revoked("c", 0)
    told.assigned("c", 0)
    told.end(poll, told.records((4, b"e"), (3, b"d")))
    untested(told, INCREASE)


def test_the_first_assignment_may_come_in_the_poll_that_brings_its_records() -> None:
    told = HistoryBuilder()
    told.topic()
    told.member("c")
    poll = told.begin("c", ops.Poll("c"))
    told.assigned("c", 0)
    told.end(poll, told.records((4, b"e"), (3, b"d")))
    guilty(told, INCREASE, poll)


def test_polls_that_overlap_have_no_order() -> None:
    told, _ = read_by_c()
    one, other = told.begin("c", ops.Poll("c")), told.begin("c", ops.Poll("c"))
    told.end(one, told.records((4, b"e")))
    told.end(other, told.records((3, b"d")))
    untested(told, INCREASE)


def test_a_client_opened_anew_is_another_consumer() -> None:
    told, _ = read_by_c(((3, b"d"),))
    told.do(ops.Crash("c"))
    told.consumer("c")
    told.assign("c")
    told.poll("c", (0, b"a"))
    untested(told, INCREASE)


def test_under_unclean_election_positions_are_judged_only_where_the_user_chose_it() -> None:
    setting = {"unclean.leader.election.enable": "true"}
    for overrides, verdict in (({}, untested), (setting, guilty)):
        told = HistoryBuilder(**overrides)
        told.topic(**setting)
        told.consumer("c")
        told.assign("c")
        polls = [told.poll("c", (4, b"e")), told.poll("c", (0, b"x"))]
        if verdict is guilty:
            assert guilty(told, INCREASE, *polls).endswith("(under unclean.leader.election.enable=true)")
        else:
            untested(told, INCREASE)


def test_two_readers_that_disagree_are_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    told.consumer("c")
    told.consumer("d")
    polls = [told.poll("c", (3, b"a")), told.poll("d", (3, b"b"))]
    reason = guilty(told, ONE_RECORD, *polls)
    assert reason == "t/0@3 is 'a' with key null to one and 'b' with key null to another"


def test_a_key_that_differs_is_a_record_that_differs() -> None:
    told = HistoryBuilder()
    told.topic()
    told.consumer("c")
    polls = [told.poll("c", (3, b"a"), key=b"k"), told.poll("c", (3, b"a"), key=b"l")]
    guilty(told, ONE_RECORD, *polls)


def test_two_acknowledgements_of_one_offset_are_seen() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    sends = [told.send(b"a", 3), told.send(b"b", 3)]
    guilty(told, ONE_RECORD, *sends)


def test_an_acknowledgement_by_the_leader_alone_is_no_fact() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(acks="1", idempotent=False)
    told.send(b"a", 3)
    told.send(b"b", 3)
    untested(told, ONE_RECORD)


def test_unless_the_user_chose_acks_1_for_the_whole_run() -> None:
    told = HistoryBuilder(acks="1")
    told.topic()
    told.producer(acks="1", idempotent=False)
    sends = [told.send(b"a", 3), told.send(b"b", 3)]
    assert guilty(told, ONE_RECORD, *sends).endswith("(under acks=1)")


def test_readers_and_acknowledgements_that_agree() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.consumer("c")
    told.poll("c", (0, b"a"))
    assert innocent(told, ONE_RECORD) == 1


def test_a_topic_that_was_deleted_stands_for_two_logs() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.send(b"a", 0)
    told.do(ops.DeleteTopic("t"), UNKNOWN)
    told.send(b"b", 0)
    untested(told, ONE_RECORD)


@pytest.mark.parametrize(("first", "second", "verdict"), [(0, 1, innocent), (1, 0, guilty)])
def test_an_idempotent_producer_in_flight(first: int, second: int, verdict: object) -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    one, other = told.sending(b"a", awaited=False), told.sending(b"b", awaited=False)
    told.placed(one, first)
    told.placed(other, second)
    if verdict is guilty:
        reason = guilty(told, PRODUCER, one, other)
        assert reason == "'b' by p stands at t/0@0, not behind 'a' at t/0@1, of the same producer"
    else:
        assert innocent(told, PRODUCER) == 1


def test_another_producer_in_flight_promises_no_order() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(idempotent=False)
    one, other = told.sending(b"a", awaited=False), told.sending(b"b", awaited=False)
    told.placed(one, 1)
    told.placed(other, 0)
    untested(told, PRODUCER)


def test_one_request_in_flight_is_order_enough() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(idempotent=False, settings={"max.in.flight.requests.per.connection": "1"})
    one, other = told.sending(b"a", awaited=False), told.sending(b"b", awaited=False)
    told.placed(one, 1)
    told.placed(other, 0)
    guilty(told, PRODUCER, one, other)


@pytest.mark.parametrize("name", [PRODUCER, ACK])
def test_a_send_that_waited_stands_behind(name: str) -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer(idempotent=False)
    one, other = told.send(b"a", 1), told.send(b"b", 0)
    guilty(told, name, one, other)


def test_partitions_have_no_common_order() -> None:
    told = HistoryBuilder()
    told.topic(partitions=2)
    told.producer()
    told.send(b"a", 5, partition=0)
    told.send(b"b", 0, partition=1)
    untested(told, PRODUCER)
    untested(told, ACK)


def test_of_two_producers_the_acknowledgement_decides() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer("p")
    told.producer("q")
    one, other = told.send(b"a", 1, client="p"), told.send(b"b", 0, client="q")
    untested(told, PRODUCER)
    reason = guilty(told, ACK, one, other)
    assert reason == "'b' by q stands at t/0@0, not behind 'a' at t/0@1, acknowledged before it was sent"


def test_sends_that_overlap_have_no_order() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer("p")
    told.producer("q")
    one, other = told.sending(b"a", "p"), told.sending(b"b", "q")
    told.placed(one, 1)
    told.placed(other, 0)
    untested(told, ACK)


def test_sends_with_an_unknown_outcome_have_no_place() -> None:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    told.end(told.sending(b"a"), UNKNOWN)
    told.send(b"b", 0)
    for name in (PRODUCER, ACK):
        untested(told, name)
