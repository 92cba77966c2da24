"""Who turns to where the log does not reach goes on where its policy says."""

from typing import Any

import pytest
from histories import UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok

RESET = "reading.out-of-range-is-reset"
NO_OFFSET = Fail("NO_OFFSET_FOR_PARTITION")


def log(**settings: str) -> tuple[HistoryBuilder, list[Call]]:
    """Acknowledged records from offset 0 to 3."""
    told = HistoryBuilder()
    told.topic(**settings)
    told.producer()
    return told, [told.send(b"%d" % offset, offset) for offset in range(4)]


def reader(told: HistoryBuilder, reset: str, offset: int = 9, **settings: Any) -> Call:
    told.consumer("c", reset=reset, **settings)
    return told.assign("c", offset)


def given(told: HistoryBuilder, offset: int) -> Call:
    return told.poll("c", (offset, b"%d" % offset))


def position(told: HistoryBuilder, answer: int | None) -> Call:
    return told.do(ops.Position("c", "t", 0), Ok(answer))


@pytest.mark.parametrize("step", [given, position])
def test_earliest_that_passes_over_a_record_is_seen(step: Any) -> None:
    told, sends = log()
    assigned = reader(told, "earliest")
    came = "was given" if step is given else "was told that its position is"
    reason = guilty(told, RESET, assigned, sends[0], step(told, 2))
    assert reason == f"c turned to t/0@9, outside of the log, and {came} t/0@2, though it resets to earliest"


@pytest.mark.parametrize("step", [given, position])
def test_latest_that_goes_back_is_seen(step: Any) -> None:
    told, sends = log()
    assigned = reader(told, "latest")
    guilty(told, RESET, assigned, sends[3], step(told, 2))


def test_latest_that_begins_at_the_start_of_what_was_deleted_is_seen() -> None:
    told, sends = log()
    told.do(ops.DeleteRecords("t", 0, 2))
    guilty(told, RESET, reader(told, "latest", 1), sends[3], given(told, 2))


@pytest.mark.parametrize("offset", [9, 1])
def test_none_that_goes_on_is_seen(offset: int) -> None:
    told, _ = log()
    told.do(ops.DeleteRecords("t", 0, 2))
    assigned = reader(told, "none", offset)
    told.do(ops.Poll("c"), NO_OFFSET)
    guilty(told, RESET, assigned, given(told, 2))


def test_who_is_reset_as_its_policy_says_is_lawful() -> None:
    told, _ = log()
    reader(told, "earliest")
    given(told, 0)
    told.do(ops.Seek("c", "t", 0, 8))
    position(told, 8)
    told.do(ops.Seek("c", "t", 0, 8))
    position(told, 0)
    assert innocent(told, RESET) == 2
    told, _ = log()
    reader(told, "latest")
    told.send(b"4", 4)
    given(told, 4)
    assert innocent(told, RESET) == 1
    told, _ = log()
    reader(told, "none")
    told.do(ops.Poll("c"), NO_OFFSET)
    position(told, 3)
    untested(told, RESET)


EXCUSES = ("in the log", "told before", "read before", "perhaps sought", "perhaps deleted", "killed", "election")


@pytest.mark.parametrize("excuse", EXCUSES)
def test_what_says_nothing(excuse: str) -> None:
    told, _ = log()
    if excuse == "perhaps deleted":
        told.do(ops.DeleteRecords("t", 0, 2), UNKNOWN)
    reader(told, "latest", 1 if excuse == "perhaps deleted" else 9)
    match excuse:
        case "in the log":
            told.assign("c", 2)
        case "told before":
            position(told, 9)
        case "read before":
            told.assign("c", 2)
            given(told, 2)
        case "perhaps sought":
            told.do(ops.Seek("c", "t", 0, 9), UNKNOWN)
        case "killed":
            told.do(ops.KillBroker(0))
        case "election":
            told.do(ops.ElectLeader("t", 0))
    given(told, 3)
    untested(told, RESET)


def test_what_earliest_may_pass_over() -> None:
    told, _ = log()
    told.do(ops.DeleteRecords("t", 0, 2), UNKNOWN)
    reader(told, "earliest")
    given(told, 2)
    assert innocent(told, RESET) == 1


def test_transactions_and_members_may_know_of_another_end() -> None:
    told, _ = log()
    told.producer("q", transactional_id="tx")
    told.transaction((b"x", 4, 0), client="q")
    reader(told, "latest", isolation="read_committed")
    given(told, 3)
    untested(told, RESET)
    told, _ = log()
    told.member("c", reset="latest")
    told.assigned("c", 0)
    told.do(ops.Seek("c", "t", 0, 9))
    given(told, 3)
    untested(told, RESET)


@pytest.mark.parametrize("settings", [{"retention_ms": "10"}, {"unclean_leader_election_enable": "true"}])
def test_logs_that_may_have_lost_records_are_left_out(settings: dict[str, str]) -> None:
    told, _ = log(**settings)
    reader(told, "none")
    given(told, 2)
    untested(told, RESET)


def test_by_duration_is_judged_elsewhere() -> None:
    told, _ = log()
    reader(told, "by_duration:PT5S")
    given(told, 2)
    untested(told, RESET)
