"""What is known of each protocol comes out by itself: the sound text keeps its promises, a variant breaks its own."""

from functools import cache, partial

import pytest

from brokerlaw.spec.language import Model, SearchResult
from brokerlaw.spec.language.compiler import explore
from brokerlaw.spec.language.prover import prove
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, proof, variants

SMALL = {
    "delivery": {"Worker": 2, "Offset": 3, "Attempt": 2},
    "queue": {"Message": 2, "Consumer": 2, "Group": 2, "Key": 1, "Count": 3, "Place": 3},
    "groups_classic": {"Member": 2, "Partition": 1, "Instance": 2, "Generation": 4},
    "groups_next": {"Member": 2, "Partition": 1, "Epoch": 6},
    "idempotence": {"Number": 4},
    "transactions": {"Partition": 2, "Transaction": 2, "Epoch": 3},
    "replication": {"Replica": 3, "Epoch": 3, "Offset": 2},
    "isr_update": {"Replica": 2, "Version": 4, "Life": 2, "Offset": 2},
}
BOUNDS = {
    ("groups_next", "GrantsBeforeRelease"): {"Member": 2, "Partition": 1, "Epoch": 5},
    ("groups_next", "OldRevocationClears"): {"Member": 2, "Partition": 1, "Epoch": 5},
    ("replication", "TruncateToHighWatermark"): {"Replica": 2, "Epoch": 3, "Offset": 2},
    ("replication", "Kip101"): {"Replica": 2, "Epoch": 3, "Offset": 3},
}
"""Where a variant's bounds are others than its protocol's: they suffice."""
SHORTEST = {
    ("delivery", "CommitsInBackground"): {"nothing_skipped": 4},
    ("delivery", "ZombiesCommit"): {"nothing_twice": 7},
    ("delivery", "OffsetsOutsideTheTransaction"): {"nothing_twice": 7},
    ("queue", "NextWhileInFlight"): {"in_order": 4},
    ("queue", "DropsTheDead"): {"nothing_vanishes": 3},
    ("queue", "ForgetsAcks"): {"one_place": 5},
    ("queue", "DeadLettersEarly"): {"dead_after_limit": 3},
    ("queue", "ForgetsTheWindow"): {"no_duplicate_in_window": 2},
    ("groups_classic", "GrantsBeforeRelease"): {"exclusive": 11},
    ("groups_classic", "TrustsOldOwners"): {"exclusive": 12},
    ("groups_classic", "CommitsOfOldGenerations"): {"commits_fenced": 8},
    ("groups_classic", "TwoOfOneInstance"): {"one_seat": 2},
    ("groups_next", "GrantsBeforeRelease"): {"exclusive": 8},
    ("groups_next", "OldRevocationClears"): {"exclusive": 11},
    ("groups_next", "RejoinsHolding"): {"exclusive": 10},
    ("groups_next", "ZombiesCommit"): {"commits_fenced": 6},
    ("groups_next", "LateCommits"): {"commits_fenced": 9},
    ("groups_next", "EpochBeforeRelease"): {"epochs_in_step": 12, "commits_fenced": 13},
    ("idempotence", "NoDeduplication"): {"no_duplicates": 5},
    ("idempotence", "RemembersOne"): {"repeats_are_recognised": 4},
    ("idempotence", "AcceptsGaps"): {"in_order": 4},
    ("idempotence", "ForgetsWithRecords"): {"no_duplicates": 6},
    ("idempotence", "StateNotRebuilt"): {"no_gap": 3},
    ("transactions", "BeforeKip890"): {"none_hangs": 7, "committed_was_asked": 13},
    ("transactions", "DelayedEnd"): {"committed_was_asked": 13},
    ("transactions", "EndsAnyEpoch"): {"committed_was_asked": 13},
    ("transactions", "TimeoutKeepsTheEpoch"): {"all_or_nothing": 13},
    ("transactions", "TornMarkers"): {"all_or_nothing": 12},
    ("transactions", "ForgetsOpenTransaction"): {"told_is_true": 11},
    ("replication", "TruncateToHighWatermark"): {"strong_isr": 6, "committed_survives": 9},
    ("replication", "Kip101"): {"strong_isr": 8, "logs_agree": 10},
    ("replication", "Kip279"): {"strong_isr": 8, "logs_agree": 10},
    ("replication", "WithoutEpochStart"): {"strong_isr": 8, "committed_survives": 10},
    ("isr_update", "HighWatermarkOverCommittedIsr"): {"electable_is_complete": 7, "committed_survives": 8},
    ("isr_update", "StaleBrokerEpoch"): {"electable_is_complete": 9, "committed_survives": 10},
    ("isr_update", "FencedAdmitted"): {"in_sync_is_alive": 4},
    ("isr_update", "AnyVersion"): {"electable_is_complete": 6, "committed_survives": 7},
    ("isr_update", "LastReplicaStanding"): {"electable_is_complete": 5, "committed_survives": 7},
    ("isr_update", "BelowMinIsr"): {"electable_is_complete": 4, "committed_survives": 7},
    ("isr_update", "KeepsTheLost"): {"electable_is_complete": 5, "committed_survives": 7},
    ("isr_update", "UncleanElection"): {"one_loss_is_survived": 7},
}
"""Steps of the shortest trace to each violation at the small bounds, as measured."""


