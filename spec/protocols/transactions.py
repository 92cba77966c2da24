"""Transactions: one producer writes to many partitions, and all of a transaction becomes visible, or none of it."""

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    forall,
    implies,
    invariant,
    ite,
    require,
    values,
    witness,
)


class Partition(Sort):
    """A partition that the transaction writes to; the partition of the group's offsets is one of them."""


class Transaction(Ordered):
    """The producer's transactions in their order: known to the reader of this text, never on the wire."""


class Epoch(Ordered):
    """The epoch of the producer id: all that a message says of its transaction."""


class Phase(Enum):
    """Where the application stands."""

    idle, active, committing, aborting, fenced = values(5)


class State(Enum):
    """Where the coordinator stands."""

    empty, ongoing, prepare_commit, prepare_abort = values(4)


class Fate(Enum):
    """What became of a transaction's records in a partition: with a marker they are decided."""

    absent, open, committed, aborted = values(4)


class Transactions(Protocol):
    """Coordinator states, epochs, markers, late messages; each transaction has an epoch of its own (KIP-890).

    Requests and their repeats are facts that stay: each may arrive at any time, again and again. Records are open until
    a marker decides them; open ones, and all behind them, are beyond the last stable offset, so that a read_committed
    reader sees the committed ones only. Consumed offsets are records like the others (KIP-447).
    Source: KIP-98, KIP-360, KIP-890 (transactions, server side defense).
    """

    bounds = {Partition: 2, Transaction: 3, Epoch: 4}

    phase = Var(Phase, doc="application: what it is about")
    current = Var(Transaction, doc="application: which transaction")
    used = Var(Epoch, doc="application: the epoch it sends with")
    added = Var(Bool, Partition, doc="application: partitions of this transaction")
    asked = Var(Bool, Transaction, doc="application: it has asked for this one to be committed")
    told = Var(Bool, Transaction, doc="application: it was told that this one is committed")
    produce = Var(Bool, Partition, Transaction, Epoch, doc="network: records")
    end_commit = Var(Bool, Epoch, doc="network: EndTxn, commit")
    end_abort = Var(Bool, Epoch, doc="network: EndTxn, abort")
    state = Var(State, doc="coordinator: the transaction's state")
    epoch = Var(Epoch, doc="coordinator: the epoch that is valid")
    member = Var(Bool, Partition, doc="coordinator: partitions of the transaction, markers still due")
    last_commit = Var(Bool, doc="coordinator: the last transaction was committed")
    fate = Var(Fate, Partition, Transaction, doc="partition: what became of the records")
    fence = Var(Epoch, Partition, doc="partition: the highest epoch it has seen")

    def answered(s, t):
        """No record of the transaction is on its way still."""
        return forall(Partition, Epoch, lambda p, e: implies(s.produce[p, t, e], s.fate[p, t] != Fate.absent))

    def decided(s):
        """How it ends is written down, and the markers are on their way."""
        return (s.state == State.prepare_commit) | (s.state == State.prepare_abort)

    @action(fair=False)
    def begin(s):
        """The application begins a transaction."""
        require(s.phase == Phase.idle)
        s.phase = Phase.active

    @action(fair=False)
    def add(s, p: Partition):
        """The coordinator enters a partition into the transaction.  [AddPartitionsToTxn]"""
        takes = (s.state == State.empty) | (s.state == State.ongoing)
        require(s.phase == Phase.active, ~s.added[p], s.used == s.epoch, takes)
        s.added[p], s.member[p], s.state = True, True, State.ongoing

    @action(fair=False)
    def send(s, p: Partition, t: Transaction):
        """The application sends records to a partition of its transaction.  [Produce]"""
        require(s.phase == Phase.active, t == s.current, s.added[p])
        s.produce[p, t, s.used] = True

    @action
    def append(s, p: Partition, t: Transaction, e: Epoch):
        """The leader appends records of a valid epoch, if the coordinator knows of the transaction.  [KIP-890]"""
        require(s.produce[p, t, e], s.fate[p, t] == Fate.absent, s.fence[p] <= e, s.verified(p, e))
        s.fate[p, t], s.fence[p] = Fate.open, e

    def verified(s, p, e):
        """The coordinator has the partition in an ongoing transaction of this epoch."""
        return (s.state == State.ongoing) & s.member[p] & (s.epoch == e)

    @action(fair=False)
    def ask_commit(s, t: Transaction):
        """All its records answered, the application asks for the commit.  [EndTxn]"""
        require(s.phase == Phase.active, t == s.current, s.state == State.ongoing, s.used == s.epoch, s.answered(t))
        s.phase, s.asked[t] = Phase.committing, True
        s.end_commit[s.used] = True

    @action(fair=False)
    def ask_abort(s):
        """The application asks for the abort, whatever is on its way.  [EndTxn]"""
        require(s.phase == Phase.active, s.state == State.ongoing, s.used == s.epoch)
        s.phase = Phase.aborting
        s.end_abort[s.used] = True

    @action
    def end(s, e: Epoch, commit: Bool):
        """The coordinator decides, and the epoch grows: no message of this transaction fits the next.  [KIP-890]"""
        require(
            (commit & s.end_commit[e]) | (~commit & s.end_abort[e]),
            s.state == State.ongoing,
            s.fits(e),
        )
        s.state = ite(commit, State.prepare_commit, State.prepare_abort)
        s.last_commit = commit
        s.next_epoch()

    def fits(s, e):
        """The message is of the epoch that is valid."""
        return e == s.epoch

    def next_epoch(s):
        """The end of a transaction is the end of its epoch."""
        s.epoch = s.epoch + 1

    @action
    def mark(s, p: Partition):
        """A marker decides everything open in a partition, and fences the epochs before it.  [WriteTxnMarkers]"""
        require(s.decided(), s.member[p])
        decided = ite(s.state == State.prepare_commit, Fate.committed, Fate.aborted)
        s.fate[p, :] = lambda t: ite(s.fate[p, t] == Fate.open, decided, s.fate[p, t])
        s.fence[p], s.member[p] = s.epoch, False

    @action
    def complete(s):
        """Every partition has its marker: the transaction is complete."""
        require(s.decided(), forall(Partition, lambda p: ~s.member[p]))
        s.state = State.empty

    @action
    def answer(s, t: Transaction):
        """The application hears how it ended, and learns the next epoch.  [EndTxn response]"""
        require(
            (s.phase == Phase.committing) | (s.phase == Phase.aborting),
            t == s.current,
            s.state == State.empty,
            s.last_commit == (s.phase == Phase.committing),
            s.still_valid(),
        )
        s.told[t] = s.phase == Phase.committing
        s.rest()

    def still_valid(s):
        """The coordinator has gone one epoch on, by this end and nothing else."""
        return s.epoch == s.used + 1

    def rest(s):
        """Between two transactions."""
        s.phase, s.current, s.used = Phase.idle, s.current + 1, s.epoch
        s.added[:] = False

    @action
    def time_out(s):
        """The transaction takes too long: the coordinator aborts it, fences its producer.  [transaction.timeout.ms]"""
        require(s.state == State.ongoing)
        s.state, s.last_commit = State.prepare_abort, False
        s.epoch = s.epoch + 1

    @action
    def hear_of_fence(s):
        """A producer whose epoch is not the valid one is refused.  [INVALID_PRODUCER_EPOCH, PRODUCER_FENCED]"""
        require(s.phase != Phase.fenced, s.used != s.epoch)
        s.phase = Phase.fenced

    @action(fair=False)
    def init(s):
        """A new instance takes the transactional id; it waits for what was ongoing to be ended.  [InitProducerId]"""
        require(s.state == State.empty)
        s.phase, s.current, s.used = Phase.idle, s.current + 1, s.epoch + 1
        s.epoch = s.epoch + 1
        s.added[:] = False

    @invariant
    def committed_was_asked(s, p: Partition, t: Transaction):
        """Nothing becomes visible that the application did not ask to be committed."""
        return implies(s.fate[p, t] == Fate.committed, s.asked[t])

    @invariant
    def all_or_nothing(s, p: Partition, q: Partition, t: Transaction):
        """No transaction is committed in one partition and aborted in another."""
        return ~((s.fate[p, t] == Fate.committed) & (s.fate[q, t] == Fate.aborted))

    @invariant
    def told_is_true(s, p: Partition, t: Transaction):
        """What the application was told is committed has no record that is open or aborted."""
        return implies(s.told[t], (s.fate[p, t] == Fate.committed) | (s.fate[p, t] == Fate.absent))

    @invariant
    def none_hangs(s, p: Partition, t: Transaction):
        """Open records have a marker still to come, so the last stable offset will pass them.  [KAFKA-14402]"""
        return implies(s.fate[p, t] == Fate.open, s.member[p] & (s.state != State.empty))

    @witness
    def committed_everywhere(s, t: Transaction):
        """A transaction over all partitions can be committed, and its application told."""
        return s.told[t] & forall(Partition, lambda p: s.fate[p, t] == Fate.committed)

    @witness
    def aborted_then_committed(s, p: Partition, t: Transaction, u: Transaction):
        """After an aborted transaction another can be committed."""
        return (t < u) & (s.fate[p, t] == Fate.aborted) & (s.fate[p, u] == Fate.committed)

    @witness
    def timed_out(s, p: Partition, t: Transaction):
        """A transaction can be aborted under a producer that does not know."""
        return (s.fate[p, t] == Fate.aborted) & (s.current == t) & (s.phase == Phase.active)

    @eventually
    def ends(s):
        """No transaction hangs: whatever its application does, it is decided, and every partition hears of it."""
        return s.state == State.empty
