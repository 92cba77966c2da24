"""What clients were told when something did not succeed, by Kafka's names of errors."""

from typing import Final

import numpy as np

from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.relations import NEVER, among
from brokerlaw.spec.history.history import History

FENCED: Final = ("PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "INVALID_PRODUCER_ID_MAPPING", "_FENCED")
"""A producer is told that its transactional id is no longer its own; the last is librdkafka's name."""
NO_TRANSACTION: Final = ("INVALID_TXN_STATE",)
OUT_OF_SEQUENCE: Final = ("OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID")
TOO_FEW: Final = ("NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND")
MISCONFIGURED: Final = ("INVALID_CONFIG", "_INVALID_ARG")
"""A client cannot have these settings; the last is librdkafka's name."""


def told(h: History, codes: tuple[str, ...]) -> Bools:
    """By operation, whether its client was told one of these errors."""
    column = np.zeros(len(h.operations), dtype=np.bool_)
    column[h.errors.op[among(h.errors.code, [h.codes.find(code) for code in codes])]] = True
    return column


@derived
def first_failure(h: History) -> Ints:
    """By the operation that opened it: the row in which something of a client first did not succeed; `NEVER`: none."""
    first = np.full(len(h.operations) + 1, NEVER)
    np.minimum.at(first, h.operations.opened[h.errors.op], h.operations.ended[h.errors.op])
    return first
