"""Delivery: an application polls, processes and commits; in which order decides how often each record takes effect."""

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    forall,
    implies,
    init,
    invariant,
    ite,
    require,
    values,
    witness,
)


class Worker(Sort):
    """An instance of the application."""


class Offset(Ordered):
    """A place in the partition."""


class Attempt(Ordered):
    """How often processing a record has failed."""


class Discipline(Enum):
    """What the application promises its users."""

    at_least_once, at_most_once, transactional, idempotent_sink = values(4)


class Phase(Enum):
    """Where a worker stands with the record that it polled."""

    idle, polled, processed, committed = values(4)


class Effect(Enum):
    """How often a record took effect."""

    never, once, again = values(3)


class Delivery(Protocol):
    """One partition, one group, workers that crash, and partitions that move while a worker is still at it.

    A worker that lost the partition does not know: it goes on polling and processing, a zombie. Only its commits and
    its transactions are refused, by the group's coordinator.
    Source: Kafka documentation, Message Delivery Semantics; KIP-98, KIP-447; Java and librdkafka consumer manuals.
    """

    bounds = {Worker: 2, Offset: 4, Attempt: 2}

    discipline = Var(Discipline, doc="setting: what the application promises")
    limit = Var(Attempt, doc="setting: failures after which a record is dead-lettered")
    end = Var(Offset, doc="the partition's end")
    offset = Var(Offset, doc="the group's committed offset: the next to be read")
    owner = Var(Worker | None, doc="to whom the coordinator has assigned the partition")
    joined = Var(Bool, Worker, doc="the worker runs, and believes that it owns the partition")
    position = Var(Offset, Worker, doc="the next offset that its consumer returns")
    phase = Var(Phase, Worker, doc="where it stands with the record at hand")
    record = Var(Offset, Worker, doc="the record at hand")
    effect = Var(Effect, Offset, doc="how often a record has taken effect in the sink")
    failures = Var(Attempt, Offset, doc="how often processing it failed")
    dead = Var(Bool, Offset, doc="it was dead-lettered")

    @init
    def start(s, discipline: Discipline, limit: Attempt):
        """Any discipline, any number of retries."""
        s.discipline, s.limit = discipline, limit

    def more(s, o):
        """One effect more; an idempotent sink knows the record and lets it take effect once."""
        first = s.effect[o] == Effect.never
        return ite(first | (s.discipline == Discipline.idempotent_sink), Effect.once, Effect.again)

    def handled(s, o):
        """The record took effect, or was given up with a trace."""
        return (s.effect[o] != Effect.never) | s.dead[o]

    def commits_last(s):
        """The discipline processes first and commits then."""
        return (s.discipline == Discipline.at_least_once) | (s.discipline == Discipline.idempotent_sink)

    @action
    def append(s):
        """A record arrives."""
        s.end = s.end + 1

    @action
    def take_over(s, w: Worker):
        """The coordinator assigns the partition to a worker, which starts at the committed offset.  [KIP-62]"""
        s.owner, s.joined[w] = w, True
        s.position[w], s.phase[w] = s.offset, Phase.idle

    @action
    def crash(s, w: Worker):
        """A worker vanishes, and with it what it had in hand; the coordinator will notice later."""
        require(s.joined[w])
        s.joined[w], s.phase[w] = False, Phase.idle

    @action
    def poll(s, w: Worker):
        """The next record is returned; the position moves past it."""
        require(s.joined[w], s.phase[w] == Phase.idle, s.position[w] < s.end)
        s.record[w], s.position[w] = s.position[w], s.position[w] + 1
        s.phase[w] = Phase.polled

    @action
    def process_first(s, w: Worker, o: Offset):
        """At-least-once: the record takes effect before its offset is committed."""
        require(s.phase[w] == Phase.polled, o == s.record[w], s.commits_last())
        s.effect[o], s.phase[w] = s.more(o), Phase.processed

    @action
    def fail(s, w: Worker, o: Offset):
        """Processing fails, and is tried again: a blocking retry keeps the order."""
        require(s.phase[w] == Phase.polled, o == s.record[w], s.commits_last(), s.failures[o] < s.limit)
        s.failures[o] = s.failures[o] + 1

    @action
    def dead_letter(s, w: Worker, o: Offset):
        """Tried often enough: the record goes to the dead-letter topic, and the partition goes on.  [KIP-1034]"""
        require(s.phase[w] == Phase.polled, o == s.record[w], s.commits_last(), s.failures[o] >= s.limit)
        s.dead[o], s.phase[w] = True, Phase.processed

    @action
    def commit_last(s, w: Worker):
        """At-least-once: the offset past the processed record is committed, by the owner only."""
        require(s.phase[w] == Phase.processed, s.owner == w)
        s.offset, s.phase[w] = s.record[w] + 1, Phase.idle

    @action
    def commit_first(s, w: Worker):
        """At-most-once: the offset is committed before the record takes effect, by the owner only."""
        require(s.phase[w] == Phase.polled, s.owner == w, s.discipline == Discipline.at_most_once)
        s.offset, s.phase[w] = s.record[w] + 1, Phase.committed

    @action
    def process_last(s, w: Worker, o: Offset):
        """At-most-once: the record takes effect once its offset is certainly committed."""
        require(s.phase[w] == Phase.committed, o == s.record[w])
        s.effect[o], s.phase[w] = s.more(o), Phase.idle

    @action
    def transact(s, w: Worker, o: Offset):
        """Exactly-once: output and offset become visible in one step, the transaction's commit.  [KIP-98, KIP-447]"""
        require(s.phase[w] == Phase.polled, o == s.record[w], s.owner == w, s.discipline == Discipline.transactional)
        s.effect[o], s.phase[w] = s.more(o), Phase.idle
        s.offset = s.record[w] + 1

    @action
    def refused(s, w: Worker):
        """A commit or transaction of one who is not the owner is refused; a zombie learns, and gives up.  [KIP-447]"""
        require(s.phase[w] != Phase.idle, s.phase[w] != Phase.committed, s.owner != w)
        s.phase[w], s.joined[w] = Phase.idle, False

    @invariant
    def nothing_skipped(s, o: Offset):
        """At least once: below the committed offset everything was handled."""
        return implies((s.discipline != Discipline.at_most_once) & (o < s.offset), s.handled(o))

    @invariant
    def nothing_twice(s, o: Offset):
        """At most once, and exactly once: no record takes effect twice."""
        return implies(s.discipline != Discipline.at_least_once, s.effect[o] != Effect.again)

    @invariant
    def only_committed_took_effect(s, o: Offset):
        """Exactly once and at most once: what took effect is below the committed offset, so nobody reads it again."""
        return implies(~s.commits_last() & (s.effect[o] != Effect.never), o < s.offset)

    @invariant
    def dead_after_retries(s, o: Offset):
        """A record is dead-lettered after its last retry, not before."""
        return implies(s.dead[o], s.failures[o] >= s.limit)

    @invariant
    def within_the_log(s, w: Worker, o: Offset):
        """Nothing is committed, polled or processed that is not in the partition."""
        return (
            (s.offset <= s.end)
            & (s.position[w] <= s.end)
            & implies(s.handled(o), o < s.end)
            & implies(s.phase[w] != Phase.idle, s.record[w] < s.end)
        )

    @invariant
    def owner_in_step(s, w: Worker):
        """An owner with nothing in hand stands at the committed offset; with a record in hand, just past it."""
        at_hand = s.joined[w] & ((s.phase[w] == Phase.polled) | (s.phase[w] == Phase.processed))
        clear = s.joined[w] & ((s.phase[w] == Phase.idle) | (s.phase[w] == Phase.committed))
        owns = s.owner == w
        in_hand = (s.record[w] == s.offset) & (s.position[w] == s.offset + 1)
        return implies(owns & at_hand, in_hand) & implies(owns & clear, s.position[w] == s.offset)

    @invariant
    def processed_is_handled(s, w: Worker, o: Offset):
        """Who has processed a record has handled it; who has committed first owes its effect, and owes it alone."""
        mine = o == s.record[w]
        return (
            implies((s.phase[w] == Phase.processed) & mine, s.handled(o) & s.commits_last())
            & implies((s.phase[w] == Phase.committed) & mine, (s.effect[o] == Effect.never) & (o < s.offset))
            & implies(s.phase[w] == Phase.committed, s.discipline == Discipline.at_most_once)
        )

    @invariant
    def one_debtor(s, v: Worker, w: Worker):
        """Of two workers that committed first, each owes another record."""
        both = (s.phase[v] == Phase.committed) & (s.phase[w] == Phase.committed)
        return implies(both & (s.record[v] == s.record[w]), v == w)

    @invariant
    def who_works_has_joined(s, w: Worker):
        """Whoever has a record in hand runs."""
        return implies(s.phase[w] != Phase.idle, s.joined[w])

    @witness
    def repeated(s, o: Offset):
        """At-least-once can repeat."""
        return (s.discipline == Discipline.at_least_once) & (s.effect[o] == Effect.again)

    @witness
    def lost(s, o: Offset):
        """At-most-once can lose: a record is below the committed offset, and nobody is left who would process it."""
        nobody = forall(Worker, lambda w: s.phase[w] == Phase.idle)
        return (s.discipline == Discipline.at_most_once) & (o < s.offset) & (s.effect[o] == Effect.never) & nobody

    @witness
    def given_up(s, o: Offset):
        """A record that cannot be processed can be dead-lettered and passed."""
        return s.dead[o] & (o < s.offset)
