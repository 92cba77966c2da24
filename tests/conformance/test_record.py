"""A recording is in the order of its times, whoever was heard first."""

from brokerlaw.conformance.record import Recorder
from brokerlaw.spec.history.observations import Revoked
from brokerlaw.spec.history.operations import Flush
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Header


def test_rows_are_in_the_order_of_their_times() -> None:
    recorder = Recorder(Header())
    first, second = recorder.invoke(10, "a", Flush("a")), recorder.invoke(20, "b", Flush("b"))
    recorder.complete(15, first, Ok())
    recorder.observe(12, "a", Revoked("g", "m", 1, ()))
    recorder.complete(5, second, Ok())
    assert [row.time for row in recorder.close().rows] == [10, 12, 15, 20, 20]


def test_what_comes_at_one_time_stays_as_it_came() -> None:
    recorder = Recorder(Header())
    number = recorder.invoke(10, "a", Flush("a"))
    recorder.observe(10, "a", Revoked("g", "m", 1, ()))
    recorder.complete(10, number, Ok())
    assert [type(row).__name__ for row in recorder.close().rows] == ["Invoke", "Observe", "Complete"]
