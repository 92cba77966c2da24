"""The idempotent producer: retries, changes of leader; each record stands in the log once, and in order."""

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Var,
    action,
    forall,
    implies,
    invariant,
    ite,
    none,
    require,
    witness,
)


class Number(Ordered):
    """A sequence number of the producer, and an offset: where nobody else writes, a record's place is its number."""


class Idempotence(Protocol):
    """One producer, one partition. A request may be repeated and delayed at will; what its leader expects next decides.

    The producer has at most two records in flight, and the leader recognises the last two: Kafka says five and five. A
    new leader rebuilds what it expects from its log; what retention deletes from the log stays in the producer state.
    Source: KIP-98 (sequence numbers), KAFKA-5494 (several in flight), KIP-360 (retention of producer state).
    """

    bounds = {Number: 5}

    next = Var(Number, doc="producer: the next sequence number to be sent")
    acked = Var(Bool, Number, doc="producer: it has the acknowledgement")
    request = Var(Bool, Number, doc="network: a request that may arrive, again and again")
    log = Var(Number | None, Number, doc="leader: the record at each offset")
    end = Var(Number, doc="leader: the log's end")
    begin = Var(Number, doc="leader: the log's start; retention deletes below it")
    expected = Var(Number, doc="leader: producer state, the next sequence number to be accepted")
    committed = Var(Number, doc="the high watermark: what every later leader has")
    settled = Var(Number, doc="what is expected by a leader whose log ends at the high watermark")
    twice = Var(Bool, Number, doc="history: the record was committed a second time")

    def in_flight(s, q):
        """Sent, and not acknowledged."""
        return (q < s.next) & ~s.acked[q]

    @action
    def send(s, q: Number):
        """The producer sends its next record, if all but its last one are acknowledged.  [max.in.flight]"""
        require(q == s.next, s.window_open(q))
        s.next, s.request[q] = q + 1, True

    def window_open(s, q):
        """Everything two and more before it is acknowledged."""
        return forall(Number, lambda r: implies(r + 2 <= q, s.acked[r]))

    @action
    def retry(s, q: Number):
        """No acknowledgement came: the record is sent again, with its number.  [KIP-98]"""
        require(s.in_flight(q))
        s.request[q] = True

    @action
    def lose(s, q: Number):
        """The network stops repeating a request."""
        require(s.request[q])
        s.request[q] = False

    @action
    def append(s, q: Number, o: Number):
        """The leader appends what it expects next, and nothing else: repeats and gaps are refused.  [KIP-98]"""
        require(s.request[q], o == s.end, q == s.expected)
        s.log[o], s.end = q, o + 1
        s.expected = q + 1

    @action
    def replicate(s, q: Number, o: Number):
        """The high watermark passes a record: it is committed."""
        require(o == s.committed, o < s.end, s.log[o] == q)
        s.twice[q] = s.twice[q] | (q < s.settled)
        s.committed, s.settled = o + 1, q + 1

    @action
    def acknowledge(s, q: Number):
        """A committed record that the leader recognises is acknowledged, to the first request or to a repeat."""
        require(s.request[q], q < s.settled, s.recognised(q))
        s.acked[q] = True

    def recognised(s, q):
        """Among the last two that the leader remembers: a repeat is answered as a success.  [KAFKA-5494]"""
        return s.expected <= q + 2

    @action
    def change_leader(s, q: Number, o: Number):
        """A new leader has the log up to an uncommitted record, and expects what follows it.  [rebuilt from the log]"""
        require(s.log[o] == q, s.committed <= o, o < s.end)
        s.end, s.expected = o + 1, q + 1
        s.log[:] = lambda x: s.kept(x, x <= o)

    @action
    def change_leader_at_watermark(s):
        """A new leader has the committed log, and expects what follows it."""
        s.end, s.expected = s.committed, s.settled
        s.log[:] = lambda x: s.kept(x, x < s.committed)

    def kept(s, x, condition):
        """The record at x where the condition holds, nothing elsewhere."""
        return ite(condition, s.log[x], none)

    @action
    def retain(s, o: Number):
        """Retention deletes the first record, if it is committed; the producer state stays.  [KIP-360]"""
        require(o == s.begin, o < s.committed)
        s.log[o], s.begin = none, o + 1

    @invariant
    def no_duplicates(s, q: Number):
        """No record is committed twice."""
        return ~s.twice[q]

    @invariant
    def in_order(s, a: Number, b: Number, q: Number, r: Number):
        """The log has the producer's order."""
        return implies((a < b) & (s.log[a] == q) & (s.log[b] == r), q < r)

    @invariant
    def acked_is_committed(s, q: Number):
        """An acknowledged record is committed, and so is everything before it."""
        return implies(s.acked[q], q < s.settled)

    @invariant
    def repeats_are_recognised(s, q: Number):
        """A record in flight that the log has is still recognised: its repeat is answered, not refused."""
        return implies(s.in_flight(q) & (q < s.expected), s.recognised(q))

    @invariant
    def log_is_dense(s, o: Number):
        """The log is whole between its start and its end, and the high watermark is inside."""
        inside = (s.begin <= o) & (o < s.end)
        bounds = (s.begin <= s.committed) & (s.committed <= s.end)
        return bounds & implies(inside, s.log[o] != none) & implies(~inside, s.log[o] == none)

    @invariant
    def no_gap(s, o: Number, q: Number):
        """Each record stands where its number says, and what is expected is what the end of the log says."""
        return implies(s.log[o] == q, q == o) & (s.expected == s.end) & (s.settled == s.committed)

    @invariant
    def nothing_unsent(s, q: Number):
        """The leader has, and the network carries, only what was sent; few enough are in flight."""
        return (
            (s.expected <= s.next)
            & implies(s.request[q] | s.acked[q], q < s.next)
            & implies(q + 2 < s.next, s.acked[q])
        )

    @witness
    def repeated_and_acked(s, q: Number):
        """A record can be acknowledged to a repeat after a change of leader that lost it once."""
        return s.acked[q] & (q + 1 == s.expected) & (s.begin == s.committed)

    @witness
    def two_in_flight_in_the_log(s, q: Number, r: Number):
        """Two records can be in the log before either is acknowledged."""
        return s.in_flight(q) & s.in_flight(r) & (q + 1 == r) & (r < s.expected)


