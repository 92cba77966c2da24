"""The table of capabilities, as the guide for adapter authors has it."""

from collections.abc import Iterator

from brokerlaw.spec.history.capabilities import ABILITIES, Capability
from brokerlaw.spec.history.operations import OPERATIONS
from brokerlaw.spec.invariants import INVARIANTS


def capability_table() -> str:
    """One row each: operations and what else it says, what its bound counts, and the promises that only it brings."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield "| capability | operations, and what else it says | bound | promises |"
    yield "|---|---|---|---|"
    for name, ability in ABILITIES.items():
        operations = " ".join(f"`{word}`" for word, kind in OPERATIONS.items() if name in kind.needs)
        says = "; ".join(filter(None, (operations, ability.about)))
        yield f"| `{name}` | {says} | {ability.bound} | {_promises(name)} |"


def _promises(capability: Capability) -> str:
    if capability == "topics":
        return "all"
    owed = [name for name, entry in INVARIANTS.items() if capability in (*entry.capabilities, *entry.covers)]
    return " ".join(f"`{name}`" for name in owed)
