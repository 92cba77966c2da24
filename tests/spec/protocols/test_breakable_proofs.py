"""A proof that cannot fail proves nothing: each guard that the search finds necessary, the proof needs too."""

from collections.abc import Iterator

import pytest

from brokerlaw.spec.language import guards
from brokerlaw.spec.language.prover import Obligation, prove
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, proof

BOUNDS = {
    "two_phase_commit": {"RM": 2},
    "delivery": {"Worker": 2, "Offset": 3, "Attempt": 2},
    "queue": {"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 3, "Place": 3},
    "groups_classic": {"Member": 2, "Partition": 1, "Instance": 2, "Generation": 4},
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 4},
    "idempotence": {"Number": 4},
    "transactions": {"Partition": 2, "Transaction": 2, "Epoch": 3},
    "replication": {"Replica": 2, "Epoch": 3, "Offset": 2},
    "isr_update": {"Replica": 2, "Version": 3, "Life": 2, "Offset": 2},
}
QUICK = ("two_phase_commit", "idempotence")


def needed(name: str) -> Iterator[tuple[str, int]]:
    """The guards without which an invariant breaks within the bounds."""
    for row in guards(load(name).spec, BOUNDS[name], max_states=200_000, stored=0).rows:
        if row.effect == "breaks":
            yield row.action, row.number


def test_every_protocol_is_tried() -> None:
    assert set(BOUNDS) == set(PROTOCOLS)


@pytest.mark.parametrize(
    "name", [each if each in QUICK else pytest.param(each, marks=pytest.mark.slow) for each in BOUNDS]
)
def test_without_a_guard_that_is_needed_the_proof_fails(name: str) -> None:
    spec, dropped = proof(load(name)).spec, list(needed(name))
    assert dropped
    for action, number in dropped:

        def of_action(obligation: Obligation, wanted: str = action) -> bool:
            return obligation.action == wanted

        broken = prove(spec.without(action, number), only=of_action, max_states=0, workers=1)
        assert "counterexample" in {result.status for result in broken.results}, (action, number)
