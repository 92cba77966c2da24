"""Ends that go back are seen; others are not accused."""

from random import Random
from typing import Any

from histories import HistoryBuilder, guilty, innocent, untested
from oracles import ends as oracle

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.invariants import INVARIANTS

ENDS, STARTS = "ends.never-go-back", "ends.start-before-end"


def told(*ends: tuple[int, str], **settings: str) -> HistoryBuilder:
    history = HistoryBuilder()
    history.topic(**settings)
    for end, isolation in ends:
        history.list_offset(end, isolation=isolation)
    return history


def test_an_end_that_goes_back_is_seen() -> None:
    reason = guilty(told((3, "uncommitted"), (5, "uncommitted"), (4, "uncommitted")), ENDS, 4, 6)
    assert reason == "the end of t/0 was 5, and later its end was 4"


def test_a_last_stable_offset_that_goes_back_or_beyond_the_end_is_seen() -> None:
    assert "the last stable offset of t/0 was 5" in guilty(told((5, "committed"), (4, "committed")), ENDS, 2, 4)
    assert "later its end was 4" in guilty(told((5, "committed"), (4, "uncommitted")), ENDS, 2, 4)


def test_a_last_stable_offset_behind_the_end_is_lawful() -> None:
    assert innocent(told((5, "uncommitted"), (4, "committed"), (4, "committed"), (5, "uncommitted")), ENDS) == 4


def test_an_answer_without_an_end_is_lawful() -> None:
    history = told((3, "uncommitted"), (-1, "uncommitted"), (3, "uncommitted"))
    assert innocent(history, ENDS) == 2


def test_answers_that_overlap_have_no_order() -> None:
    history = HistoryBuilder()
    history.topic()
    one, two = (history.begin("admin", ops.ListOffsets("t", 0)) for _ in range(2))
    history.end(one, Ok(5))
    history.end(two, Ok(4))
    assert innocent(history, ENDS) == 2


def test_unclean_elections_and_topics_that_were_deleted_are_left_out() -> None:
    ends = ((5, "uncommitted"), (4, "uncommitted"))
    untested(told(*ends, unclean_leader_election_enable="true"), ENDS)
    history = told(*ends)
    history.do(ops.DeleteTopic("t"))
    untested(history, ENDS)


def test_a_start_behind_the_end_is_seen() -> None:
    history = HistoryBuilder()
    history.topic()
    start, end = history.list_offset(3, "earliest"), history.list_offset(2)
    assert guilty(history, STARTS, start, end) == "t/0 began at 3, and later its end was 2"


def test_a_start_at_the_end_is_lawful_and_one_that_moved_since_or_was_not_told_says_nothing() -> None:
    history = HistoryBuilder()
    history.topic()
    history.list_offset(2)
    history.list_offset(3, "earliest")
    history.list_offset(2, isolation="committed")
    history.list_offset(-1)
    history.list_offset(3)
    assert innocent(history, STARTS) == 1
    history = told((2, "uncommitted"), unclean_leader_election_enable="true")
    history.list_offset(3, "earliest")
    history.list_offset(2)
    untested(history, STARTS)


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    random, broken, behind = Random(11), 0, 0
    for _ in range(histories_drawn):
        history = HistoryBuilder()
        history.topic(partitions=2)
        going: list[tuple[Any, Outcome]] = []
        for _ in range(random.randrange(2, 9)):
            isolation: Any = random.choice(["read_uncommitted", "read_committed"])
            at: Any = random.choice(["latest", "latest", "latest", "earliest"])
            op = ops.ListOffsets("t", random.randrange(2), at, isolation)
            going.append((history.begin("admin", op), Ok(random.randrange(4))))
            while going and random.random() < 0.6:
                history.end(*going.pop(random.randrange(len(going))))
        for call, outcome in going:
            history.end(call, outcome)
        recording = history.recording
        found = INVARIANTS[ENDS].judge(History(recording))
        accused = set()
        for violation in found.violations:
            one, two = (getattr(recording.rows[row], "value", None) for row in violation.witnesses)
            assert isinstance(one, ops.ListOffsets)
            assert isinstance(two, ops.ListOffsets)
            accused.add((f"{one.isolation} {two.isolation}", two.topic, two.partition))
        assert accused == oracle.never_go_back(recording)
        broken += bool(accused)
        starts = INVARIANTS[STARTS].judge(History(recording))
        assert (starts.exercised, len(starts.violations)) == oracle.start_before_end(recording)
        behind += bool(starts.violations)
    assert histories_drawn // 6 < broken < 1_900
    assert histories_drawn // 20 < behind
