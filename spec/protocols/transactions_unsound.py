"""Transactions gone wrong: the protocol before KIP-890, and coordinators that forget."""

from brokerlaw.spec.language import Bool, action, require
from brokerlaw.spec.protocols.transactions import State, Transactions


class BeforeKip890(Transactions):
    """One epoch for all transactions of an instance, and nobody verifies a late produce.  [KAFKA-14402, KAFKA-17754]"""

    breaks = ("none_hangs", "committed_was_asked")

    def next_epoch(s):
        """The epoch stays."""

    def still_valid(s):
        """Nobody else has taken the transactional id."""
        return s.epoch == s.used

    def verified(s, p, e):
        """Whatever arrives in a valid epoch is appended."""
        return Bool(True)


class DelayedEnd(Transactions):
    """Late produces are verified, but a delayed EndTxn still ends a later transaction of its epoch.  [KAFKA-17754]"""

    breaks = ("committed_was_asked",)

    def next_epoch(s):
        """The epoch stays."""

    def still_valid(s):
        """Nobody else has taken the transactional id."""
        return s.epoch == s.used


class EndsAnyEpoch(Transactions):
    """EndTxn is accepted from another epoch: a zombie commits what its successor has begun.  [KAFKA-9600]"""

    breaks = ("committed_was_asked",)

    def fits(s, e):
        """The epoch is not looked at."""
        return e <= s.epoch


class TimeoutKeepsTheEpoch(Transactions):
    """A transaction that is aborted for its age leaves its producer unfenced.  [KAFKA-6119]"""

    breaks = ("all_or_nothing",)

    @action
    def time_out(s):
        """The coordinator aborts it."""
        require(s.state == State.ongoing)
        s.state, s.last_commit = State.prepare_abort, False


class TornMarkers(Transactions):
    """A coordinator that crashes between two markers comes back with another decision."""

    breaks = ("all_or_nothing",)

    @action(fair=False)
    def crash(s):
        """The decision was not durable."""
        require(s.state == State.prepare_commit)
        s.state = State.prepare_abort


class ForgetsOpenTransaction(Transactions):
    """A new coordinator does not know of the open transaction; the application goes on.  [redpanda#6019]"""

    breaks = ("told_is_true",)

    @action(fair=False)
    def change_coordinator(s):
        """The state is lost."""
        require(s.state == State.ongoing)
        s.state = State.empty
        s.member[:] = False
