"""Delivery gone wrong, or nearly: auto-commit, zombies, offsets outside the transaction."""

from brokerlaw.spec.language import action, require
from brokerlaw.spec.protocols.delivery import Delivery, Discipline, Offset, Phase, Worker


class CommitsInBackground(Delivery):
    """A thread of the client commits what was returned: the record in hand is lost with its worker.  [KAFKA-18641]"""

    breaks = ("nothing_skipped",)

    @action
    def auto_commit(s, w: Worker):
        """The interval has passed: the position is committed, whatever became of the record before it."""
        require(s.joined[w], s.owner == w, s.commits_last())
        s.offset = s.position[w]


class CommitsOnPoll(Delivery):
    """Auto-commit in the call of poll, of what the poll before had returned and the application has processed."""

    @action
    def auto_commit(s, w: Worker):
        """Back for more: what was returned is processed, and its offset committed.  [enable.auto.commit]"""
        require(s.joined[w], s.owner == w, s.phase[w] == Phase.processed)
        s.offset, s.phase[w] = s.position[w], Phase.idle


class ZombiesCommit(Delivery):
    """A commit is taken from whoever sends it: the fence of generation and epoch is missing."""

    breaks = ("nothing_twice",)

    @action
    def commit_first(s, w: Worker):
        """Anybody commits."""
        require(s.phase[w] == Phase.polled, s.discipline == Discipline.at_most_once)
        s.offset, s.phase[w] = s.record[w] + 1, Phase.committed

    @action
    def transact(s, w: Worker, o: Offset):
        """Anybody's transaction commits."""
        require(s.phase[w] == Phase.polled, o == s.record[w], s.discipline == Discipline.transactional)
        s.effect[o], s.phase[w] = s.more(o), Phase.idle
        s.offset = s.record[w] + 1


class OffsetsOutsideTheTransaction(Delivery):
    """The output is committed, the offset later and by itself: a crash between repeats the output."""

    breaks = ("nothing_twice",)

    @action
    def transact(s, w: Worker, o: Offset):
        """The output becomes visible."""
        require(s.phase[w] == Phase.polled, o == s.record[w], s.owner == w, s.discipline == Discipline.transactional)
        s.effect[o], s.phase[w] = s.more(o), Phase.processed
