from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.plan import Step
from brokerlaw.conformance.shrink import Shrinker, reproductions
from brokerlaw.spec import operations as ops

NOISE = tuple(ops.Flush("p") for _ in range(20))
NEEDED = (ops.CreateTopic("t"), ops.OpenProducer("p"), ops.Send("p", "t", b"bad"))
PLAN = (*NEEDED[:2], *NOISE[:9], *NEEDED[2:], *NOISE[9:], ops.Close("p"))


def has_bad(steps: tuple[Step, ...]) -> bool:
    return any(isinstance(step, ops.Send) and step.value == b"bad" for step in normalise(steps))


def test_nothing_but_the_cause_is_left() -> None:
    shrunk = Shrinker(has_bad, lambda: True).shrink(PLAN)
    assert shrunk.steps == NEEDED
    assert shrunk.complete
    assert shrunk.runs < 40


def test_time_that_runs_out_leaves_what_was_found() -> None:
    runs = iter(range(5))
    shrunk = Shrinker(has_bad, lambda: next(runs, None) is not None).shrink(PLAN)
    assert not shrunk.complete
    assert has_bad(shrunk.steps)
    assert len(shrunk.steps) < len(PLAN)


def test_a_violation_that_comes_only_sometimes_needs_repeats() -> None:
    runs = 0

    def sometimes(steps: tuple[Step, ...]) -> bool:
        nonlocal runs
        runs += 1
        return runs % 3 == 0 and has_bad(steps)

    assert Shrinker(sometimes, lambda: True, repeats=3).shrink(PLAN).steps == NEEDED


def test_reproductions_are_counted() -> None:
    answers = iter([True, False, True, True, False])
    assert reproductions(lambda _steps: next(answers), NEEDED, 5) == 3


def test_a_plan_that_never_breaks_is_left_whole() -> None:
    assert Shrinker(lambda _steps: False, lambda: True).shrink(PLAN).steps == PLAN
