"""What a log knows of its producers: epochs, sequences, the last five batches of each, open transactions. KIP-98."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from brokerlaw.reference.batch import Batch, Stamp
from brokerlaw.reference.errors import BrokerError

SEQUENCES: Final = 2**31
"""Sequence numbers wrap here (KAFKA-7692)."""
REMEMBERED: Final = 5
"""Batches by which a retry is recognised: as many as may be in flight (KAFKA-5494)."""


class Appended(NamedTuple):
    """A batch in the log: its first and last sequence, and its base offset."""

    first: int
    last: int
    base: int


class Aborted(NamedTuple):
    """An aborted transaction, from its first record to its marker: an entry of the transaction index."""

    producer: int
    first: int
    last: int


@dataclass
class ProducerState:
    """One producer, as one log knows it."""

    epoch: int
    recent: deque[Appended] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    @property
    def expected(self) -> int:
        """The sequence that comes next."""
        return (self.recent[-1].last + 1) % SEQUENCES if self.recent else 0


class ProducerStates:
    """All producers of one log. `open` has the first offset of each open transaction, the oldest first."""

    def __init__(self) -> None:
        self.states: dict[int, ProducerState] = {}
        self.open: dict[int, int] = {}

    def duplicate_of(self, stamp: Stamp, count: int) -> int | None:
        """The base offset of a batch that is here already; None for one that comes next.

        Raises `INVALID_PRODUCER_EPOCH` for a producer that was fenced, `OUT_OF_ORDER_SEQUENCE_NUMBER` after a gap,
        `DUPLICATE_SEQUENCE_NUMBER` for what is too old to be remembered.
        """
        state = self.states.get(stamp.producer)
        if state is None or stamp.epoch > state.epoch:
            self._require_next(stamp, 0)
            return None
        if stamp.epoch < state.epoch:
            raise BrokerError("INVALID_PRODUCER_EPOCH", f"epoch {stamp.epoch} is older than {state.epoch}")
        last = (stamp.sequence + count - 1) % SEQUENCES
        for appended in state.recent:
            if appended.first == stamp.sequence and appended.last == last:
                return appended.base
        self._require_next(stamp, state.expected)
        return None

    def _require_next(self, stamp: Stamp, expected: int) -> None:
        if stamp.sequence == expected:
            return
        behind = (expected - stamp.sequence) % SEQUENCES < SEQUENCES // 2
        code = "DUPLICATE_SEQUENCE_NUMBER" if behind and expected else "OUT_OF_ORDER_SEQUENCE_NUMBER"
        raise BrokerError(code, f"sequence {stamp.sequence} where {expected} comes next")

    def append(self, batch: Batch) -> Aborted | None:
        """Account for a batch; a marker that aborts gives an entry of the transaction index."""
        stamp = batch.stamp
        if stamp is None:
            return None
        state = self.states.get(stamp.producer)
        if state is None or stamp.epoch > state.epoch:
            state = self.states[stamp.producer] = ProducerState(stamp.epoch)
        if batch.control is not None:
            first = self.open.pop(stamp.producer, None)
            aborted = batch.control == "abort" and first is not None
            return Aborted(stamp.producer, first, batch.base) if aborted and first is not None else None
        last = (stamp.sequence + batch.offsets - 1) % SEQUENCES
        state.recent.append(Appended(stamp.sequence, last, batch.base))
        if batch.transactional:
            self.open.setdefault(stamp.producer, batch.base)
        return None
