"""Arguments of a reduced plan become plain, where that changes nothing."""

from brokerlaw.conformance.plain import plainer, weight
from brokerlaw.conformance.plan import Steps
from brokerlaw.conformance.shrink import Shrinker
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import RecordHeader

STEPS: Steps = (
    ops.CreateTopic("t", partitions=2),
    ops.OpenProducer("p"),
    ops.Send("p", "t", b"p-0:" + b"y" * 2_000, b"k", 1, 1_700, (RecordHeader("h", b"1"),)),
    ops.Send("p", "t", b"p-1:x", b"k", 1),
    ops.DescribePartition("t", 1),
)


def shrunk(breaks: object) -> Steps:
    return Shrinker(breaks, lambda: True).shrink(STEPS).steps  # type: ignore[arg-type]  # any predicate


def test_what_says_nothing_goes() -> None:
    plain = shrunk(lambda steps: len(steps) == 5)
    assert plain[0] == ops.CreateTopic("t")
    assert plain[2:4] == (ops.Send("p", "t", b"p-0:"), ops.Send("p", "t", b"p-1:"))
    assert plain[4] == ops.DescribePartition("t", 0)


def test_what_matters_stays() -> None:
    def keyed_and_long(steps: Steps) -> bool:
        sends = [step for step in steps if isinstance(step, ops.Send)]
        return any(send.key == b"k" for send in sends) and any(len(send.value or b"") > 2_000 for send in sends)

    plain = shrunk(keyed_and_long)
    sends = [step for step in plain if isinstance(step, ops.Send)]
    assert keyed_and_long(plain)
    assert sum(send.key is not None for send in sends) == 1
    assert all(not send.headers and send.timestamp is None for send in sends)


def test_every_candidate_is_plainer() -> None:
    candidates = list(plainer(STEPS))
    assert candidates
    assert all(weight(each) < weight(STEPS) for each in candidates)
    assert list(plainer((ops.CreateTopic("t"), ops.OpenProducer("p"), ops.Send("p", "t", b"p-0:")))) == []
