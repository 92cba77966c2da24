"""A history that is told out of order: rows are gathered as a foreign log has them, and put in the order of time."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history.observations import AnyObservation
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Observe, Recording, Row

DONE: Final = Ok()


class Part(NamedTuple):
    """What a client did as a part of one operation; `seen` is what it saw, at the latest, before the outcome."""

    op: AnyOperation
    outcome: Outcome
    seen: tuple[tuple[str, AnyObservation], ...] = ()


class ForeignError(Exception):
    """A file is none of the format that it is taken for; the message says where, and why."""


class Timeline:
    """Gathers what a foreign log tells. Clients are opened, and topics created, under the settings that they had."""

    def __init__(self, settings: UserSettings) -> None:
        self._settings = settings
        self._rows: list[Row] = []
        self._asked = 0

    def invoke(self, time: int, process: str, op: AnyOperation, part_of: int | None = None) -> int:
        """An operation begins; the answer names it."""
        self._rows.append(Invoke(self._asked, time, process, self._settings.apply(op), part_of))
        self._asked += 1
        return self._asked - 1

    def together(self, begun: int, ended: int | None, process: str, parts: Iterable[Part]) -> None:
        """What a client did as one operation: the parts, in their order. `ended` is None where it never came back."""
        asked: list[tuple[int, Part]] = []
        for part in parts:
            asked.append((self.invoke(begun, process, part.op, asked[0][0] if asked else None), part))
        if ended is None:
            return
        for number, part in asked:
            for who, observation in part.seen:
                self.observe(ended, who, observation)
            self.complete(ended, number, part.outcome)

    def complete(self, time: int, asked: int, outcome: Outcome = DONE) -> None:
        """It comes to its outcome."""
        self._rows.append(Complete(asked, time, outcome))

    def do(self, begun: int, ended: int, process: str, op: AnyOperation, outcome: Outcome = DONE) -> None:
        """An operation with its outcome."""
        self.complete(ended, self.invoke(begun, process, op), outcome)

    def observe(self, time: int, process: str, observation: AnyObservation) -> None:
        """Something is seen."""
        self._rows.append(Observe(time, process, observation))

    def recording(self, broker: str) -> Recording:
        """All of it in the order of time, from 0 on; what was told of one moment stays in the order of telling."""
        rows = sorted(self._rows, key=attrgetter("time"))
        start = rows[0].time if rows else 0
        number: dict[int, int] = {}
        for row in rows:
            if isinstance(row, Invoke):
                number[row.op] = len(number)
        return Recording(Header(broker=broker), tuple(_moved(row, row.time - start, number) for row in rows))


def _moved(row: Row, time: int, number: dict[int, int]) -> Row:
    match row:
        case Invoke(part_of=int(part_of)):
            return msgspec.structs.replace(row, time=time, op=number[row.op], part_of=number[part_of])
        case Invoke() | Complete():
            return msgspec.structs.replace(row, time=time, op=number[row.op])
        case _:
            return msgspec.structs.replace(row, time=time)
