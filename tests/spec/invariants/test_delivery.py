"""What applications can rely on, whenever they die."""

import pytest
from histories import UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import PartitionOffset

AT_LEAST, AT_MOST = "delivery.at-least-once", "delivery.at-most-once"
EXACTLY, SINK = "delivery.exactly-once", "delivery.idempotent-sink"


class App(HistoryBuilder):
    """An application, its input, and its first instance, a."""

    def __init__(
        self, discipline: str, records: int = 2, overrides: dict[str, str] | None = None, **member: object
    ) -> None:
        super().__init__(**overrides or {})
        self.topic("t")
        self.topic("sink")
        self.declared = self.declare(discipline)
        self.producer()
        self.inputs = [self.send(b"%d" % number, number) for number in range(records)]
        self.member("a", **member)
        self.assigned("a", 0)


def successor(told: HistoryBuilder, name: str = "b", **member: object) -> None:
    """The last instance is gone, another takes over."""
    told.do(ops.Crash("a"))
    told.member(name, **member)
    told.assigned(name, 0, generation=2)


# --- at-least-once ---


def test_all_records_were_applied() -> None:
    told = App("at-least-once")
    told.poll("a", (0, b"0"), (1, b"1"))
    told.apply("a", 0, b"0")
    told.apply("a", 1, b"1")
    told.commit("a", 2)
    told.poll("a")
    told.caught()
    assert innocent(told, AT_LEAST) == 2


@pytest.mark.parametrize(("discipline", "name"), [("at-least-once", AT_LEAST), ("idempotent-sink", SINK)])
def test_a_record_that_was_left_out_is_seen(discipline: str, name: str) -> None:
    """The successor was given none of what its predecessor read and had not committed."""
    told = App(discipline)
    told.poll("a", (0, b"0"), (1, b"1"))
    told.apply("a", 0, b"0")
    told.commit("a", 1)
    successor(told)
    told.poll("b")
    caught = told.caught()
    reason = guilty(told, name, told.declared, told.inputs[1], caught)
    assert reason == (
        f"'1' was acknowledged at t/0@1, and the {discipline} application of group g caught up without applying it"
    )


def test_before_it_caught_up_nothing_is_owed() -> None:
    told = App("at-least-once")
    told.poll("a")
    untested(told, AT_LEAST)


def test_records_acknowledged_after_the_last_poll_are_not_owed() -> None:
    told = App("at-least-once", records=0)
    told.poll("a")
    told.send(b"late", 0)
    told.caught()
    untested(told, AT_LEAST)


def test_partitions_that_nobody_held_in_the_end_are_not_owed() -> None:
    told = App("at-least-once")
    told.poll("a")
    told.revoked("a", 0)
    told.caught()
    untested(told, AT_LEAST)


def test_sends_of_unknown_outcome_are_not_owed() -> None:
    told = App("at-least-once", records=0)
    told.end(told.sending(b"0"), UNKNOWN)
    told.poll("a")
    told.caught()
    untested(told, AT_LEAST)


def test_a_group_that_starts_at_the_end_is_owed_nothing() -> None:
    told = App("at-least-once", reset="latest")
    told.poll("a")
    told.caught()
    untested(told, AT_LEAST)


def read_and_not_applied(told: HistoryBuilder) -> None:
    told.poll("a", (0, b"0"), (1, b"1"))


def read_and_committed(told: HistoryBuilder) -> None:
    told.poll("a", (0, b"0"), (1, b"1"))
    told.commit("a", 2)
    successor(told)
    told.poll("b")


def committed_without_reading(told: HistoryBuilder) -> None:
    told.commit("a", 2)
    successor(told)
    told.poll("b")


def committed_with_an_unknown_outcome(told: HistoryBuilder) -> None:
    told.poll("a", (0, b"0"), (1, b"1"))
    told.commit("a", 2, UNKNOWN)
    successor(told)
    told.poll("b")


def sought_ahead(told: HistoryBuilder) -> None:
    told.do(ops.Seek("a", "t", 0, 2))
    told.poll("a")


def was_reset(told: HistoryBuilder) -> None:
    told.do(ops.Close("a"))
    told.do(ops.ResetOffsets("g", (PartitionOffset("t", 0, 2),)))
    told.member("b")
    told.assigned("b", 0, generation=2)
    told.poll("b")


@pytest.mark.parametrize(
    "deed",
    [
        read_and_not_applied,
        read_and_committed,
        committed_without_reading,
        committed_with_an_unknown_outcome,
        sought_ahead,
        was_reset,
    ],
)
def test_what_the_application_left_out_itself_is_not_held_against_the_broker(deed: object) -> None:
    told = App("at-least-once")
    deed(told)  # type: ignore[operator]
    told.caught()
    untested(told, AT_LEAST)


