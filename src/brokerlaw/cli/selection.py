"""Which protocol, and how large: the arguments shared by the commands that read protocols."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from brokerlaw.spec.text import did_you_mean

if TYPE_CHECKING:
    from brokerlaw.spec.language import Spec


def chosen(protocol: str, variant: str | None) -> Spec:
    """The protocol of that name, or its variant. SpecError if there is none."""
    from brokerlaw.spec.protocols import registry

    found = registry.load(protocol)
    return (registry.variant(found, variant) if variant else found).spec


def with_lemmas(protocol: str, variant: str | None) -> Spec:
    """The same with the lemmas of its proof, where they are a text of their own."""
    from brokerlaw.spec.protocols import registry

    return chosen(protocol, variant) if variant else registry.proof(registry.load(protocol)).spec


def sizes(texts: Iterable[str]) -> dict[str, int]:
    """`Broker=3` as a size of a sort. SpecError on what is no such pair, or is given twice."""
    from brokerlaw.spec.language import SpecError
    from brokerlaw.spec.language.layout import MOST_VALUES
    from brokerlaw.spec.text import shown

    found: dict[str, int] = {}
    for text in texts:
        name, _, count = text.partition("=")
        if not name or not (count.isascii() and count.isdigit()):
            raise SpecError(f"--set {text}: write SORT=N, as in Broker=3")
        if name in found:
            raise SpecError(f"--set {name} is given twice")
        if len(count) > len(str(MOST_VALUES)):
            raise SpecError(f"the bound of {name} must be {MOST_VALUES:,} at most, not {shown(count, 20)}")
        found[name] = int(count)
    return found


def without(spec: Spec, drops: Iterable[str]) -> Spec:
    """The protocol with guards dropped, each given as ACTION:K by its number from 0, or as ACTION:TEXT by what it says.

    SpecError if there is no such guard.
    """
    places = {_guard(spec, drop) for drop in drops}
    for action, number in sorted(places, reverse=True):  # the later first, as the numbers after one move up
        spec = spec.without(action, number)
    return spec


def _guard(spec: Spec, drop: str) -> tuple[str, int]:
    from brokerlaw.spec.language import SpecError

    action, colon, which = (part.strip() for part in drop.partition(":"))
    if not colon or not which:
        raise SpecError(f"--drop {drop}: write ACTION:K, as in {next(iter(spec.actions), 'elect')}:0")
    known(action, list(spec.actions), f"{spec.name} has no action")
    texts = [" ".join(guard.text.split()) for guard in spec.actions[action].guards]
    found = [at for at, text in enumerate(texts) if which in (str(at), text)]
    if not found:
        guards = ", ".join(f"{at} `{text}`" for at, text in enumerate(texts)) or "none"
        raise SpecError(f"--drop {drop}: {action} has no such guard; it has {guards}")
    return action, found[0]


def known(name: str | None, names: Collection[str], complaint: str) -> None:
    """SpecError with the complaint, if a name is given that is none of the names."""
    from brokerlaw.spec.language import SpecError

    if name is not None and name not in names:
        mend = did_you_mean(name, names, f"it has {', '.join(names) or 'none'}")
        raise SpecError(f"{complaint} {name!r}; {mend}")
