"""A queue: messages are hidden while worked on, come back if nobody says done, and are set aside in the end."""

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    exists,
    forall,
    implies,
    init,
    invariant,
    require,
    witness,
)


class Message(Sort):
    """A message."""


class Consumer(Sort):
    """Somebody who takes messages."""


class Group(Sort):
    """A message group: its messages are worked off in order."""


class Key(Sort):
    """A deduplication id."""


class Count(Ordered):
    """How often a message was delivered."""


class Place(Ordered):
    """A message's place in its group."""


class Queue(Protocol):
    """Visibility timeout, acknowledgement, redelivery, FIFO groups, a deduplication window, and a dead-letter queue.

    Time is not measured: a visibility timeout or a deduplication window may end at any moment after it began. A
    published message is in one of four places: waiting, in flight at a consumer, acknowledged, or dead-lettered.
    Source: Amazon SQS Developer Guide (visibility timeout, FIFO delivery logic, dead-letter queues); AMQP 0-9-1.
    """

    bounds = {Message: 3, Consumer: 2, Group: 2, Key: 2, Count: 3, Place: 3}

    limit = Var(Count, doc="setting: deliveries after which a message is set aside")
    waiting = Var(Bool, Message, doc="in the queue, visible")
    flying = Var(Bool, Message, Consumer, doc="delivered to this consumer, hidden from the others")
    acked = Var(Bool, Message, doc="acknowledged, gone from the queue")
    dead = Var(Bool, Message, doc="in the dead-letter queue")
    deliveries = Var(Count, Message, doc="how often it was delivered")
    group = Var(Group, Message, doc="its message group")
    place = Var(Place, Message, doc="its place in the group")
    length = Var(Place, Group, doc="how many messages the group was given")
    key = Var(Key, Message, doc="its deduplication id")
    recent = Var(Bool, Message, doc="accepted within the window of its deduplication id")
    handled = Var(Bool, Message, doc="a consumer has processed it")

    @init
    def start(s, limit: Count):
        """A queue sets messages aside after one delivery or more."""
        require(limit > 0)
        s.limit = limit

    def published(s, m):
        """The queue has accepted the message."""
        return s.waiting[m] | exists(Consumer, lambda c: s.flying[m, c]) | s.acked[m] | s.dead[m]

    def finished(s, m):
        """Nobody will see the message again, but in the dead-letter queue."""
        return s.acked[m] | s.dead[m]

    @action(fair=False)
    def publish(s, m: Message, g: Group, k: Key):
        """A message is accepted, unless one of the same deduplication id was accepted within the window.  [SQS FIFO]"""
        require(~s.published(m), forall(Message, lambda n: ~((s.key[n] == k) & s.recent[n])))
        s.waiting[m] = True
        s.group[m], s.place[m], s.length[g] = g, s.length[g], s.length[g] + 1
        s.key[m], s.recent[m] = k, True

    @action
    def window_ends(s, k: Key):
        """The deduplication window of an id ends: five minutes in SQS.  [SQS: exactly-once processing]"""
        s.recent[:] = lambda m: s.recent[m] & (s.key[m] != k)

    @action
    def receive(s, m: Message, c: Consumer):
        """A waiting message goes to a consumer, the first unfinished one of its group only.  [SQS FIFO delivery]"""
        require(
            s.waiting[m],
            forall(
                Message,
                lambda n: implies(
                    s.published(n) & (s.group[n] == s.group[m]) & (s.place[n] < s.place[m]), s.finished(n)
                ),
            ),
        )
        s.waiting[m] = False
        s.flying[m, c] = True
        s.deliveries[m] = s.deliveries[m] + 1

    @action(fair=False)
    def handle(s, m: Message, c: Consumer):
        """The consumer processes what it holds."""
        require(s.flying[m, c])
        s.handled[m] = True

    @action(fair=False)
    def acknowledge(s, m: Message, c: Consumer):
        """The consumer, having processed it, says so; the message is gone.  [SQS: DeleteMessage; AMQP: basic.ack]"""
        require(s.flying[m, c], s.handled[m])
        s.flying[m, c] = False
        s.acked[m] = True

    @action
    def visibility_ends(s, m: Message, c: Consumer):
        """Nobody said done in time: the message waits again.  [SQS visibility timeout; AMQP requeue]"""
        require(s.flying[m, c], s.deliveries[m] < s.limit)
        s.flying[m, c] = False
        s.waiting[m] = True

    @action
    def set_aside(s, m: Message, c: Consumer):
        """Nobody said done after the last delivery: the message is dead-lettered.  [SQS: maxReceiveCount]"""
        require(s.flying[m, c], s.deliveries[m] >= s.limit)
        s.flying[m, c] = False
        s.dead[m] = True

    @invariant
    def one_place(s, m: Message, c: Consumer):
        """A message is in one place: not at once waiting, in flight, acknowledged or set aside."""
        return (
            implies(s.flying[m, c], ~s.waiting[m] & ~s.acked[m] & ~s.dead[m])
            & implies(s.waiting[m], ~s.acked[m] & ~s.dead[m])
            & ~(s.acked[m] & s.dead[m])
        )

    @invariant
    def one_consumer(s, m: Message, a: Consumer, b: Consumer):
        """A message is in flight at one consumer at a time."""
        return implies(s.flying[m, a] & s.flying[m, b], a == b)

    @invariant
    def nothing_vanishes(s, m: Message):
        """What was delivered is still somewhere."""
        return implies((s.deliveries[m] > 0) | s.recent[m], s.published(m))

    @invariant
    def acked_was_handled(s, m: Message):
        """What is acknowledged was processed: at least once."""
        return implies(s.acked[m], s.handled[m])

    @invariant
    def delivered_within_limit(s, m: Message):
        """No message is delivered more often than the limit says, and a waiting one has a delivery left."""
        fresh = implies(~s.published(m), s.deliveries[m] == 0) & (s.limit > 0)
        return fresh & (s.deliveries[m] <= s.limit) & implies(s.waiting[m], s.deliveries[m] < s.limit)

    @invariant
    def dead_after_limit(s, m: Message):
        """A message is set aside after its last delivery, not before."""
        return implies(s.dead[m], s.deliveries[m] == s.limit)

    @invariant
    def in_order(s, m: Message, n: Message, c: Consumer):
        """Once a message was delivered, everything before it in its group is finished."""
        before = s.published(n) & (s.group[n] == s.group[m]) & (s.place[n] < s.place[m])
        return implies(s.published(m) & (s.deliveries[m] > 0) & before, s.finished(n))

    @invariant
    def places_differ(s, m: Message, n: Message):
        """Two messages of a group have two places in it, both within its length."""
        both = s.published(m) & s.published(n) & (s.group[m] == s.group[n])
        inside = implies(s.published(m), s.place[m] < s.length[s.group[m]])
        return inside & implies(both & (m != n), s.place[m] != s.place[n])

    @invariant
    def no_duplicate_in_window(s, m: Message, n: Message):
        """Within the window of a deduplication id, one message was accepted."""
        return implies(s.recent[m] & s.recent[n] & (s.key[m] == s.key[n]), m == n)

    @witness
    def redelivered_and_acked(s, m: Message):
        """A message can be acknowledged on its second delivery."""
        return s.acked[m] & (s.deliveries[m] > 1)

    @witness
    def dead_lettered(s, m: Message):
        """A message can be set aside."""
        return s.dead[m]

    @witness
    def two_in_flight(s, m: Message, n: Message, a: Consumer, b: Consumer):
        """Messages of two groups can be in flight at once."""
        return s.flying[m, a] & s.flying[n, b] & (a != b) & (s.group[m] != s.group[n])

    @eventually
    def all_finished(s):
        """Every published message is acknowledged or set aside in the end, even if no consumer ever answers."""
        return forall(Message, lambda m: implies(s.published(m), s.finished(m)))
