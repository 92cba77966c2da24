"""Smoke: is the adapter sane? Small checks of everything that it claims, before its broker is judged.

The checks ask for nothing that a working broker could refuse for good: one thing at a time, no faults but those that
are claimed, nothing in doubt. A misuse of the contract is surely the adapter's (`fail`). What else goes wrong may be
the adapter's or the broker's (`unsure`), and says so; neither is a verdict about a promise.
"""

import time
from collections.abc import Generator, Iterator
from queue import Empty, Queue
from threading import Thread
from typing import Final, Literal, NamedTuple, TypeAlias

from brokerlaw.adapters.contract import Adapter, AdapterError, Description, Misuse
from brokerlaw.conformance.smoke import faults, groups, queues, topics, transactions
from brokerlaw.conformance.smoke.bench import CHECKS, Bench, Check, Doubt

CheckStatus: TypeAlias = Literal["pass", "fail", "unsure", "not claimed", "not reached"]
MODULES: Final = (topics, groups, transactions, faults, queues)
"""The modules of checks, in the order in which they are made."""
IN_ORDER: Final = [check for module in MODULES for check in CHECKS if check.run.__module__ == module.__name__]
STARTING: Final = 10.0
"""How many times longer than a check a start may take: it may have to fetch the broker first."""
TRIES: Final = 3
"""How often a check is tried: a lawful broker may now and then refuse, or repeat."""
TRIED: Final = 10.0
"""Seconds after which a check that failed is not tried again."""


class CheckResult(NamedTuple):
    """One check's end; `needs` are the capabilities (where they are not claimed: which), `reason` why it failed."""

    needs: tuple[str, ...]
    name: str
    status: CheckStatus
    reason: str = ""
    mend: str = ""


def smoke(adapter: Adapter, prefix: str, limit: float = 60.0) -> Generator[CheckResult, None, None]:
    """Start the adapter, make all checks, stop it. Each has `limit` seconds; after a hang nothing more is reached.

    The adapter is called in one thread of its own, which is left behind when it hangs.
    """
    results: Queue[CheckResult | None] = Queue()
    worker = Thread(target=lambda: _work(adapter, prefix, results), daemon=True)
    worker.start()
    try:
        yield from _awaited(results, limit)
    finally:
        if worker.is_alive():  # it hangs, or the user has had enough
            stop = Thread(target=adapter.stop, daemon=True)
            stop.start()
            stop.join(limit)


def at_start(adapter: Adapter, description: Description, prefix: str) -> Iterator[CheckResult]:
    """The checks that take a moment, of an adapter that was started. Raises `AdapterError` at the first misuse."""
    strangers: set[str] = set()
    for number, check in enumerate(check for check in IN_ORDER if check.at_start and description.has(*check.needs)):
        yield _made(adapter, description, check, f"{prefix}{number}-", strangers)


def _awaited(results: "Queue[CheckResult | None]", limit: float) -> Iterator[CheckResult]:
    """Results as they come, and one that says so when one does not come."""
    coming = ["start", *(check.name for check in IN_ORDER), "stop"]
    patience = limit * STARTING
    while coming:
        try:
            result = results.get(timeout=patience)
        except Empty:
            yield CheckResult((), coming[0], "fail", f"no answer within {patience:g} s", "answer Unknown before that")
            yield from (CheckResult((), name, "not reached") for name in coming[1:])
            return
        if result is None:
            return
        coming.remove(result.name)
        patience = limit
        yield result


def _work(adapter: Adapter, prefix: str, results: "Queue[CheckResult | None]") -> None:
    try:
        for result in _results(adapter, prefix):
            results.put(result)
    finally:
        results.put(None)


def _results(adapter: Adapter, prefix: str) -> Iterator[CheckResult]:
    """The adapter's life. A misuse of the contract, or a failed start, ends it."""
    description, strangers = None, set[str]()
    try:
        adapter.start()
        description = adapter.describe()
        yield CheckResult((), "start", "pass")
    except Exception as error:  # whatever an author's code raises
        yield _failed("start", (), error)
    for number, check in enumerate(IN_ORDER):
        if description is None:
            yield CheckResult(check.needs, check.name, "not reached")
        else:
            result, ended = _tried(adapter, description, check, f"{prefix}{number}-", strangers)
            description = None if ended else description
            yield result
    try:
        adapter.stop()
        yield CheckResult((), "stop", "not reached" if description is None else "pass")
    except Exception as error:  # as above
        yield _failed("stop", (), error)


def _tried(
    adapter: Adapter, description: Description, check: Check, prefix: str, strangers: set[str]
) -> tuple[CheckResult, bool]:
    """The check's result, and whether nothing can follow it."""
    if missing := tuple(need for need in check.needs if not description.has(need)):
        return CheckResult(missing, check.name, "not claimed"), False
    try:
        return _made(adapter, description, check, prefix, strangers), False
    except Exception as error:  # whatever an author's code raises
        return _failed(check.name, check.needs, error), not _lives(adapter)


def _made(adapter: Adapter, description: Description, check: Check, prefix: str, strangers: set[str]) -> CheckResult:
    """Passed at one of a few tries, or unsure. Raises what the adapter raises, and `AdapterError` at a misuse."""
    began = time.monotonic()
    for number in range(TRIES):
        adapter.reset()
        try:
            check.run(Bench(adapter, description, f"{prefix}{number}-", strangers))
        except Doubt as doubt:
            result = CheckResult(check.needs, check.name, "unsure", doubt.reason, doubt.mend)
            if time.monotonic() - began > TRIED:
                break
        else:
            return CheckResult(check.needs, check.name, "pass")
    return result


def _lives(adapter: Adapter) -> bool:
    """Whether more can be asked of it after a misuse."""
    try:
        adapter.reset()
    except Exception:
        return False
    return True


def _failed(name: str, needs: tuple[str, ...], error: Exception) -> CheckResult:
    if not isinstance(error, AdapterError):
        error = Misuse.RAISED.error("the adapter", error=f"{type(error).__name__}: {error}", method="its work")
    return CheckResult(needs, name, "fail", str(error))