class NoDeduplication(Idempotence):
    """A leader appends whatever arrives: a repeat stands in the log again.  [redpanda#3039]"""

    breaks = ("no_duplicates", "in_order")

    @action
    def append(s, q: Number, o: Number):
        """The leader appends."""
        require(s.request[q], o == s.end)
        s.log[o], s.end = q, o + 1
        s.expected = q + 1


class RemembersOne(Idempotence):
    """The leader recognises the last record only, while two may be in flight.  [KAFKA-5494]"""

    breaks = ("repeats_are_recognised",)

    def recognised(s, q):
        """The last one."""
        return s.expected <= q + 1


class AcceptsGaps(Idempotence):
    """A failed append moves the expectation on, and lets a later record in before an earlier one.  [KAFKA-14920]"""

    breaks = ("in_order", "no_gap")

    @action
    def append(s, q: Number, o: Number):
        """Whatever is not older than expected is appended, or what a gap has left out."""
        require(s.request[q], o == s.end, forall(Number, lambda x: s.log[x] != q))
        s.log[o], s.end = q, o + 1
        s.expected = q + 1


class ForgetsWithRecords(Idempotence):
    """Retention drops the producer state with the last record, and a repeat is taken for new.  [KAFKA-7190]"""

    breaks = ("no_duplicates",)

    @action
    def append(s, q: Number, o: Number):
        """What is expected next, or anything at all while the log holds nothing of the producer."""
        require(s.request[q], o == s.end, (q == s.expected) | (s.begin == s.end))
        s.log[o], s.end = q, o + 1
        s.expected = q + 1


class StateNotRebuilt(Idempotence):
    """A new leader keeps what it expected before it truncated its log: the lost record never fits again."""

    breaks = ("no_gap",)

    @action
    def change_leader_at_watermark(s):
        """A new leader has the committed log."""
        s.end = s.committed
        s.log[:] = lambda x: s.kept(x, x < s.committed)
