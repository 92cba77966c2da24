"""Stamps: which timestamp the record at each offset has, as it was read, or else as its send gave it."""

import numpy as np

from brokerlaw.spec.history.columns import Ints, Table, stacked
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.configuration import TIMESTAMP_TYPE, values_of
from brokerlaw.spec.history.evidence.records import acked, placed_reads
from brokerlaw.spec.history.evidence.relations import firsts
from brokerlaw.spec.history.history import History


class Stamps(Table[Ints], kw_only=True):
    """A row for each offset whose record's timestamp (ms) is known; `op` shows it."""

    op: Ints
    tp: Ints
    offset: Ints
    timestamp: Ints


@derived
def stamps(h: History) -> Stamps:
    """What a send gave is what its record has only where the topic certainly takes the producers' word for it."""
    kinds = [{each.value for each in values_of(h, topic, TIMESTAMP_TYPE)} for topic in h.topics.values]
    kept = np.array([each == {"CreateTime"} for each in kinds], dtype=np.bool_)
    reads, sends = placed_reads(h), acked(h)
    reads = reads[reads.timestamp >= 0]
    sends = sends[(sends.timestamp >= 0) & kept[sends.topic]] if len(sends) else sends
    facts = stacked([_stamps(each.op, each.tp, each.offset, each.timestamp) for each in (reads, sends)])
    return facts[np.sort(firsts(facts.tp, facts.offset))].detached() if len(facts) else facts


def _stamps(op: Ints, tp: Ints, offset: Ints, timestamp: Ints) -> Stamps:
    return Stamps(op=op, tp=tp, offset=offset, timestamp=timestamp)
