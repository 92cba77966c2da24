"""The hunts of `brokerlaw power`: over the reference, in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

from brokerlaw.cli import streams
from brokerlaw.cli.errors import CliError
from brokerlaw.conformance.liars import hunt
from brokerlaw.conformance.liars.lie import Lie
from brokerlaw.conformance.liars.meant import matches
from brokerlaw.conformance.liars.table import Maker, liars as all_liars
from brokerlaw.conformance.power import mutants as mutant_hunt
from brokerlaw.conformance.power.trial import Trial
from brokerlaw.conformance.profiles import LOG
from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.reference.mutants import MUTANTS
from brokerlaw.reference.mutants.beyond import BEYOND
from brokerlaw.render import liars as liars_page, mutants as mutants_page


def mutants(patterns: Sequence[str], examples: int, seed: int, reports: Path | None, corpus: Path | None) -> bool:
    """Hunt mutants; whether each is caught by every promise that must catch it, and no other is seen."""
    trial = Trial(LOG, ReferenceAdapter({}).describe())
    plans = list(trial.plans(seed, examples))
    hunted = list[mutants_page.Hunted]()
    for name in _selected(patterns, list(MUTANTS)):
        entry = MUTANTS[name]
        hunt_ = mutant_hunt.Hunt(name, ReferenceAdapter({"mutant": name}), trial)
        catches = tuple(hunt_.catches(plans, entry.caught_by))
        one = mutants_page.Hunted(name, entry.mechanism, entry.source, entry.unseen, catches, hunt_.cases)
        hunted.append(one)
        streams.say(mutants_page.line(one))
    missed = [line for one in hunted for line in one.missed(MUTANTS[one.mutant].caught_by)]
    for line in missed:
        streams.say(f"not as the table says: {line}")
    if corpus is not None:
        corpus.mkdir(parents=True, exist_ok=True)
        for each in (catch for one in hunted for catch in one.catches):
            path = corpus / f"{each.mutant}.{each.invariant}.json"
            path.write_bytes(msgspec.json.format(msgspec.json.encode(each.reduced), indent=1) + b"\n")
    if reports is not None:
        command = f"brokerlaw power mutants --examples {examples} --seed {seed}"
        _write(reports, "mutants", mutants_page.page(hunted, BEYOND, command), mutants_page.data(hunted, BEYOND))
    return not missed


def liars(patterns: Sequence[str], examples: int, seed: int, limit: float, jobs: int, reports: Path | None) -> bool:
    """Hunt liars; whether each is caught, or argued."""
    adapter = ReferenceAdapter({})
    trial = Trial(LOG, adapter.describe())
    names = {str(lie): lie for lie in all_liars(trial.description)}
    chosen = [names[name] for name in _selected(patterns, list(names))]
    cases, accused = hunt.survey(trial, trial.plans(seed, examples), adapter)
    if accused:
        told = "; ".join(f"{plan}: {', '.join(sorted(broken))}" for plan, broken in accused.items())
        raise CliError(f"the sound reference is accused, so that no catch would mean anything: {told}")
    found = list[hunt.Told]()
    for each in _hunted(chosen, cases, limit, jobs):
        found.append(each)
        streams.say(liars_page.line(each))
    streams.say(liars_page.summary(found))
    if reports is not None:
        command = f"brokerlaw power liars --examples {examples} --seed {seed} --max-time {limit:g}"
        _write(reports, "liars", liars_page.page(found, command, len(names)), liars_page.data(found, command))
    return all(each.status in ("caught", "argued") for each in found)


def _hunted(chosen: Sequence[Lie], cases: list[hunt.Case], limit: float, jobs: int) -> Iterator[hunt.Told]:
    """In processes of their own, which get the cases as they are."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _Worker.begin, (cases, limit)) as pool:
        yield from pool.map(_Worker.hunt, chosen)


class _Worker:
    """What all hunts of one process share."""

    hunts: hunt.Hunt
    makers: dict[Lie, Maker]

    @classmethod
    def begin(cls, cases: list[hunt.Case], limit: float) -> None:
        """As the process begins."""
        adapter = ReferenceAdapter({})
        cls.hunts = hunt.Hunt(Trial(LOG, adapter.describe()), adapter, cases, limit)
        cls.makers = all_liars(adapter.describe())

    @classmethod
    def hunt(cls, lie: Lie) -> hunt.Told:
        """One of them."""
        return cls.hunts.hunt(lie, cls.makers[lie])


def _selected(patterns: Sequence[str], names: Sequence[str]) -> list[str]:
    for pattern in patterns:
        if not any(matches(pattern, name) for name in names):
            raise CliError(f"--select {pattern}: there is nothing of that name")
    return [name for name in names if not patterns or any(matches(pattern, name) for pattern in patterns)]


def _write(folder: Path, name: str, page: str, data: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(page)
    (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
