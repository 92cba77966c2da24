"""A proof may be a text of its own, beside its protocol: it adds lemmas and history variables, and changes no more.

A history variable (or ghost) is one that the protocol has not. The protocol's actions write it, and no guard and no
other variable depends on it: so every run of the protocol is a run of the proof's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from brokerlaw.spec.language.spec import Action, Spec, Update
from brokerlaw.spec.language.term import BINDERS, SpecError, Term


def check_extends(proof: Spec, protocol: Spec) -> None:
    """Raise a SpecError that names the first difference, if the proof is one of another protocol."""
    for difference in differences(proof, protocol):
        raise SpecError(f"{proof.name} is no proof of {protocol.name}: {difference}")


def differences(proof: Spec, protocol: Spec) -> Iterator[str]:
    """Give what a proof drops, adds or changes, other than lemmas and history variables."""
    for name, variable in protocol.variables.items():
        other = proof.variables.get(name)
        if other is None or (other.sort, other.indices) != (variable.sort, variable.indices):
            yield f"it {'drops' if other is None else 'redeclares'} the variable `{name}`"
    yield from _action("its @init", proof.init, protocol.init, protocol)
    for name, action in protocol.actions.items():
        if name not in proof.actions:
            yield f"it drops the action `{name}`"
        else:
            yield from _action(f"its action `{name}`", proof.actions[name], action, protocol)
    yield from (f"it adds the action `{name}`" for name in proof.actions if name not in protocol.actions)
    for claim in protocol.of_kind("invariant"):
        known = proof.properties.get(claim.name)
        if known is None or known.kind != "invariant":
            yield f"it does not claim the invariant `{claim.name}`"
        elif not _alike(known.term, claim.term, {}):
            yield f"its invariant `{claim.name}` is another"


def _action(which: str, mine: Action, theirs: Action, protocol: Spec) -> Iterator[str]:
    if list(map(type, mine.params)) != list(map(type, theirs.params)):
        yield f"{which} has other parameters"
        return
    names = dict(zip(mine.params, theirs.params, strict=True))
    for guard in theirs.guards:
        if not any(_alike(each.term, guard.term, names) for each in mine.guards):
            yield f"{which} does not require `{guard.text}`"
    for guard in mine.guards:
        if not any(_alike(guard.term, each.term, names) for each in theirs.guards):
            yield f"{which} also requires `{guard.text}`"
    for variable in protocol.variables:
        ours, known = ([u for u in each.updates if u.variable == variable] for each in (mine, theirs))
        if len(ours) != len(known) or not all(_same(a, b, names) for a, b in zip(ours, known, strict=True)):
            yield f"{which} writes `{variable}` otherwise"


def _same(mine: Update, theirs: Update, names: Mapping[Term, Term]) -> bool:
    bound = _bound(mine.locals, theirs.locals, names)
    if bound is None or len(mine.indices) != len(theirs.indices):
        return False
    pairs = zip((*mine.indices, mine.value), (*theirs.indices, theirs.value), strict=True)
    return all(_alike(a, b, bound) for a, b in pairs)


def _alike(mine: Term, theirs: Term, names: Mapping[Term, Term]) -> bool:
    """Tell whether two terms are one but for the names of their locals."""
    if type(mine) is not type(theirs) or mine.op != theirs.op or len(mine.args) != len(theirs.args):
        return False
    if mine.op == "local":
        return names.get(mine, mine) is theirs
    if mine.op in BINDERS:
        bound = _bound(mine.args[:-1], theirs.args[:-1], names)
        return bound is not None and _alike(mine.args[-1], theirs.args[-1], bound)
    return mine.data == theirs.data and all(_alike(a, b, names) for a, b in zip(mine.args, theirs.args, strict=True))


def _bound(mine: Sequence[Term], theirs: Sequence[Term], names: Mapping[Term, Term]) -> Mapping[Term, Term] | None:
    """Give the names with these locals bound to those, or None if their sorts differ."""
    if list(map(type, mine)) != list(map(type, theirs)):
        return None
    return {**names, **dict(zip(mine, theirs, strict=True))}
