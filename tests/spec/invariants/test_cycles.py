"""Transactions follow one another, and time; by what they read, and by what they read past."""

import random

import pytest
from histories import Call, HistoryBuilder, guilty, innocent, untested
from oracles import cycles as oracle

from brokerlaw.conformance.importers.timeline import DONE, Part, Timeline
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.history.values import Placed, Record
from brokerlaw.spec.invariants import INVARIANTS

CYCLES = "cycles.write-read"
COMMIT, ABORT = ops.CommitTransaction("p"), ops.AbortTransaction("p")
Reads = tuple[tuple[int, int, bytes], ...]
"""(partition, offset, value) of each."""


class Clients:
    """Clients that do several things as one operation, whose parts have its times, and others that do one at a time."""

    def __init__(self, isolation: str = "read_committed", partitions: int = 2) -> None:
        self.timeline = Timeline(UserSettings({}, {}))
        self.isolation = isolation
        self.opened: set[str] = set()
        self.timeline.do(0, 0, "admin", ops.CreateTopic("t", partitions))

    def open(self, op: ops.OpenProducer | ops.OpenConsumer) -> None:
        if op.client not in self.opened:
            self.opened.add(op.client)
            self.timeline.do(0, 0, op.client, op)

    def transaction(
        self, name: str, begun: int, ended: int, sends: Reads = (), reads: Reads = (), end: Outcome | None = DONE
    ) -> None:
        """A transaction of one operation: polls come after sends; it ends in a commit of this outcome, None: abort."""
        producer, consumer = f"p{name}", f"c{name}"
        self.open(ops.OpenProducer(producer, transactional_id=name))
        self.open(ops.OpenConsumer(consumer, isolation=self.isolation))  # type: ignore[arg-type]  # one of the words
        records = tuple(Record("t", partition, offset, value) for partition, offset, value in reads)
        parts: list[Part] = [
            Part(ops.BeginTransaction(producer), DONE),
            *(
                Part(ops.Send(producer, "t", value, partition=partition), Ok(Placed("t", partition, offset)))
                for partition, offset, value in sends
            ),
            Part(ops.Poll(consumer), Ok(records)),
            Part(ops.AbortTransaction(producer), DONE) if end is None else Part(ops.CommitTransaction(producer), end),
        ]
        self.timeline.together(begun, ended, name, parts)

    def poll(self, name: str, begun: int, ended: int, reads: Reads) -> None:
        """A reader alone."""
        self.open(ops.OpenConsumer(name, isolation=self.isolation))  # type: ignore[arg-type]  # one of the words
        records = tuple(Record("t", partition, offset, value) for partition, offset, value in reads)
        self.timeline.do(begun, ended, name, ops.Poll(name), Ok(records))

    @property
    def recording(self) -> Recording:
        return self.timeline.recording("")


def reasons(clients: Clients) -> list[str]:
    return [each.reason for each in INVARIANTS[CYCLES].judge(History(clients.recording)).violations]


# --- reads of one another ---


def test_two_transactions_read_of_one_another() -> None:
    clients = Clients()
    clients.transaction("1", 1, 9, sends=((0, 0, b"a"),), reads=((1, 0, b"b"),))
    clients.transaction("2", 2, 8, sends=((1, 0, b"b"),), reads=((0, 0, b"a"),))
    assert reasons(clients) == [
        "c2 read 'a' at t/0@0, of a transaction by p1, and c1 read 'b' at t/1@0, of a transaction by p2:"
        " one of them read before its commit was asked for"
    ]


def test_the_shortest_circle_is_told() -> None:
    clients = Clients(partitions=3)
    clients.transaction("1", 1, 9, sends=((0, 0, b"a"),), reads=((2, 0, b"c"),))
    clients.transaction("2", 1, 9, sends=((1, 0, b"b"),), reads=((0, 0, b"a"), (2, 0, b"c")))
    clients.transaction("3", 1, 9, sends=((2, 0, b"c"),), reads=((1, 0, b"b"),))
    assert reasons(clients) == [
        "c3 read 'b' at t/1@0, of a transaction by p2, and c2 read 'c' at t/2@0, of a transaction by p3:"
        " one of them read before its commit was asked for"
    ]


@pytest.mark.parametrize("end", [DONE, Unknown("TIMED_OUT")])
def test_one_reads_of_the_other(end: Outcome) -> None:
    clients = Clients()
    clients.transaction("1", 1, 9, sends=((0, 0, b"a"),), end=end)
    clients.transaction("2", 2, 8, sends=((1, 0, b"b"),), reads=((0, 0, b"a"),))
    assert reasons(clients) == []
    assert INVARIANTS[CYCLES].judge(History(clients.recording)).exercised == 1


def test_read_uncommitted_consumers_may_read_of_one_another() -> None:
    clients = Clients(isolation="read_uncommitted")
    clients.transaction("1", 1, 9, sends=((0, 0, b"a"),), reads=((1, 0, b"b"),))
    clients.transaction("2", 2, 8, sends=((1, 0, b"b"),), reads=((0, 0, b"a"),))
    assert INVARIANTS[CYCLES].judge(History(clients.recording)) == (0, ())


