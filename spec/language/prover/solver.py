"""Z3 behind a pipe: scripts go out, answers come back, and a solver that hangs is killed."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from brokerlaw.spec.language.term import SpecError

Status = Literal["unsat", "sat", "unknown"]
Options = Mapping[str, str]
PLAIN: Final = {
    "auto_config": "true",
    "smt.arith.solver": "6",
    "smt.core.minimize": "false",
    "smt.random_seed": "0",
}
"""Options of Z3 that are said each time, because a process keeps what it was told before."""
UNITS: Final = 3_000_000
"""What Z3 gets done in a second: its resource count on a common machine, measured on quantified integers."""
PATIENCE: Final = 10
"""How much slower than that a machine may be, before time itself is the limit."""
SOON: Final = 1.0
"""Seconds for a question after others, before it is put to a fresh Z3."""
ALONE: Final = 0
"""The key of what is kept for no other question."""
MEMORY: Final = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**30)}
"""Where the C library is GNU's, it keeps what one Z3 gives back for the next: to fetch it anew takes as long as Z3."""
GRACE: Final = 5.0
"""Seconds beyond its timeout after which a solver is killed."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Answer:
    """What Z3 said, in how many seconds of processor time.

    `reason`: why it is unknown. `values`: of the wanted expressions, if satisfiable. `core`: if not, the names of
    the assertions that were used.
    """

    status: Status
    seconds: float
    reason: str = ""
    values: tuple[str, ...] = ()
    core: tuple[str, ...] = ()


class Solver:
    """One worker process, started when it is first asked. `seconds` adds up the processor time of its answers.

    It keeps a Z3 for each text that questions share, until it is told to forget.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self._lock = threading.Lock()
        self._kept: dict[str, int] = {}

    def check(self, lines: Iterable[str], limit: float, values: Sequence[str] = (), options: Options = PLAIN) -> Answer:
        """Ask a fresh Z3 whether the assertions can hold together, for at most about `limit` seconds.

        The limit is counted in Z3's own units, so that the answer does not depend on how busy the machine is.
        """
        text = "\n".join(lines)
        named = ":named" in text
        return self._ask(ALONE, True, [*_cores(named), *_set(options, limit), text, *_question(values, named)], limit)

    def check_after(
        self, shared: str, lines: Iterable[str], limit: float, values: Sequence[str] = (), options: Options = PLAIN
    ) -> Answer:
        """Ask whether the assertions can hold together with the shared ones, which are read once for many questions.

        The answer may depend on the questions before. For answers that are the same in each run, these must be the
        same too: forget, and ask them in order.
        """
        known, named = shared in self._kept, ":named" in shared
        if not known:
            self._kept[shared] = next(key for key in itertools.count(ALONE + 1) if key not in self._kept.values())
        key = self._kept[shared]
        script = [*_set(options, limit), "(push)", *lines, *_question(values, named), "(pop)"]
        answer = self._ask(key, not known, script if known else [*_cores(named), shared, *script], limit)
        if answer.status == "unknown":  # nor is it known where Z3 stopped, and what it still keeps
            self._kept.pop(shared, None)
        return answer

    def check_both(
        self, shared: str, lines: Sequence[str], limit: float, values: Sequence[str] = (), options: Options = PLAIN
    ) -> Answer:
        """Ask after the shared text for a short time; what is not known then is asked of a fresh Z3."""
        answer = self.check_after(shared, lines, min(SOON, limit), values, options)
        return answer if answer.status != "unknown" else self.check([shared, *lines], limit, values, options)

    def forget(self) -> None:
        """Let the answers that come depend on no question before."""
        self._kept.clear()

    def _ask(self, key: int, fresh: bool, script: Iterable[str], limit: float) -> Answer:
        said = self._exchange([key, fresh, "\n".join(script)], limit * PATIENCE + GRACE)
        answer = _answer(*said) if said else Answer("unknown", limit, "the solver hung or crashed")
        self.seconds += answer.seconds
        return answer

    def _exchange(self, message: Sequence[object], limit: float) -> tuple[str, float] | None:
        process = self._running()
        assert process.stdin and process.stdout
        watchdog = threading.Timer(limit, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        if line:
            text, seconds = json.loads(line)
            return text, seconds
        self.close()
        return None

    def _running(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
        pipe, environment = subprocess.PIPE, {**os.environ, **MEMORY}
        with self._lock:
            if self._stopped:
                raise CancelledError
            if self._process is None:  # in a session of its own: an interrupt from the terminal is for us alone
                self._process = subprocess.Popen(
                    command, stdin=pipe, stdout=pipe, text=True, start_new_session=True, env=environment
                )
            return self._process

    def stop(self) -> None:
        """End what it is at, from another thread, and take no more."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            with self._process:
                self._process = None
        self.forget()


class Pool:
    """Several solvers that work through a list side by side; answers come in the order of the list."""

    def __init__(self, count: int) -> None:
        if importlib.util.find_spec("z3") is None:
            raise SpecError("proofs need Z3, which is not installed: pip install '.[prove]' in a checkout of brokerlaw")
        self._solvers = [Solver() for _ in range(count)]
        self._idle: queue.SimpleQueue[Solver] = queue.SimpleQueue()
        for each in self._solvers:
            self._idle.put(each)
        self._threads = ThreadPoolExecutor(count)

    def map(self, work: Callable[[Solver, T], R], items: Iterable[T]) -> Iterator[R]:
        """Do the work for each item with a solver that is idle."""

        def run(item: T) -> R:
            solver = self._idle.get()
            try:
                return work(solver, item)
            finally:
                self._idle.put(solver)

        return self._threads.map(run, items)

    def map_groups(self, work: Callable[[Solver, T], R], groups: Iterable[Sequence[T]]) -> Iterator[R]:
        """Do the work for each item; those of a group meet one solver, in order, so that it need not read twice."""

        def run(solver: Solver, group: Sequence[T]) -> list[R]:
            solver.forget()
            return [work(solver, item) for item in group]

        return itertools.chain.from_iterable(self.map(run, groups))

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._solvers:
            each.stop()
        self._threads.shutdown(cancel_futures=True)
        for each in self._solvers:
            each.close()


def _set(options: Options, limit: float) -> list[str]:
    limits = {"rlimit": _whole(limit * UNITS), "timeout": _whole(limit * PATIENCE * 1000)}
    return [f"(set-option :{name} {value})" for name, value in {**PLAIN, **options, **limits}.items()]


def _cores(named: bool) -> list[str]:
    return ["(set-option :produce-unsat-cores true)"] * named


def _question(values: Sequence[str], named: bool) -> list[str]:
    wanted = [f"(get-value ({' '.join(values)}))"] if values else []
    return ["(check-sat)", "(get-info :reason-unknown)", *["(get-unsat-core)"] * named, *wanted]


def _whole(number: float) -> str:
    """Give the number as an option of Z3 takes it: at least 1, for 0 is no limit, and below 2^32."""
    return str(min(max(1, int(number)), 2**32 - 1))


def _answer(said: str, seconds: float) -> Answer:
    if re.match(r'\(error "line \d+ column \d+: \w+ canceled"\)', said):  # it stopped before the question was read
        return Answer("unknown", seconds, reason="canceled")
    status, _, rest = said.partition("\n")
    parts = parse(re.sub(r'\(error "[^"]*"\)', "", rest))
    if status == "unsat":
        core: list[str] = next((part for part in parts if not part or part[0] != ":reason-unknown"), [])
        return Answer("unsat", seconds, core=tuple(core))
    if status == "sat":
        pairs: list[list[str]] = next((part for part in parts if part and part[0] != ":reason-unknown"), [])
        return Answer("sat", seconds, values=tuple(value for _, value in pairs))
    assert status == "unknown", f"Z3 does not take what was written for it: {said[:300]}"
    return Answer("unknown", seconds, reason=str(parts[0][1]).strip('"'))


def parse(text: str) -> list[Any]:
    """Take S-expressions apart, into lists of lists and words."""
    stack: list[list[Any]] = [[]]
    for word in re.findall(r'\(|\)|\|[^|]*\||"[^"]*"|[^\s()]+', text):
        if word == "(":
            stack.append([])
        elif word == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(word)
    return stack[0]
