"""Judging files one after the other, or by dask: on several cores, or on several machines that have the same files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from brokerlaw.cli.errors import CliError
from brokerlaw.cli.inputs import STANDARD, folded_with_place, opened_recording
from brokerlaw.conformance.judge import JudgeError, judge
from brokerlaw.spec.history.column_files import is_columns
from brokerlaw.spec.history.history import History
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Finding
from brokerlaw.spec.invariants.weaknesses import Weakness, weaknesses

MISSING: Final = "--engine dask needs dask: pip install 'brokerlaw[dask]'"


class Task(NamedTuple):
    """A file, the ids of invariants to judge it by, and how far clocks were apart (ns).

    `weak`: whether to tell its weaknesses, too.
    """

    path: Path
    book: tuple[str, ...]
    tolerance: int
    weak: bool = True


class Outcome(NamedTuple):
    """What was found, which judges failed, and what is weak."""

    findings: dict[str, Finding]
    failure: str
    weak: tuple[Weakness, ...]


Engine: TypeAlias = Callable[[Sequence[Task]], Iterator[Outcome]]
"""Does the tasks, each on its own; their outcomes come in their order. Raises `CliError`."""


def done(task: Task) -> Outcome:
    """Do a task. Raises `CliError` for a file that cannot be read."""
    with opened_recording(task.path) as given:
        history = History(folded_with_place(given), task.tolerance)
    weak = tuple(weaknesses(history)) if task.weak else ()
    try:
        return Outcome(judge(history, [INVARIANTS[name] for name in task.book]), "", weak)
    except JudgeError as error:
        return Outcome(error.findings, str(error), weak)


def here(tasks: Sequence[Task]) -> Iterator[Outcome]:
    """In this process."""
    return map(done, tasks)


def by_dask(scheduler: str | None) -> Engine:
    """By a cluster's workers, or those of a cluster that is started here: a process for each core.

    A history in columns is read as its judges need it, so that several workers judge it by parts of the book.
    Raises `CliError` without dask.
    """
    try:
        from dask import distributed
    except ImportError as error:
        raise CliError(MISSING) from error

    dask: Any = distributed  # which is typed by halves

    def engine(tasks: Sequence[Task]) -> Iterator[Outcome]:
        if any(task.path == STANDARD for task in tasks):
            raise CliError("--engine dask reads files, and no standard input: its workers have none")
        with _cluster(dask.LocalCluster, scheduler) as cluster, dask.Client(cluster) as client:
            workers = max(1, len(client.scheduler_info(n_workers=-1)["workers"]))
            parts = [parts_of(task._replace(path=task.path.resolve()), workers) for task in tasks]
            futures = iter(client.map(_told, [part for each in parts for part in each], pure=False))
            for each in parts:
                yield together([_known(future.result()) for future in islice(futures, len(each))])

    return engine


def _cluster(local: Any, scheduler: str | None) -> Any:
    """What a client connects to: a cluster that was there before stays."""
    return nullcontext(scheduler) if scheduler else local(threads_per_worker=1, dashboard_address=None)


def parts_of(task: Task, workers: int) -> list[Task]:
    """Whoever judges by a part of the book works out by itself what it needs: neighbours need much the same."""
    if not is_columns(task.path) or workers == 1:
        return [task]
    size = -(-len(task.book) // workers)
    books = [task.book[begin : begin + size] for begin in range(0, len(task.book), size)]
    return [task._replace(book=book, weak=not number) for number, book in enumerate(books)]


def _told(task: Task) -> Outcome | str:
    """On a worker: the outcome, or why there is none."""
    try:
        return done(task)
    except CliError as error:
        return error.message


def _known(told: Outcome | str) -> Outcome:
    if isinstance(told, str):
        raise CliError(told)
    return told


def together(parts: Sequence[Outcome]) -> Outcome:
    findings = {name: finding for part in parts for name, finding in part.findings.items()}
    failure = "; ".join(part.failure for part in parts if part.failure)
    return Outcome(findings, failure, tuple(each for part in parts for each in part.weak))
