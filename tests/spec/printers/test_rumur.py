"""rumur, which shares nothing with us, counts the same states in what we print, and finds the same violations."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from brokerlaw.spec.language import Model, Spec, search
from brokerlaw.spec.language.printers.murphi import murphi
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, variants

from lamps import Next, Sinks  # isort: skip  # beside this file

from votes import Half, Votes  # isort: skip  # one of several tests

pytestmark = pytest.mark.rumur

BOUNDS: dict[str, list[dict[str, int]]] = {
    "two_phase_commit": [{"RM": 2}, {"RM": 5}],
    "delivery": [{"Worker": 2, "Offset": 3, "Attempt": 2}],
    "queue": [{"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 3, "Place": 3}],
    "groups_classic": [{"Member": 2, "Partition": 1, "Instance": 2, "Generation": 4}],
    "groups_next": [{"Member": 2, "Partition": 1, "Epoch": 5}],
    "isr_update": [{"Replica": 2, "Version": 4, "Life": 2, "Offset": 2}],
    "replication": [{"Replica": 2, "Epoch": 3, "Offset": n} for n in (2, 3)],
    "idempotence": [{"Number": 4}],
    "transactions": [{"Partition": 2, "Transaction": 2, "Epoch": 3}],
}


def _cases() -> Iterator[tuple[Spec, dict[str, int]]]:
    """Every protocol and variant at the bounds of the tests."""
    yield Next.spec, {}
    for name in PROTOCOLS:
        for protocol in (load(name), *variants(load(name)).values()):
            for bounds in BOUNDS.get(name, [{}]):
                yield protocol.spec, bounds


CASES = list(_cases())


def checked(text: str, folder: Path, *, errors: int = 1) -> str:
    """What the verifier of a model says."""
    (folder / "model.m").write_text(text, encoding="utf-8")
    options = ["--deadlock-detection", "off", "--symmetry-reduction", "off", "--color", "off"]
    rumur = ["rumur", *options, "--max-errors", str(errors), "--output", "verifier.c", "model.m"]
    subprocess.run(rumur, cwd=folder, check=True, timeout=60, capture_output=True)
    compiler = ["cc", "-O1", "-mcx16", "-o", "verifier", "verifier.c", "-lpthread"]
    subprocess.run(compiler, cwd=folder, check=True, timeout=60, capture_output=True)
    done = subprocess.run(["./verifier"], cwd=folder, check=False, timeout=300, capture_output=True, text=True)
    return done.stdout + done.stderr


def states(said: str) -> int:
    found = re.search(r"(\d+) states, ", said)
    assert found, said
    return int(found[1])


def unchecked(spec: Spec, bounds: dict[str, int]) -> str:
    """The model without its properties, so that the verifier sees all states of an unsound variant too."""
    return murphi(replace(spec, properties={}), bounds)


@pytest.mark.parametrize(("spec", "bounds"), CASES, ids=lambda each: getattr(each, "name", ""))
def test_rumur_counts_our_states(spec: Spec, bounds: dict[str, int], tmp_path: Path) -> None:
    result = search(Model(spec, bounds), every=True)
    said = checked(murphi(spec, bounds) if result.outcome == "kept" else unchecked(spec, bounds), tmp_path)
    assert "No error found" in said, said
    assert states(said) == result.distinct


@pytest.mark.parametrize(
    ("spec", "bounds"),
    [(spec, bounds) for spec, bounds in CASES if spec.breaks],
    ids=lambda each: getattr(each, "name", ""),
)
def test_rumur_finds_the_fault_of_a_variant(spec: Spec, bounds: dict[str, int], tmp_path: Path) -> None:
    ours = {violation.name for violation in search(Model(spec, bounds), every=True).violations}
    found = set(re.findall(r'invariant "(\w+)" failed', checked(murphi(spec, bounds), tmp_path)))
    assert bool(found) == bool(ours)
    assert found <= ours


def test_rumur_finds_a_number_below_0(tmp_path: Path) -> None:
    assert "dim: below 0" in checked(murphi(Sinks.spec), tmp_path)


def test_rumur_counts_votes_as_we_do(tmp_path: Path) -> None:
    result = search(Model(Votes.spec))
    assert result.outcome == "kept"
    assert states(checked(murphi(Votes.spec), tmp_path)) == result.distinct
    assert 'invariant "led_by_a_majority" failed' in checked(murphi(Half.spec, {"Voter": 4, "Term": 1}), tmp_path)


def test_another_count_is_noticed(tmp_path: Path) -> None:
    spec = load("two_phase_commit").spec
    less = spec.without("rm_receive_commit", 0)
    assert states(checked(unchecked(less, {"RM": 2}), tmp_path)) != search(Model(spec, {"RM": 2})).distinct
