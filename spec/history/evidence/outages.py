"""Outages: when which broker was dead, paused or cut off, as far as the history did it."""

from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Bools, Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operation import BrokerFault, Repair
from brokerlaw.spec.history.tables import OK

KINDS: Final = tuple(kind for kind in ops.OPERATIONS.values() if issubclass(kind, BrokerFault | Repair))


class Outage(NamedTuple):
    """A broker is hit by `fault`. From `begun` (asked for) and certainly from `certain` on (`NEVER`: not known), until
    `ending` (its end is asked for) or at the latest `over` (done); `NEVER`: no end.
    """

    fault: BrokerFault
    broker: int
    begun: int
    certain: int
    ending: int = NEVER
    over: int = NEVER


@derived
def outages(h: History) -> tuple[Outage, ...]:
    """Every outage, in the order in which they ended, those without end last."""
    going: list[Outage] = []
    done: list[Outage] = []
    for number in of_kind(h, *KINDS).tolist():
        op, time = h.invocations[number].value, h.invocations[number].time
        completed, sure = int(h.operations.completed[number]), bool(h.operations.status[number] == OK)
        match op:
            case BrokerFault():
                going += [Outage(op, broker, time, completed if sure else NEVER) for broker in op.brokers_hit]
            case Repair() if sure:
                ended = [out for out in going if op.ends(out.fault)]
                done += [out._replace(ending=min(out.ending, time), over=completed) for out in ended]
                going = [out for out in going if out not in ended]
            case _:
                going = [out._replace(ending=min(out.ending, time)) for out in going]
    return (*done, *going)


@derived
def leaders_since(h: History) -> int:
    """From when on leaders may have changed, as far as the history did it: a fault, or an election; `NEVER`: never."""
    elections = h.operations.invoked[of_kind(h, ops.ElectLeader)]
    return min([each.begun for each in outages(h)] + elections.tolist(), default=NEVER)


def disturbed(h: History, begin: Ints, end: Ints, aftermath: Ints | int = 0) -> Bools:
    """Whether an outage, or the `aftermath` (ns) of one, falls into these spans of time."""
    found = np.zeros(len(begin), dtype=np.bool_)
    for outage in outages(h):
        found |= (outage.begun <= end) & (begin - aftermath <= outage.over)
    return found


def brought_back(h: History, begin: Ints, end: Ints) -> Bools:
    """Whether a broker that had been killed may have come back in these spans of time, without what it had not written
    down.
    """
    found = np.zeros(len(begin), dtype=np.bool_)
    for outage in outages(h):
        if isinstance(outage.fault, ops.KillBroker):
            found |= (outage.ending <= end) & (begin <= outage.over)
    return found


def down_throughout(h: History, broker: int, begin: Ints, end: Ints) -> Bools:
    """Whether a broker was dead or paused for all of these spans of time."""
    down = np.zeros(len(begin), dtype=np.bool_)
    for out in outages(h):
        if out.broker == broker and out.fault.stops:
            down |= (out.certain <= begin) & (end < out.ending)
    return down