def test_a_path_against_time() -> None:
    """The first to be read was asked to be committed after the last to read had ended."""
    clients = Clients()
    clients.transaction("2", 1, 9, sends=((1, 0, b"b"),), reads=((0, 0, b"a"),))
    clients.poll("late", 2, 3, ((1, 0, b"b"),))
    clients.transaction("1", 5, 8, sends=((0, 0, b"a"),))
    assert reasons(clients) == [
        "c2 read 'a' at t/0@0, of a transaction by p1, and late read 'b' at t/1@0, of a transaction by p2,"
        " which ended before the first of these was asked to be committed"
    ]


def test_a_path_with_time() -> None:
    clients = Clients()
    clients.transaction("2", 1, 9, sends=((1, 0, b"b"),), reads=((0, 0, b"a"),))
    clients.poll("late", 2, 5, ((1, 0, b"b"),))
    clients.transaction("1", 5, 8, sends=((0, 0, b"a"),))
    assert reasons(clients) == []


def test_what_is_read_of_itself_is_left_to_another_promise() -> None:
    clients = Clients()
    clients.transaction("1", 1, 9, sends=((0, 0, b"a"),), reads=((0, 0, b"a"),))
    assert reasons(clients) == []
    (violation,) = INVARIANTS["transactions.committed-only"].judge(History(clients.recording)).violations
    assert violation.reason == (
        "c1, read_committed, read 'a' at t/0@0, of a transaction by p1 before its commit was asked for"
    )


# --- reads past one another ---


def told(isolation: str = "read_committed") -> tuple[HistoryBuilder, Call, Call]:
    """A transaction of p is open, and another record stands behind its own."""
    history = HistoryBuilder()
    history.topic()
    history.producer(transactional_id="tx")
    history.producer("q")
    history.consumer("c", isolation=isolation)
    history.assign()
    begun = history.transaction()
    open_record = history.send(b"a", 0)
    history.send(b"b", 1, client="q")
    return history, begun, open_record


def test_beyond_an_open_transaction() -> None:
    history, begun, open_record = told()
    poll = history.poll("c", (1, b"b"))
    commit = history.do(COMMIT)
    reason = guilty(history, CYCLES, begun, open_record, commit, poll)
    assert reason == (
        "c, read_committed, was given t/0@1, beyond 'a' at t/0@0, of a transaction by p that was committed only later"
    )


def test_beyond_a_transaction_that_is_being_committed() -> None:
    history, *_ = told()
    commit = history.begin("p", COMMIT)
    history.poll("c", (1, b"b"))
    history.end(commit, DONE)
    assert innocent(history, CYCLES) == 1


@pytest.mark.parametrize(("op", "outcome"), [(ABORT, DONE), (COMMIT, Unknown("?")), (COMMIT, Fail("FENCED"))])
def test_a_transaction_that_may_have_been_aborted_in_time(op: AnyOperation, outcome: Outcome) -> None:
    history, *_ = told()
    history.poll("c", (1, b"b"))
    history.do(op, outcome)
    untested(history, CYCLES)


def test_read_uncommitted_consumers_read_beyond_open_transactions() -> None:
    history, *_ = told("read_uncommitted")
    history.poll("c", (1, b"b"))
    history.do(COMMIT)
    untested(history, CYCLES)


def test_without_transactions_nothing_is_looked_at() -> None:
    history = HistoryBuilder()
    history.topic()
    history.producer()
    history.consumer("c", isolation="read_committed")
    history.send(b"a", 0)
    history.poll("c", (0, b"a"))
    untested(history, CYCLES)


# --- the oracle ---


def chance(rng: random.Random) -> Clients:
    """A few transactions and readers, that read whatever is in the log."""
    clients = Clients(isolation=rng.choice(["read_committed"] * 4 + ["read_uncommitted"]))
    names = [f"{n}" for n in range(rng.randint(1, 4))]
    offsets = [0, 0]
    log: list[tuple[int, int, bytes]] = []
    sends: dict[str, Reads] = {}
    for name in [*names, *rng.sample(names, rng.randint(0, len(names)))]:
        partition = rng.randrange(2)
        log.append((partition, offsets[partition], b"%d" % len(log)))
        sends[name] = (*sends.get(name, ()), log[-1])
        offsets[partition] += rng.randint(1, 2)
    for name in names:
        begun = rng.randint(1, 12)
        end = rng.choice([DONE, DONE, DONE, Unknown("?"), Fail("?"), None])
        reads = tuple(sorted(rng.sample(log, rng.randint(0, min(2, len(log))))))
        clients.transaction(name, begun, begun + rng.randint(0, 8), sends[name], reads, end)
    for n in range(rng.randint(0, 2)):
        begun = rng.randint(1, 16)
        clients.poll(
            f"r{n}", begun, begun + rng.randint(0, 4), tuple(sorted(rng.sample(log, rng.randint(1, len(log)))))
        )
    return clients


def test_the_judge_equals_its_oracle(histories_drawn: int) -> None:
    rng = random.Random(8)
    guilty_ones = [0, 0]
    for _ in range(histories_drawn):
        recording = chance(rng).recording
        past, tangled = oracle.broken(recording)
        violations = INVARIANTS[CYCLES].judge(History(recording)).violations
        told = [violation for violation in violations if ", was given " in violation.reason]
        assert len(told) == past, recording
        assert (len(violations) > past) == tangled, recording
        guilty_ones[0] += past > 0
        guilty_ones[1] += tangled
    assert min(guilty_ones) > histories_drawn // 100, guilty_ones
