"""Bring your broker before the law: what a message broker owes its users, and a suite that holds it to that.

Your programs may count on the names below, and on `brokerlaw.spec.language`, in which protocols are written. Every
other module may change with any version.

An adapter, which tells the suite how to talk to your broker (docs/adapters.md):

    from brokerlaw import Adapter, AdapterError, Description, Fail, Ok, Unknown, operations, values

A history that you recorded, judged without a broker:

    from pathlib import Path
    from brokerlaw import INVARIANTS, History, judge, rows

    history = History(rows.read(Path("history.jsonl")))
    for name, finding in judge(history, INVARIANTS.values()).items():
        print(name, finding.exercised, [violation.reason for violation in finding.violations])

Each name is imported when it is first used: a command should not wait for what it does not need.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the table below, for type checkers
    from brokerlaw.adapters.contract import Adapter as Adapter, Description as Description
    from brokerlaw.adapters.errors import AdapterError as AdapterError
    from brokerlaw.conformance.judge import judge as judge
    from brokerlaw.spec.history import (
        observations as observations,
        operations as operations,
        rows as rows,
        values as values,
    )
    from brokerlaw.spec.history.history import History as History
    from brokerlaw.spec.history.outcomes import Fail as Fail, Ok as Ok, Unknown as Unknown
    from brokerlaw.spec.invariants import INVARIANTS as INVARIANTS
    from brokerlaw.spec.invariants.invariant import Finding as Finding, Invariant as Invariant, Violation as Violation

__version__ = "0.1.0"

PUBLIC: Final = {
    "Adapter": "adapters.contract.Adapter",
    "AdapterError": "adapters.errors.AdapterError",
    "Description": "adapters.contract.Description",
    "Fail": "spec.history.outcomes.Fail",
    "Finding": "spec.invariants.invariant.Finding",
    "History": "spec.history.history.History",
    "INVARIANTS": "spec.invariants.INVARIANTS",
    "Invariant": "spec.invariants.invariant.Invariant",
    "Ok": "spec.history.outcomes.Ok",
    "Unknown": "spec.history.outcomes.Unknown",
    "Violation": "spec.invariants.invariant.Violation",
    "judge": "conformance.judge.judge",
    "observations": "spec.history.observations",
    "operations": "spec.history.operations",
    "rows": "spec.history.rows",
    "values": "spec.history.values",
}
"""Each public name, and where it lives within the package."""


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'brokerlaw' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].rpartition(".")
    found = import_module(f"brokerlaw.{module}")
    return getattr(found, attribute) if hasattr(found, attribute) else import_module(f"{found.__name__}.{attribute}")


def __dir__() -> list[str]:
    return sorted([*globals(), *PUBLIC])
