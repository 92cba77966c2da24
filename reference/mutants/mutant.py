"""What a mutant is."""

from typing import NamedTuple

from brokerlaw.reference.cluster import Parts


class Mutant(NamedTuple):
    """A bug: what happens, where it was seen, the parts of the cluster that have it, the invariants that must catch it.

    `unseen` says why no client can tell, where none of them can.
    """

    mechanism: str
    source: str
    parts: Parts
    caught_by: tuple[str, ...] = ()
    unseen: str = ""
