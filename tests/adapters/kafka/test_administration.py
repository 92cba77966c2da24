"""What is asked of the admin client: again while something stands in the way, and told as it was."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException

from brokerlaw.adapters.kafka.administration import Administration
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown

NON_EMPTY, TIMED_OUT = KafkaError.NON_EMPTY_GROUP, KafkaError._TIMED_OUT


def answering(*codes: int) -> Callable[[], Future[Any]]:
    """A request that is refused for these reasons in turn, the last again and again; 0: it succeeds."""
    left = list(codes)

    def ask() -> Future[Any]:
        future: Future[Any] = Future()
        code = left.pop(0) if len(left) > 1 else left[0]
        if code:
            future.set_exception(KafkaException(KafkaError(code)))
        else:
            future.set_result("done")
        return future

    return ask


def asked(*codes: int, retry_for: float = 5, refused_for: float = 0) -> Outcome:
    return Administration({})._future(answering(*codes), retry_for, refused_for)


def test_a_refusal_is_told_unless_an_attempt_before_it_may_have_had_its_effect() -> None:
    assert isinstance(asked(NON_EMPTY), Fail)
    assert isinstance(asked(TIMED_OUT, NON_EMPTY), Unknown)


def test_what_passes_is_waited_for() -> None:
    assert asked(TIMED_OUT, 0) == Ok("done")
    assert asked(NON_EMPTY, 0, refused_for=5) == Ok("done")
    assert isinstance(asked(TIMED_OUT, retry_for=0), Unknown)


def test_lag_is_from_the_commit_to_the_end_of_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    committed: list[Outcome] = [Ok(3), Ok(12), Ok(None), Unknown("TIMEOUT")]
    monkeypatch.setattr(Administration, "fetch_committed", lambda _self, _op: committed.pop(0))
    monkeypatch.setattr(Administration, "list_offsets", lambda _self, _op: Ok(10))
    lag = ops.Lag("g", "t", 0)
    assert [Administration({}).lag(lag) for _ in range(4)] == [Ok(7), Ok(0), Ok(None), Unknown("TIMEOUT")]


def test_a_list_of_groups_that_lacks_a_brokers_is_unknown() -> None:
    class Admin:
        def list_consumer_groups(self, **_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(type("Result", (), {"valid": [], "errors": [KafkaException(KafkaError(TIMED_OUT))]})())
            return future

    asking: Any = Administration({})
    asking._admin = Admin()
    assert isinstance(asking.list_groups(ops.ListGroups()), Unknown)


@pytest.mark.parametrize(("at", "told"), [("earliest", Unknown), ("latest", Unknown), (1_000, Ok)])
def test_a_log_without_a_start_or_an_end_was_not_heard_of(at: Any, told: type[Any]) -> None:
    class Admin:
        def list_offsets(self, asked: dict[Any, Any], **_: Any) -> dict[Any, Future[Any]]:
            future: Future[Any] = Future()
            future.set_result(type("Result", (), {"offset": -1})())
            return dict.fromkeys(asked, future)

    asking: Any = Administration({})
    asking._admin = Admin()
    assert isinstance(asking.list_offsets(ops.ListOffsets("t", 0, at)), told)
