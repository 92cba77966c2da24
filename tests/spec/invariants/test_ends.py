"""Ends that go back are seen; others are not accused."""

from random import Random
from typing import Any

from histories import HistoryBuilder, guilty, innocent, untested
from oracles import ends as oracle

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.invariants import INVARIANTS

ENDS = "ends.never-go-back"


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


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    random, broken = Random(11), 0
    for _ in range(histories_drawn):
        history = HistoryBuilder()
        history.topic(partitions=2)
        going: list[tuple[Any, Outcome]] = []
        for _ in range(random.randrange(2, 9)):
            isolation: Any = random.choice(["read_uncommitted", "read_committed"])
            op = ops.ListOffsets("t", random.randrange(2), isolation=isolation)
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
    assert histories_drawn // 4 < broken < 1_900