def test_auto_commit_promises_nothing_unless_the_user_chose_it() -> None:
    for overrides in ({}, {"auto_commit": "true"}):
        told = App("at-least-once", records=1, overrides=overrides, auto_commit=True)
        told.poll("a", (0, b"0"))
        successor(told, auto_commit=True)
        told.poll("b")
        caught = told.caught()
        if overrides:
            reason = guilty(told, AT_LEAST, told.declared, told.inputs[0], caught)
            assert reason.endswith("(under auto_commit=true)")
        else:
            untested(told, AT_LEAST)


def test_the_loss_of_acks_1_is_told_as_such() -> None:
    told = HistoryBuilder(acks="1")
    told.topic()
    declared = told.declare("at-least-once")
    told.producer(acks="1", idempotent=False)
    send = told.send(b"0", 0)
    told.member("a")
    told.assigned("a", 0)
    told.poll("a")
    caught = told.caught()
    assert guilty(told, AT_LEAST, declared, send, caught).endswith("(under acks=1)")


# --- at-most-once ---


def committed_first(**member: object) -> tuple[App, int]:
    told = App("at-most-once", **member)
    told.poll("a", (0, b"0"))
    told.commit("a", 1)
    return told, told.apply("a", 0, b"0")


def test_a_record_that_was_committed_and_comes_again_is_seen() -> None:
    told, first = committed_first()
    successor(told)
    told.poll("b", (0, b"0"))
    told.commit("b", 1)
    second = told.apply("b", 0, b"0")
    reason = guilty(told, AT_MOST, told.declared, first, second)
    assert reason == "'0' at t/0@0 was applied by a and by b, for the at-most-once application of group g"


def test_a_record_that_was_committed_stays_with_whom_it_was_given_to() -> None:
    told, _ = committed_first()
    successor(told)
    told.poll("b", (1, b"1"))
    told.commit("b", 2)
    told.apply("b", 1, b"1")
    assert innocent(told, AT_MOST) == 1


def test_without_a_later_assignment_nothing_was_at_risk() -> None:
    told, _ = committed_first()
    untested(told, AT_MOST)


def test_what_the_application_repeats_itself_is_not_held_against_the_broker() -> None:
    told, _ = committed_first()
    told.apply("a", 0, b"0")
    untested(told, AT_MOST)


@pytest.mark.parametrize(
    "back",
    [
        ops.Seek("b", "t", 0, 0),
        ops.Commit("b", (PartitionOffset("t", 0, 0),)),
        ops.ResetOffsets("g", (PartitionOffset("t", 0, 0),)),
    ],
)
def test_nor_what_it_went_back_to(back: ops.AnyOperation) -> None:
    told, _ = committed_first()
    successor(told)
    told.do(back, UNKNOWN)
    told.poll("b", (0, b"0"))
    told.commit("b", 1)
    told.apply("b", 0, b"0")
    innocent(told, AT_MOST)


def test_nor_what_it_had_not_committed() -> None:
    told = App("at-most-once")
    told.poll("a", (0, b"0"))
    told.commit("a", 1, UNKNOWN)
    told.apply("a", 0, b"0")
    successor(told)
    told.poll("b", (0, b"0"))
    told.commit("b", 1)
    told.apply("b", 0, b"0")
    innocent(told, AT_MOST)


def test_the_repetition_of_auto_commit_is_told_as_such() -> None:
    told = App("at-most-once", overrides={"auto_commit": "true"}, auto_commit=True)
    rows = []
    for name in ("a", "b"):
        told.poll(name, (0, b"0"))
        rows.append(told.apply(name, 0, b"0"))
        if name == "a":
            successor(told, auto_commit=True)
    assert guilty(told, AT_MOST, told.declared, *rows).endswith("(under auto_commit=true)")


# --- idempotent-sink ---


def test_a_repetition_that_the_sink_knows_is_no_effect() -> None:
    told = App("idempotent-sink", records=1)
    told.poll("a", (0, b"0"))
    told.apply("a", 0, b"0")
    successor(told)
    told.poll("b", (0, b"0"))
    told.apply("b", 0, b"0", duplicate=True)
    told.commit("b", 1)
    told.poll("b")
    told.caught()
    innocent(told, SINK)


def test_a_payment_made_twice_is_seen() -> None:
    told = App("idempotent-sink", records=1)
    told.poll("a", (0, b"0"))
    rows = [told.apply("a", 0, b"0"), told.apply("a", 0, b"0")]
    assert "was applied by a again" in guilty(told, SINK, told.declared, *rows)


# --- exactly-once ---