@cache
def searched(name: str, variant: str = "") -> SearchResult:
    protocol = load(name)
    spec = (variants(protocol)[variant] if variant else protocol).spec
    return explore(Model(spec, BOUNDS.get((name, variant), SMALL[name])), every=True, max_states=400_000)


@pytest.mark.parametrize("name", SMALL)
def test_the_sound_text_keeps_its_promises_and_reaches_what_it_should(name: str) -> None:
    result = searched(name)
    assert result.outcome == "kept", result.violations or [
        each for each, trace in result.witnesses.items() if trace is None
    ]
    assert [action for action, counts in result.actions.items() if not counts.fired] == []


@pytest.mark.parametrize("name", SMALL)
def test_every_unsound_variant_is_known_here(name: str) -> None:
    unsound = {each for each, variant in variants(load(name)).items() if variant.breaks}
    assert unsound == {variant for protocol, variant in SHORTEST if protocol == name}


@pytest.mark.parametrize(("name", "variant"), SHORTEST)
def test_a_variant_breaks_what_it_says_in_the_fewest_steps(name: str, variant: str) -> None:
    violations = {violation.name: len(violation.trace.steps) for violation in searched(name, variant).violations}
    assert set(variants(load(name))[variant].breaks) <= set(violations)
    for invariant, steps in SHORTEST[name, variant].items():
        assert violations[invariant] == steps


def test_kip_279_is_clean_with_two_replicas() -> None:
    bounds = {"Replica": 2, "Epoch": 4, "Offset": 4}
    assert explore(Model(variants(load("replication"))["Kip279"].spec, bounds)).outcome == "kept"


def test_auto_commit_after_processing_is_sound() -> None:
    assert searched("delivery", "CommitsOnPoll").outcome == "kept"


@pytest.mark.parametrize("name", SMALL)
def test_every_invariant_is_proved_for_any_size(name: str) -> None:
    proved = prove(proof(load(name)).spec, {}, timeout=60, workers=1)
    assert proved.status == "proved"


@pytest.mark.parametrize(("name", "variant"), SHORTEST)
def test_no_unsound_variant_is_proved(name: str, variant: str) -> None:
    unsound = variants(load(name))[variant]
    proved = partial(prove, unsound.spec, {}, timeout=5, workers=1, max_states=0)
    status = proved(only=lambda obligation: obligation.claim in unsound.breaks).status
    if status == "incomplete":  # what it breaks is proved from another claim, which then is not
        status = proved().status
    assert status == "unproved"


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_page_is_a_page(name: str) -> None:
    module, _, _ = PROTOCOLS[name].partition(":")
    from importlib import import_module
    from pathlib import Path

    path = import_module(module).__file__
    assert path is not None
    assert len(Path(path).read_text().splitlines()) < 250


def test_the_report_of_proofs_is_of_these_texts() -> None:
    import json
    from pathlib import Path

    report = Path(__file__).parents[3] / "reports" / "proofs.json"
    said = {row["protocol"]: (row["outcome"], row["claims"]) for row in json.loads(report.read_text())}
    assert said == {name: ("proved", len(list(proof(load(name)).spec.of_kind("invariant")))) for name in PROTOCOLS}
