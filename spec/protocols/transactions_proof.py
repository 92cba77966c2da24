"""Why transactions are sound, for any number of partitions, transactions and epochs: the lemmas of the proof."""

from brokerlaw.spec.language import iff, implies, invariant
from brokerlaw.spec.protocols.transactions import Epoch, Fate, Partition, State, Transaction, Transactions


class TransactionsProof(Transactions):
    """Transactions, and what makes their invariants inductive: an epoch names its transaction, so nothing late fits."""

    @invariant
    def epochs_in_step(s):
        """An ongoing transaction is of the application's epoch; once it is decided, the coordinator is one ahead."""
        ongoing = implies(s.state == State.ongoing, s.used == s.epoch)
        return (s.used <= s.epoch) & ongoing & implies(s.decided(), s.epoch == s.used + 1)

    @invariant
    def epoch_names_transaction(s, p: Partition, q: Partition, t: Transaction, u: Transaction, e: Epoch, f: Epoch):
        """Records of one epoch are of one transaction, and those of the application's epoch of its current one."""
        latest = (t <= s.current) & (e <= s.used) & iff(t == s.current, e == s.used)
        return implies(s.produce[p, t, e], latest & implies(s.produce[q, u, f], iff(t == u, e == f)))

    @invariant
    def open_is_current(s, p: Partition, t: Transaction):
        """Open records are of the current transaction."""
        return implies(s.fate[p, t] == Fate.open, t == s.current)

    @invariant
    def decided_as_asked(s):
        """A commit is decided only if it was asked for, and what was decided last is remembered."""
        commits = implies(s.state == State.prepare_commit, s.last_commit & s.asked[s.current])
        return commits & implies(s.state == State.prepare_abort, ~s.last_commit)

    @invariant
    def decided_once(s, p: Partition, t: Transaction):
        """What the current transaction became is what was decided last."""
        now = (t == s.current) & ((s.fate[p, t] == Fate.committed) | (s.fate[p, t] == Fate.aborted))
        return implies(now, iff(s.fate[p, t] == Fate.committed, s.last_commit) & (s.used < s.epoch))

    @invariant
    def nothing_ahead(s, p: Partition, t: Transaction, e: Epoch):
        """Nothing is known of transactions and epochs that the application has not come to."""
        reached = implies((s.fate[p, t] != Fate.absent) | s.asked[t], t <= s.current) & implies(
            s.told[t], t < s.current
        )
        return reached & implies(s.end_commit[e], (e <= s.used) & implies(e == s.used, s.asked[s.current]))
