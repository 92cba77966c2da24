"""An invariant: one promise, as a predicate over histories, with what a reader needs to believe it."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

from brokerlaw.spec.history.history import History

Profile: TypeAlias = Literal["log", "queue"]


class Level(StrEnum):
    """How binding a promise is (RFC 2119)."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Violation(NamedTuple):
    """One breach: a sentence that says why, and the rows of the history that show it together, in order."""

    reason: str
    witnesses: tuple[int, ...]


class Finding(NamedTuple):
    """How often the promise was put to the test, and each time it was broken."""

    exercised: int
    violations: tuple[Violation, ...] = ()


class Invariant(NamedTuple):
    """A promise and its judge.

    `formal` is the statement in symbols. `capabilities` are what a broker must have before it owes this;
    `covers` are others that it puts to the test where a case uses them, such as a group's protocols. `promised` are the
    client and topic settings under which it is owed: the judge leaves out what ran under others, unless the user chose
    them for the whole run. `protocols` name the protocol invariants whose client view this is. `mutants` are the broken
    references that it must catch.
    """

    id: str
    statement: str
    formal: str
    level: Level
    source: str
    judge: Callable[[History], Finding]
    profiles: tuple[Profile, ...] = ("log",)
    capabilities: tuple[str, ...] = ("topics",)
    promised: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    mutants: tuple[str, ...] = ()
    covers: tuple[str, ...] = ()
    liars: tuple[str, ...] = ()

    @property
    def explanation(self) -> str:
        """What the judge's own docstring adds to the statement."""
        return (self.judge.__doc__ or "").strip()


MEMBERSHIPS: Final = ("groups.cooperative", "groups.next", "groups.static")
"""What a promise about members of groups covers: the ways in which a group may share out its partitions."""

INVARIANTS: dict[str, Invariant] = {}
"""Every invariant by its id, in the order in which they are listed."""

Judge: TypeAlias = Callable[[History], Finding]


def invariant(
    id: str,  # noqa: A002 - the field's word
    *,
    statement: str,
    formal: str,
    source: str,
    level: Level = Level.MUST,
    profiles: Iterable[Profile] = ("log",),
    capabilities: Iterable[str] = ("topics",),
    promised: Iterable[str] = (),
    protocols: Iterable[str] = (),
    mutants: Iterable[str] = (),
    covers: Iterable[str] = (),
    liars: Iterable[str] = (),
) -> Callable[[Judge], Judge]:
    """Register the decorated judge under `id`."""

    def enter(judge: Judge) -> Judge:
        assert id not in INVARIANTS, f"two invariants are called {id}"
        INVARIANTS[id] = Invariant(
            id,
            statement,
            formal,
            level,
            source,
            judge,
            profiles=tuple(profiles),
            capabilities=tuple(capabilities),
            promised=tuple(promised),
            protocols=tuple(protocols),
            mutants=tuple(mutants),
            covers=tuple(covers),
            liars=tuple(liars),
        )
        return judge

    return enter
