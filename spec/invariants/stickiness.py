"""Stickiness: a group that promises to keep what members have moves and revokes no more than it must."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from brokerlaw.spec.history.evidence.assignments import gone
from brokerlaw.spec.history.evidence.comings import comings_and_goings
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import among
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.shares import Shares, Wish, shares, wish
from brokerlaw.spec.history.evidence.waits import members_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import LOST, REVOKED
from brokerlaw.spec.invariants.invariant import Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import violation

STICKY: Final = (("classic", "cooperative-sticky"), ("consumer", "uniform"))
"""Protocols, and their assignors that keep what members have."""


@invariant(
    "groups.moves-no-more-than-it-must",
    statement="When one member joins or leaves a group with a sticky assignor, no partition moves between two members "
    "that stay.",
    formal="∀ rests r, s of g, one after the other, r balanced, at most one member joined or left between, partition p:"
    " owner(p, r) ≠ owner(p, s) ⇒ owner(p, r) left ∨ owner(p, s) joined",
    level=Level.SHOULD,
    source="KIP-54, sticky assignment; KIP-429, cooperative-sticky; KIP-848, uniform",
    capabilities=("topics", "groups"),
    mutants=("moves-at-random",),
    covers=("groups.cooperative", "groups.next"),
)
def moves_no_more_than_it_must(h: History) -> Finding:
    """Counted are partitions of members that stay. They were in session from the one rest to the other.

    Left out are groups whose members ever differed in what they asked for, or know of racks.
    """
    tested, breaches = 0, []
    for before, after in _comparable(h):
        there, now = _owner_of(before), _owner_of(after)
        stay = {*before.stable.members} & {*after.stable.members}
        kept = [tp for tp, owner in there.items() if owner in stay]
        tested += len(kept)
        moved = [tp for tp in kept if now[tp] in stay - {there[tp]}]
        breaches += [_needless(h, before, after, moved)] if moved else []
    return Finding(tested, tuple(breaches))


@invariant(
    "groups.revokes-no-more-than-it-must",
    statement="When one member joins or leaves a group that rebalances incrementally, the members that stay give back "
    "nothing that they keep.",
    formal="∀ rests r, s of g as for groups.moves-no-more-than-it-must, partition p: owner(p, r) = owner(p, s) ⇒ p was "
    "not revoked between",
    level=Level.SHOULD,
    source="KIP-429, cooperative rebalancing; KIP-848, incremental assignment",
    capabilities=("topics", "groups"),
    mutants=("gives-up-everything",),
    covers=("groups.cooperative", "groups.next"),
)
def revokes_no_more_than_it_must(h: History) -> Finding:
    """Counted are partitions that have the same owner at both rests."""
    tested, breaches = 0, []
    for before, after in _comparable(h):
        there, now = _owner_of(before), _owner_of(after)
        kept = [tp for tp, owner in there.items() if now[tp] == owner]
        revoked = _revoked(h, before.row, after.row)
        tested += len(kept)
        shown = {tp: revoked[there[tp], tp] for tp in kept if (there[tp], tp) in revoked}
        breaches += [_given_back(h, before, after, shown)] if shown else []
    return Finding(tested, tuple(breaches))


def _revoked(h: History, since: int, until: int) -> dict[tuple[str, str], int]:
    """Who gave back what between these rows, with the row that tells it."""
    told = h.ownership[(h.ownership.row > since) & (h.ownership.row < until) & (h.ownership.kind == REVOKED)]
    who = (h.processes[each] for each in told.process.tolist())
    return dict(
        zip(zip(who, (str(h.partitions[tp]) for tp in told.tp.tolist()), strict=True), told.row.tolist(), strict=True)
    )


def _given_back(h: History, before: Shares, after: Shares, shown: dict[str, int]) -> Violation:
    there = _owner_of(before)
    what = ", ".join(f"{there[tp]} {tp}" for tp in shown)
    reason = f"members that stayed in group {before.stable.group} gave back what they kept: {what}"
    again = [row for tp in shown for row in after.owners[tp].values()]
    return violation(h, reason, (), (before.row, after.row, *shown.values(), *again))


def _comparable(h: History) -> Iterator[tuple[Shares, Shares]]:
    """Rests of a sticky group, one after the other, the first balanced, with no more than one change between them."""
    for group in dict.fromkeys(each.stable.group for each in shares(h)):
        rests = [each for each in shares(h) if each.stable.group == group]
        for before, after in pairwise(rests):
            fair = not before.unfair and not after.unfair and _balanced(before)
            if fair and _sticky(wish(h, group, after.time)) and _one_change(h, before, after):
                yield before, after


def _sticky(alike: Wish | None) -> bool:
    return alike is not None and (alike.protocol, alike.assignor) in STICKY and not alike.racks


def _balanced(rest: Shares) -> bool:
    owners = [*_owner_of(rest).values()]
    sizes = [owners.count(member) for member in rest.stable.members]
    return max(sizes) <= min(sizes) + 1


def _owner_of(rest: Shares) -> dict[str, str]:
    return {tp: next(iter(owners)) for tp, owners in rest.owners.items()}


def _one_change(h: History, before: Shares, after: Shares) -> bool:
    """Whether all that happened between the two is that one member came or went, if that."""
    group, members = before.stable.group, [{*each.stable.members} for each in (before, after)]
    acts = comings_and_goings(h, group, before.time, after.time)
    kinds, by = h.operations.f[acts].tolist(), {h.processes[each] for each in h.operations.client[acts].tolist()}
    changed = members[0] ^ members[1]
    one = len(changed) < 2 and by == changed and len(kinds) == len(set(kinds))
    calm = not disturbed(h, np.array([before.time]), np.array([after.time]))[0]
    in_vain = any(before.row < row < after.row and wait.group == group for row, _, wait in h.timed_out)
    return one and calm and not in_vain and _in_session(h, before, after, members[0] & members[1])


def _in_session(h: History, before: Shares, after: Shares, stay: set[str]) -> bool:
    """Whether those of these members that own anything lost nothing, and were members all the time: at its end, and
    whenever they were told of partitions.
    """
    busy = (before.busy | after.busy) & stay
    opened = [op for op, each in members_of(h, before.stable.group).items() if each.client in busy]
    last = [op for op in opened if h.operations.invoked[op] < before.time < gone(h)[op]]
    told = h.ownership[(h.ownership.row > before.row) & (h.ownership.row < after.row)]
    told = told[among(told.opened, last)]
    asked = np.concatenate([told.opened, np.array(last, dtype=np.int64)])
    times = np.concatenate([told.time - 1, np.full(len(last), after.time)])
    return bool(not (told.kind == LOST).any() and in_session(h, asked, times).all())


def _needless(h: History, before: Shares, after: Shares, moved: list[str]) -> Violation:
    there, now = _owner_of(before), _owner_of(after)
    moves = ", ".join(f"{tp} from {there[tp]} to {now[tp]}" for tp in moved)
    members = [{*each.stable.members} for each in (before, after)]
    joined, left = members[1] - members[0], members[0] - members[1]
    only = f"only {joined.pop()} joined" if joined else f"only {left.pop()} left" if left else "nobody joined or left"
    reason = f"between members that stayed in group {before.stable.group}, where {only}, moved {moves}"
    rows = [each.owners[tp][owner] for each in (before, after) for tp in moved for owner in each.owners[tp]]
    return violation(h, reason, (), (before.row, after.row, *rows))
