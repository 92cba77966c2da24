"""The reference's producers: idempotence, and transactions."""

from driving import Driven

from brokerlaw.spec.history import operations as ops


def transactional(timeout: int = 10_000) -> Driven:
    cluster = Driven()
    cluster.do(ops.OpenProducer("p", transactional_id="tx", transaction_timeout=timeout))
    return cluster


def test_lost_answers_lead_to_retries_and_never_to_a_second_record() -> None:
    cluster = Driven(loss="2")
    cluster.do(ops.OpenProducer("p"))
    values = [b"%d" % number for number in range(40)]
    for value in values:
        cluster.do(ops.Send("p", "t", value))
    assert cluster.read() == values


def test_without_idempotence_they_do() -> None:
    cluster = Driven(loss="2")
    cluster.do(ops.OpenProducer("p", idempotent=False))
    for number in range(40):
        cluster.do(ops.Send("p", "t", b"%d" % number))
    assert len(cluster.read()) > 40


def test_a_transaction_shows_when_it_is_committed() -> None:
    cluster = transactional()
    cluster.do(ops.BeginTransaction("p"))
    cluster.send(b"a")
    cluster.send(b"b")
    assert cluster.read() == [b"a", b"b"]
    assert cluster.read("read_committed") == []
    cluster.do(ops.CommitTransaction("p"))
    cluster.wait(100)
    assert cluster.read("read_committed") == [b"a", b"b"]


def test_a_transaction_that_was_aborted_never_shows() -> None:
    cluster = transactional()
    for value, end in ((b"a", ops.AbortTransaction("p")), (b"b", ops.CommitTransaction("p"))):
        cluster.do(ops.BeginTransaction("p"))
        cluster.send(value)
        cluster.do(end)
    cluster.wait(100)
    assert cluster.read("read_committed") == [b"b"]
    assert cluster.read() == [b"a", b"b"]


def test_a_namesake_fences_and_aborts_what_is_open() -> None:
    cluster = transactional()
    cluster.do(ops.BeginTransaction("p"))
    cluster.send(b"a")
    cluster.do(ops.OpenProducer("q", transactional_id="tx"))
    cluster.do(ops.BeginTransaction("q"))
    cluster.send(b"b", "q")
    cluster.do(ops.CommitTransaction("q"))
    assert cluster.refused(ops.CommitTransaction("p")) == "PRODUCER_FENCED"
    cluster.wait(100)
    assert cluster.read("read_committed") == [b"b"]


def test_a_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced() -> None:
    cluster = transactional(timeout=1_000)
    cluster.do(ops.BeginTransaction("p"))
    cluster.send(b"a")
    cluster.wait(2_000)
    assert cluster.refused(ops.CommitTransaction("p")) == "PRODUCER_FENCED"
    assert cluster.read("read_committed") == []


def test_a_transaction_outlives_its_coordinator() -> None:
    cluster = transactional(timeout=60_000)
    cluster.do(ops.BeginTransaction("p"))
    cluster.send(b"a")
    for broker in range(3):
        cluster.do(ops.KillBroker(broker))
        cluster.wait(1_500)
        cluster.do(ops.RestartBroker(broker))
        cluster.wait(1_500)
    cluster.do(ops.CommitTransaction("p"))
    cluster.wait(500)
    assert cluster.read("read_committed") == [b"a"]
