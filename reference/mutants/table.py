"""Every mutant, by its id."""

from typing import Final, NamedTuple

from brokerlaw.reference.cluster import Parts


class Mutant(NamedTuple):
    """A bug: what happens, where it was seen, which invariants must catch it, and the parts that have it."""

    mechanism: str
    source: str
    caught_by: tuple[str, ...]
    parts: Parts


MUTANTS: Final[dict[str, Mutant]] = {}
