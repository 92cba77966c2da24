"""Leaders: how long a partition has been in one leader epoch, as far as it was described."""

from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.evidence.relations import last_before, least, take
from brokerlaw.spec.history.history import History


def led_until(h: History, tp: Ints, time: Ints) -> Ints:
    """When the leader epoch that was described last before each time was last described; below -1: never was one.

    Until then the partition had one leader, whose log was not cut back.
    """
    states = h.leadership[(h.leadership.epoch >= 0) & (h.leadership.leader >= 0)]
    before = last_before(states.tp, states.completed, tp, time)
    return -least((states.tp, states.epoch), -states.invoked, (tp, take(states.epoch, before)))
