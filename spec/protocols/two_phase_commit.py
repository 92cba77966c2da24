"""Two-phase commit: the protocol that every reading is tried on first."""

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    exists,
    forall,
    implies,
    invariant,
    require,
    values,
    witness,
)


class RM(Sort):
    """A resource manager."""


class RMState(Enum):
    """What a resource manager has decided."""

    working, prepared, committed, aborted = values(4)


class TMState(Enum):
    """What the transaction manager has decided."""

    undecided, committed, aborted = values(3)


class TwoPhaseCommit(Protocol):
    """A transaction manager commits once every resource manager has said that it is prepared.

    Messages are sets of facts that only grow: they may be delayed, repeated, reordered and lost.
    Source: Gray and Lamport, Consensus on Transaction Commit, ACM TODS 31(1), 2006, section 3.
    """

    bounds = {RM: 3}

    rm = Var(RMState, RM, doc="what each resource manager has decided")
    tm = Var(TMState, doc="what the transaction manager has decided")
    heard = Var(Bool, RM, doc="whom the transaction manager knows to be prepared")
    said_prepared = Var(Bool, RM, doc="messages: this resource manager is prepared")
    said_commit = Var(Bool, doc="message: commit")
    said_abort = Var(Bool, doc="message: abort")

    @action
    def rm_prepare(s, r: RM):
        """A working resource manager prepares, and says so.  [TwoPhase: RMPrepare]"""
        require(s.rm[r] == RMState.working)
        s.rm[r] = RMState.prepared
        s.said_prepared[r] = True

    @action(fair=False)
    def rm_choose_to_abort(s, r: RM):
        """A working resource manager aborts by itself.  [TwoPhase: RMChooseToAbort]"""
        require(s.rm[r] == RMState.working)
        s.rm[r] = RMState.aborted

    @action
    def tm_receive_prepared(s, r: RM):
        """The transaction manager hears that a resource manager is prepared.  [TwoPhase: TMRcvPrepared]"""
        require(s.tm == TMState.undecided, s.said_prepared[r])
        s.heard[r] = True

    @action
    def tm_commit(s):
        """The transaction manager commits when it has heard from all.  [TwoPhase: TMCommit]"""
        require(s.tm == TMState.undecided, forall(RM, lambda r: s.heard[r]))
        s.tm = TMState.committed
        s.said_commit = True

    @action
    def tm_abort(s):
        """The transaction manager aborts, at any time before it commits.  [TwoPhase: TMAbort]"""
        require(s.tm == TMState.undecided)
        s.tm = TMState.aborted
        s.said_abort = True

    @action
    def rm_receive_commit(s, r: RM):
        """A resource manager is told to commit.  [TwoPhase: RMRcvCommitMsg]"""
        require(s.said_commit)
        s.rm[r] = RMState.committed

    @action
    def rm_receive_abort(s, r: RM):
        """A resource manager is told to abort.  [TwoPhase: RMRcvAbortMsg]"""
        require(s.said_abort)
        s.rm[r] = RMState.aborted

    @invariant
    def consistent(s, a: RM, b: RM):
        """No resource manager commits when another aborts.  [TCommit: TCConsistent]"""
        return ~((s.rm[a] == RMState.committed) & (s.rm[b] == RMState.aborted))

    @invariant
    def commit_is_decided(s):
        """Commit is said only when the transaction manager has decided so."""
        return implies(s.said_commit, s.tm == TMState.committed)

    @invariant
    def abort_is_decided(s):
        """Abort is said only when the transaction manager has decided so."""
        return implies(s.said_abort, s.tm == TMState.aborted)

    @invariant
    def committed_was_told(s, r: RM):
        """A resource manager that has committed was told to."""
        return implies(s.rm[r] == RMState.committed, s.said_commit)

    @invariant
    def commit_was_unanimous(s, r: RM):
        """When commit is said, every resource manager has been heard."""
        return implies(s.said_commit, s.heard[r])

    @invariant
    def heard_has_said(s, r: RM):
        """Whom the transaction manager has heard did say that it is prepared."""
        return implies(s.heard[r], s.said_prepared[r])

    @invariant
    def prepared_keeps_its_word(s, r: RM):
        """Who has said that it is prepared no longer works, and has not aborted unless it was told to."""
        return implies(
            s.said_prepared[r],
            (s.rm[r] != RMState.working) & implies(s.rm[r] == RMState.aborted, s.said_abort),
        )

    @witness
    def all_commit(s):
        """A transaction can commit everywhere."""
        return forall(RM, lambda r: s.rm[r] == RMState.committed)

    @witness
    def one_commits_first(s):
        """One resource manager can have committed while another has yet to hear of it."""
        return exists(RM, RM, lambda a, b: (s.rm[a] == RMState.committed) & (s.rm[b] == RMState.prepared))

    @witness
    def all_abort(s):
        """A transaction can abort everywhere."""
        return forall(RM, lambda r: s.rm[r] == RMState.aborted)

    @eventually
    def all_decide(s):
        """A transaction manager that does not stop brings every resource manager to a decision."""
        return forall(RM, lambda r: (s.rm[r] == RMState.committed) | (s.rm[r] == RMState.aborted))
