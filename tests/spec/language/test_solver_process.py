"""Z3 is a process: it ends when the proof does, however that ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from brokerlaw.spec.language.prover.solver import Answer, Pool, Solver

HOLES = 12
PIGEONS = range(HOLES + 1)
HARD = [f"(declare-const p{i}.{j} Bool)" for i in PIGEONS for j in range(HOLES)]
HARD += [f"(assert (or {' '.join(f'p{i}.{j}' for j in range(HOLES))}))" for i in PIGEONS]
HARD += [f"(assert (not (and p{i}.{j} p{k}.{j})))" for j in range(HOLES) for i in PIGEONS for k in range(i)]
"""More pigeons than holes: more than any solver finds out before a test must end."""
LIMIT = 60.0


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT
    while not until():
        assert time.monotonic() < end, "it never came"
        threading.Event().wait(0.02)


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("reason", [KeyboardInterrupt, SystemExit, ValueError])
def test_an_interrupt_ends_the_solvers_at_once(reason: type[BaseException]) -> None:
    asked: list[Solver] = []

    def ask(solver: Solver, _: int) -> Answer:
        asked.append(solver)
        return solver.check(HARD, 1000)

    def interrupted() -> Iterator[Answer]:
        with Pool(2) as pool:
            answers = pool.map(ask, range(8))
            wait(lambda: len(asked) == 2 and all(each._process for each in asked))
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
        assert not gone(solver)
        asker.send_signal(by)
        asker.wait(LIMIT)
    wait(lambda: gone(solver))


def test_a_question_that_has_an_answer_is_answered() -> None:
    with Pool(2) as pool:
        answers = list(pool.map(lambda solver, n: solver.check([f"(assert (= {n} 1))"], 5).status, [0, 1, 2]))
    assert answers == ["unsat", "sat", "unsat"]
