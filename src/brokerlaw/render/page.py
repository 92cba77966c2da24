"""The page of one protocol: its text for people, what goes wrong without it, and what was measured of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from brokerlaw.render import guards as guard_table, mermaid
from brokerlaw.render.proof import scope
from brokerlaw.render.story import Story, bounded
from brokerlaw.spec.language import Spec
from brokerlaw.spec.language.guards import Guards
from brokerlaw.spec.language.printers.markdown import line, markdown, table
from brokerlaw.spec.language.printers.notation import sourced
from brokerlaw.spec.language.prover import ProofResult

HEAD: Final = (
    "<!-- Written by `brokerlaw protocols --write docs/protocols`. Change the protocol, then run that again. -->"
)


def told(spec: Spec, variants: Sequence[Spec], stories: Sequence[Story]) -> str:
    """Give the first half: the protocol in words and symbols, and the shortest run of each variant that breaks it."""
    return "\n\n".join([HEAD, markdown(spec, variants=variants).rstrip(), *_stories(stories)]) + "\n"


def measured(guards: Guards, proof: ProofResult) -> str:
    """Give the second half: what becomes of it without each guard, and what was proved."""
    return "\n" + "\n\n".join([*_guards(guards), *_proof(guards.spec, proof)]) + "\n"


def _stories(stories: Sequence[Story]) -> Iterator[str]:
    if stories:
        yield "## What goes wrong in the variants"
        yield "The shortest run of each to a violation, found by searching all states in breadth."
    for story in stories:
        spec = story.model.spec
        text, source = sourced(spec.doc)
        yield f"### `{spec.name}`"
        yield line(text) + (f" *{line(source)}*" if source else "")
        steps = len(story.trace.steps)
        yield f"{steps} step{'s' * (steps != 1)}, with {bounded(story.model.layout.bounds)}."
        yield f"```mermaid\n{mermaid.render(story).rstrip()}\n```"


def _guards(found: Guards) -> Iterator[str]:
    yield "## What each guard is for"
    yield "Each guard is dropped in turn, and all states are searched for what then breaks, in how many steps."
    yield line(guard_table.conclusion(found))
    yield guard_table.markdown(found)


def _proof(spec: Spec, proof: ProofResult) -> Iterator[str]:
    yield "## Proof"
    counts = Counter(each.status for each in proof.results)
    said = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("proved", "counterexample", "unknown"))
    yield f"By induction, with {scope(proof)}: {proof.status} ({said})."
    yield "Each claim holds in the initial states, and each action keeps it, if all of them held before."
    yield table(("claim", "", "obligations"), [_claim(spec, proof, each) for each in _claims(proof)])


def _claims(proof: ProofResult) -> list[str]:
    return list(dict.fromkeys(each.obligation.claim for each in proof.results))


def _claim(spec: Spec, proof: ProofResult, claim: str) -> tuple[str, str, str]:
    mine = [each.status for each in proof.results if each.obligation.claim == claim]
    known = proof.spec.properties.get(claim)
    lemma = "*Lemma.* " if known and claim not in spec.properties else ""
    status = f"{mine.count('proved')} of {len(mine)} proved"
    return f"`{claim}`", lemma + line(sourced(known.doc)[0] if known else "No number falls below 0."), status
