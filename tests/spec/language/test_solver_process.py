"""Z3 is a process: it ends when the proof does, however that ends."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from processes import LIMIT, comes, ended, gone

from brokerlaw.spec.language.prover.solver import Answer, Pool, Solver

HOLES = 12
PIGEONS = range(HOLES + 1)
HARD = [f"(declare-const p{i}.{j} Bool)" for i in PIGEONS for j in range(HOLES)]
HARD += [f"(assert (or {' '.join(f'p{i}.{j}' for j in range(HOLES))}))" for i in PIGEONS]
HARD += [f"(assert (not (and p{i}.{j} p{k}.{j})))" for j in range(HOLES) for i in PIGEONS for k in range(i)]
"""More pigeons than holes: more than any solver finds out before a test must end."""


@pytest.mark.parametrize("reason", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupt_ends_the_solvers_at_once(reason: type[BaseException]) -> None:
    asked: list[Solver] = []

    def ask(solver: Solver, _: int) -> Answer:
        asked.append(solver)
        return solver.check(HARD, 1000)

    def interrupted() -> Iterator[Answer]:
        with Pool(2) as pool:
            answers = pool.map(ask, range(8))
            assert comes(lambda: len(asked) == 2 and all(each._process for each in asked))
            processes.extend(each._process.pid for each in asked if each._process)
            raise reason
        yield from answers

    processes: list[int] = []
    began = time.monotonic()
    with pytest.raises(reason):
        next(interrupted())
    assert time.monotonic() - began < LIMIT
    assert len(processes) == 2 and all(map(gone, processes))
    assert len(asked) == 2


PROGRAM = f"""
import threading
from brokerlaw.spec.language.prover.solver import Solver
solver = Solver()
print(solver._running().pid, flush=True)
solver.check({HARD!r}, 1000)
"""


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_solver_whose_asker_was_killed_ends(by: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as asker:
        assert asker.stdout is not None
        solver = int(asker.stdout.readline())
        assert not ended(solver)
        asker.send_signal(by)
        asker.wait(LIMIT)
    assert gone(solver)


def test_a_question_that_has_an_answer_is_answered() -> None:
    with Pool(2) as pool:
        answers = list(pool.map(lambda solver, n: solver.check([f"(assert (= {n} 1))"], 5).status, [0, 1, 2]))
    assert answers == ["unsat", "sat", "unsat"]


SHARED = "(declare-const x Int)\n(assert (! (< x 3) :named low))\n(assert (! (> x 0) :named high))"


def test_questions_after_one_text_know_the_text_and_not_each_other() -> None:
    with Pool(1) as pool:
        asked = [f"(assert (= x {n}))" for n in (1, 0, 2, 3, 1)]
        answers = list(pool.map_groups(lambda solver, line: solver.check_after(SHARED, [line], 5, ["x"]), [asked]))
    assert [each.status for each in answers] == ["sat", "unsat", "sat", "unsat", "sat"]
    assert [each.values for each in answers] == [("1",), (), ("2",), (), ("1",)]
    assert [each.core for each in answers] == [(), ("high",), (), ("low",), ()]


def test_a_question_that_was_stopped_leaves_nothing_behind() -> None:
    """Whether the limit is met in what is shared, in what is asked, or by the solver."""
    hard = "\n".join(HARD)

    def ask(solver: Solver, _: int) -> list[str]:
        stopped = [solver.check_after(hard, [], limit).status for limit in (1e-9, 1e-4, 1e-2)]
        after = [solver.check_after(hard, ["(assert p0.0)", "(assert (not p0.0))"], 5).status]
        return [*stopped, *after, solver.check_after(SHARED, ["(assert (= x 1))"], 5).status]

    with Pool(1) as pool:
        assert list(pool.map(ask, [0])) == [["unknown", "unknown", "unknown", "unsat", "sat"]]


def test_what_is_not_known_soon_after_others_is_asked_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerlaw.spec.language.prover.solver.SOON", 1e-9)
    text = "(declare-fun f (Int) Int)\n(assert (forall ((n Int)) (< (f n) (f (+ n 1)))))"
    question = ["(assert (> (f 0) (f 2)))"]
    with Pool(1) as pool:
        (both,) = pool.map(lambda solver, _: solver.check_both(text, question, 5), [0])
        (soon,) = pool.map(lambda solver, _: solver.check_after(text, question, 1e-9), [0])
    assert (soon.status, both.status) == ("unknown", "unsat")


def test_a_group_meets_a_solver_that_forgot_the_group_before() -> None:
    def ask(solver: Solver, n: int) -> tuple[int, str]:
        before = len(solver._kept)
        return before, solver.check_after(f"(declare-const x Int)(assert (> x {n}))", ["(assert (= x 1))"], 5).status

    with Pool(1) as pool:
        answers = list(pool.map_groups(ask, [[0, 1, 0], [0], [1, 0]]))
    assert answers == [(0, "sat"), (1, "unsat"), (2, "sat"), (0, "sat"), (0, "unsat"), (1, "sat")]


def test_a_solver_that_was_ended_reads_again_what_is_shared() -> None:
    def ask(solver: Solver, _: int) -> list[str]:
        before = solver.check_after(SHARED, ["(assert (= x 1))"], 5).status
        solver.close()
        return [before, solver.check_after(SHARED, ["(assert (= x 0))"], 5).status]

    with Pool(1) as pool:
        assert list(pool.map(ask, [0])) == [["sat", "unsat"]]
