"""The table of capabilities, as the guide for adapter authors has it."""

from collections.abc import Iterator

from brokerlaw.spec.history.capabilities import ABILITIES, Capability
from brokerlaw.spec.history.operation import Operation, Repair
from brokerlaw.spec.history.operations import OPERATIONS, faults_undone_by
from brokerlaw.spec.invariants import INVARIANTS


def capability_table() -> str:
    """One row each: operations and what else it says, what its bound counts, and the promises that only it brings."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield "| capability | operations, and what else it says | bound | promises |"
    yield "|---|---|---|---|"
    for name, ability in ABILITIES.items():
        operations = " ".join(f"`{word}`" for word, kind in OPERATIONS.items() if name in _comes_with(kind))
        says = "; ".join(filter(None, (operations, ability.about)))
        yield f"| `{name}` | {says} | {ability.bound} | {_promises(name)} |"


def _comes_with(kind: type[Operation]) -> set[Capability]:
    """The capabilities that an adapter has the operation for."""
    asked = faults_undone_by(kind) if issubclass(kind, Repair) else (kind,)
    return {need for each in asked for need in each.needs}


def _promises(capability: Capability) -> str:
    if capability == "topics":
        return "all"
    owed = [name for name, entry in INVARIANTS.items() if capability in (*entry.capabilities, *entry.covers)]
    return " ".join(f"`{name}`" for name in owed)