def transform(
    told: HistoryBuilder,
    name: str,
    producer: str,
    *outputs: tuple[int, int],
    end: object = None,
    offset: int | None = None,
) -> list[Call]:
    """One transaction by an instance: (input, offset of its output), and the offsets past the inputs."""
    shown = [told.do(ops.BeginTransaction(producer))]
    for number, place in outputs:
        shown.append(told.send(b"out:%d" % number, place, client=producer, topic="sink"))
    past = PartitionOffset("t", 0, offset if offset is not None else outputs[-1][0] + 1)
    told.do(ops.SendOffsets(producer, name, (past,)))
    told.do(ops.AbortTransaction(producer)) if end == "abort" else told.do(ops.CommitTransaction(producer), end)
    return shown


def exactly(records: int = 2) -> App:
    told = App("exactly-once", records, isolation="read_committed")
    told.producer("q", transactional_id="tx")
    return told


def test_each_input_has_one_output() -> None:
    told = exactly()
    told.poll("a", (0, b"0"), (1, b"1"))
    transform(told, "a", "q", (0, 0), (1, 1))
    told.poll("a")
    told.caught()
    told.drain([(0, b"out:0"), (1, b"out:1")], end=3, isolation="committed", topic="sink")
    assert innocent(told, EXACTLY) == 2


def test_two_outputs_are_seen() -> None:
    """The offsets of a committed transaction were forgotten."""
    told = exactly(records=1)
    told.poll("a", (0, b"0"))
    one = transform(told, "a", "q", (0, 0))[1]
    told.do(ops.Crash("q"))
    successor(told, isolation="read_committed")
    told.producer("r", transactional_id="tx")
    told.poll("b", (0, b"0"))
    other = transform(told, "b", "r", (0, 2))[1]
    told.consumer("c", isolation="read_committed")
    poll = told.poll("c", (0, b"out:0"), (2, b"out:0"), topic="sink")
    reason = guilty(told, EXACTLY, told.declared, one, other, poll)
    assert reason.startswith("'0' has an output at sink/0@0 and at sink/0@2 for read_committed readers")


def test_an_application_that_reads_again_what_it_may_have_committed_doubles_itself() -> None:
    told = exactly(records=1)
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 0), end=UNKNOWN)
    told.do(ops.Seek("a", "t", 0, 0))
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 2))
    told.consumer("c", isolation="read_committed")
    told.poll("c", (0, b"out:0"), (2, b"out:0"), topic="sink")
    untested(told, EXACTLY)


def test_an_aborted_output_does_not_count() -> None:
    told = exactly(records=1)
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 0), end="abort")
    told.do(ops.Seek("a", "t", 0, 0))
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 2))
    told.poll("a")
    told.caught()
    told.drain([(2, b"out:0")], end=4, isolation="committed", topic="sink")
    assert innocent(told, EXACTLY) == 1


def test_an_input_whose_offsets_were_committed_without_its_output_is_seen() -> None:
    """The transaction was aborted, its offsets stayed."""
    told = exactly()
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 0), end="abort")
    told.do(ops.Crash("q"))
    successor(told, isolation="read_committed")
    told.producer("r", transactional_id="tx")
    told.poll("b", (1, b"1"))
    transform(told, "b", "r", (1, 2))
    told.poll("b")
    caught = told.caught()
    told.drain([(2, b"out:1")], end=4, isolation="committed", topic="sink")
    reason = guilty(told, EXACTLY, told.declared, told.inputs[0], caught)
    assert reason.endswith("caught up without an output that was committed")


def test_an_output_beyond_the_end_that_readers_were_told_may_yet_come() -> None:
    told = exactly(records=1)
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 0))
    told.poll("a")
    told.caught()
    told.drain([], end=0, isolation="committed", topic="sink")
    untested(told, EXACTLY)


def test_an_application_that_does_not_rewind_after_an_abort_loses_by_itself() -> None:
    """KAFKA-17582: an abort does not move the consumer back."""
    told = exactly()
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 0), end="abort")
    told.poll("a", (1, b"1"))
    transform(told, "a", "q", (1, 2))
    told.poll("a")
    told.caught()
    told.drain([(2, b"out:1")], end=4, isolation="committed", topic="sink")
    assert innocent(told, EXACTLY) == 1


def test_an_input_that_stands_in_the_log_twice_may_have_two_outputs() -> None:
    told = exactly(records=1)
    told.poll("a", (0, b"0"))
    transform(told, "a", "q", (0, 0))
    told.poll("a", (1, b"0"))
    transform(told, "a", "q", (0, 2), offset=2)
    told.consumer("c", isolation="read_committed")
    told.poll("c", (0, b"out:0"), (2, b"out:0"), topic="sink")
    untested(told, EXACTLY)
