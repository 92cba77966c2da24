"""Queues that break a promise: each drops one guard, as a real one did."""

from brokerlaw.spec.language import action, require
from brokerlaw.spec.protocols.queue import Consumer, Group, Key, Message, Queue


class NextWhileInFlight(Queue):
    """The next message of a group is served while the first is in flight.  [localstack-12457]"""

    breaks = ("in_order",)

    @action
    def receive(s, m: Message, c: Consumer):
        """Any waiting message goes to a consumer."""
        require(s.waiting[m])
        s.waiting[m] = False
        s.flying[m, c] = True
        s.deliveries[m] = s.deliveries[m] + 1


class DropsTheDead(Queue):
    """A message leaves the queue after its last delivery, and reaches no dead-letter queue."""

    breaks = ("nothing_vanishes",)

    @action
    def set_aside(s, m: Message, c: Consumer):
        """The message is dropped."""
        require(s.flying[m, c], s.deliveries[m] >= s.limit)
        s.flying[m, c] = False


class ForgetsAcks(Queue):
    """An acknowledged message is delivered again after a restart: the acknowledgement was not durable."""

    breaks = ("one_place", "delivered_within_limit")

    @action(fair=False)
    def restart(s, m: Message):
        """The queue comes back with a message whose acknowledgement it has lost."""
        require(s.acked[m])
        s.waiting[m] = True


class DeadLettersEarly(Queue):
    """A message is set aside while it has deliveries left."""

    breaks = ("dead_after_limit",)

    @action
    def set_aside(s, m: Message, c: Consumer):
        """The message is set aside whenever nobody said done."""
        require(s.flying[m, c])
        s.flying[m, c] = False
        s.dead[m] = True


class ForgetsTheWindow(Queue):
    """The same deduplication id is accepted twice inside its window."""

    breaks = ("no_duplicate_in_window",)

    @action(fair=False)
    def publish(s, m: Message, g: Group, k: Key):
        """A message is accepted."""
        require(~s.published(m))
        s.waiting[m] = True
        s.group[m], s.place[m], s.length[g] = g, s.length[g], s.length[g] + 1
        s.key[m], s.recent[m] = k, True
