"""Smoke: is the adapter sane? Small checks of everything that it claims, before its broker is judged.

The checks ask for nothing that a working broker could refuse: one thing at a time, no faults but those that are
claimed, nothing in doubt. What fails here is therefore the adapter's (or nothing works at all), and no verdict
about a promise.
"""

from collections.abc import Generator, Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Final, Literal, NamedTuple, TypeAlias

from brokerlaw.adapters.contract import Adapter, AdapterError, Description
from brokerlaw.conformance.smoke import faults, groups, queues, topics, transactions
from brokerlaw.conformance.smoke.bench import CHECKS, Bench, Check, Flaw

Status: TypeAlias = Literal["pass", "fail", "not claimed", "not reached"]
MODULES: Final = (topics, groups, transactions, faults, queues)
"""The modules of checks, in the order in which they are made."""
IN_ORDER: Final = [check for room in MODULES for check in CHECKS if check.run.__module__ == room.__name__]
STARTING: Final = 10.0
"""How many times longer than a check a start may take: it may have to fetch the broker first."""


class Result(NamedTuple):
    """One check's end; `needs` are the capabilities (where they are not claimed: which), `reason` why it failed."""

    needs: tuple[str, ...]
    name: str
    status: Status
    reason: str = ""
    mend: str = ""


def smoke(adapter: Adapter, prefix: str, limit: float = 60.0) -> Generator[Result, None, None]:
    """Start the adapter, make all checks, stop it. Each has `limit` seconds; after a hang nothing more is reached.

    The adapter is called in one thread of its own, which is left behind when it hangs.
    """
    results: Queue[Result | None] = Queue()
    worker = Thread(target=lambda: _work(adapter, prefix, results), daemon=True)
    worker.start()
    try:
        yield from _awaited(results, limit)
    finally:
        if worker.is_alive():  # it hangs, or the user has had enough
            stop = Thread(target=adapter.stop, daemon=True)
            stop.start()
            stop.join(limit)


def _awaited(results: "Queue[Result | None]", limit: float) -> Iterator[Result]:
    """Results as they come, and one that says so when one does not come."""
    coming = ["start", *(check.name for check in IN_ORDER), "stop"]
    patience = limit * STARTING
    while coming:
        try:
            result = results.get(timeout=patience)
        except Empty:
            yield Result((), coming[0], "fail", f"no answer within {patience:g} s", "answer Unknown before that")
            yield from (Result((), name, "not reached") for name in coming[1:])
            return
        if result is None:
            return
        coming.remove(result.name)
        patience = limit
        yield result


def _work(adapter: Adapter, prefix: str, results: "Queue[Result | None]") -> None:
    try:
        for result in _results(adapter, prefix):
            results.put(result)
    finally:
        results.put(None)


def _results(adapter: Adapter, prefix: str) -> Iterator[Result]:
    """The adapter's life. A fault that it owns up to (`AdapterError`), or a failed start, ends it."""
    try:
        description = _started(adapter)
        ended = False
        yield Result((), "start", "pass")
    except Exception as error:  # whatever an author's code raises
        ended = True
        yield _failed("start", (), error)
    for number, check in enumerate(IN_ORDER):
        if ended:
            yield Result(check.needs, check.name, "not reached")
        else:
            result, ended = _tried(adapter, description, check, f"{prefix}{number}-")
            yield result
    try:
        adapter.stop()
        yield Result((), "stop", "not reached" if ended else "pass")
    except Exception as error:  # as above
        yield _failed("stop", (), error)


def _started(adapter: Adapter) -> Description:
    adapter.start()
    description = adapter.describe()
    if not isinstance(description, Description):
        raise Flaw(f"describe() returned {description!r:.100}", "return a Description")
    if not description.name or not description.version or not description.capabilities:
        raise Flaw(f"{description!r:.200} lacks a name, version or capability", "say what broker this is")
    if any(bound is not None and bound < 1 for bound in description.capabilities.values()):
        raise Flaw(f"{description.capabilities} has a bound below 1", "do not claim what the broker does not have")
    return description


def _tried(adapter: Adapter, description: Description, check: Check, prefix: str) -> tuple[Result, bool]:
    """The check's result, and whether nothing can follow it."""
    if missing := tuple(need for need in check.needs if not description.has(need)):
        return Result(missing, check.name, "not claimed"), False
    try:
        adapter.reset()
        check.run(Bench(adapter, description, prefix))
    except Exception as error:  # whatever an author's code raises
        return _failed(check.name, check.needs, error), isinstance(error, AdapterError)
    return Result(check.needs, check.name, "pass"), False


def _failed(name: str, needs: tuple[str, ...], error: Exception) -> Result:
    match error:
        case Flaw(reason=reason, mend=mend):
            return Result(needs, name, "fail", reason, mend)
        case AdapterError():
            return Result(needs, name, "fail", str(error))
        case _:
            return Result(
                needs, name, "fail", f"{type(error).__name__}: {error}", "an adapter raises AdapterError only"
            )
