from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.plan import Step
from brokerlaw.conformance.shrink import Shrinker, Shrunk, encoded, reproductions, steadiest
from brokerlaw.spec.history import operations as ops

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


def test_what_makes_a_violation_certain_stays() -> None:
    """Without the pause it breaks five times of six only."""
    certain = (*NEEDED, ops.PauseBroker(1))
    runs = 0

    def racing(steps: tuple[Step, ...]) -> bool:
        nonlocal runs
        runs += 1
        paused = any(isinstance(step, ops.PauseBroker) for step in normalise(steps))
        return has_bad(steps) and (paused or runs % 6 != 0)

    plan = (*NOISE, *certain, ops.Close("p"))
    assert Shrinker(racing, lambda: True, confirm=3).shrink(plan).steps == certain
    assert Shrinker(racing, lambda: True, repeats=2).shrink(plan).steps == NEEDED


def test_what_was_done_in_haste_is_gone_back_on() -> None:
    """Without its flushes it breaks in the first run only, whichever way it comes there."""
    tried: set[bytes] = set()

    def lucky(steps: tuple[Step, ...]) -> bool:
        first = encoded(steps) not in tried
        tried.add(encoded(steps))
        return has_bad(steps) and (first or steps.count(NOISE[0]) >= 3)

    shrunk = Shrinker(lucky, lambda: True, confirm=3).shrink(PLAN)
    assert shrunk.complete
    assert sorted(map(str, shrunk.steps)) == sorted(map(str, (*NEEDED, *NOISE[:3])))


def test_a_steady_plan_is_reduced_in_about_as_many_runs_as_a_certain_one() -> None:
    hasty, certain = (Shrinker(has_bad, lambda: True, confirm=confirm).shrink(PLAN) for confirm in (3, 1))
    assert hasty.steps == certain.steps == NEEDED
    assert hasty.runs <= certain.runs + 6


def test_what_was_done_in_haste_is_checked_when_time_is_up() -> None:
    runs = 0

    def lucky(steps: tuple[Step, ...]) -> bool:
        nonlocal runs
        runs += 1
        return has_bad(steps) and (runs < 9 or len(steps) > 10)

    shrunk = Shrinker(lucky, lambda: runs < 9, confirm=3).shrink(PLAN)
    assert not shrunk.complete
    assert 10 < len(shrunk.steps) < len(PLAN)


def test_a_plan_that_breaks_only_sometimes_is_reduced_all_the_same() -> None:
    runs = 0

    def racing(steps: tuple[Step, ...]) -> bool:
        nonlocal runs
        runs += 1
        return runs % 2 == 0 and has_bad(steps)

    assert Shrinker(racing, lambda: True, repeats=2, confirm=3).shrink(PLAN).steps == NEEDED


def test_reproductions_are_counted() -> None:
    answers = iter([True, False, True, True, False])
    assert reproductions(lambda _steps: next(answers), NEEDED, 5) == 3


def test_a_plan_that_never_breaks_is_left_whole() -> None:
    assert Shrinker(lambda _steps: False, lambda: True).shrink(PLAN).steps == PLAN


def test_what_belongs_together_goes_together() -> None:
    others = tuple(ops.OpenProducer(f"q{number}") for number in range(4))
    noise = tuple(ops.Send(f"q{number % 4}", "t", b"%d" % number) for number in range(40))
    shrunk = Shrinker(has_bad, lambda: True).shrink((*NEEDED[:2], *others, *noise, *NEEDED[2:]))
    assert shrunk.steps == NEEDED
    assert shrunk.runs < 15


def test_the_shortest_plan_that_keeps_breaking_is_preferred_to_a_lucky_one() -> None:
    lucky, steady = NEEDED[:2], NEEDED
    shrunk = Shrunk((PLAN, steady, lucky), 0, complete=True)
    assert steadiest(shrunk, has_bad, runs=5, enough=4) == (steady, 5)


def test_where_nothing_keeps_breaking_the_best_is_shown() -> None:
    answers = iter([False, True, True, True, False, False])
    shrunk = Shrunk((PLAN, NEEDED), 0, complete=True)
    assert steadiest(shrunk, lambda _steps: next(answers), runs=3, enough=3) == (NEEDED, 2)
