"""The reference with one documented bug each: a mutant takes the place of one part of the cluster."""

from brokerlaw.adapters.contract import AdapterError
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.mutants.table import MUTANTS
from brokerlaw.spec.text import did_you_mean

__all__ = ["MUTANTS", "Mutant", "parts_of"]


def parts_of(mutant: str | None) -> Parts:
    """The parts of the sound reference, or of a mutant of it. Raises `AdapterError` for a name that is none."""
    if mutant is None:
        return Parts()
    if mutant not in MUTANTS:
        mend = did_you_mean(mutant, MUTANTS, f"there are {', '.join(MUTANTS)}")
        raise AdapterError(f"the reference has no mutant {mutant!r}; {mend}")
    return MUTANTS[mutant].parts
