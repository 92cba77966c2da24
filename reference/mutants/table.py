"""Every mutant, by its id."""

from typing import Final

from brokerlaw.reference.mutants.cleaning import CLEANING
from brokerlaw.reference.mutants.groups import GROUPS
from brokerlaw.reference.mutants.mutant import Mutant
from brokerlaw.reference.mutants.offsets import OFFSETS
from brokerlaw.reference.mutants.ordering import ORDERING
from brokerlaw.reference.mutants.progress import PROGRESS
from brokerlaw.reference.mutants.readers import READERS
from brokerlaw.reference.mutants.replication import REPLICATION
from brokerlaw.reference.mutants.transactions import TRANSACTIONS

MUTANTS: Final[dict[str, Mutant]] = {
    **ORDERING,
    **REPLICATION,
    **GROUPS,
    **OFFSETS,
    **READERS,
    **TRANSACTIONS,
    **CLEANING,
    **PROGRESS,
}
