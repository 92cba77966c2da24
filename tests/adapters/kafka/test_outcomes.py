"""What librdkafka's errors come to: `Fail` claims that nothing happened, and so it must be certain."""

import time

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException

from brokerlaw.adapters.kafka.outcomes import FIRST_ATTEMPT, attempt, of_all, outcome_of
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown

REFUSED = KafkaError(KafkaError.NOT_ENOUGH_REPLICAS)
TIMED_OUT = KafkaError(KafkaError._MSG_TIMED_OUT)


def long_ago() -> float:
    return time.monotonic() - FIRST_ATTEMPT


def test_a_refusal_is_a_failure() -> None:
    assert outcome_of(REFUSED) == Fail("NOT_ENOUGH_REPLICAS", REFUSED.str())


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._MSG_TIMED_OUT,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError.REQUEST_TIMED_OUT,
        KafkaError._PURGE_INFLIGHT,
    ],
)
def test_what_may_have_happened_is_unknown(code: int) -> None:
    assert isinstance(outcome_of(KafkaError(code)), Unknown)


def test_a_late_refusal_may_answer_a_retry_and_is_unknown() -> None:
    assert isinstance(outcome_of(REFUSED, time.monotonic()), Fail)
    assert isinstance(outcome_of(REFUSED, long_ago()), Unknown)


class Scripted:
    """An action that raises these errors in turn, and then succeeds."""

    def __init__(self, *errors: KafkaError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1
        if self.errors:
            raise KafkaException(self.errors.pop(0))


RETRIABLE = KafkaError(KafkaError._TIMED_OUT, retriable=True)
TO_BE_ABORTED = KafkaError(KafkaError._STATE, txn_requires_abort=True)


def test_what_may_be_tried_again_is() -> None:
    action = Scripted(RETRIABLE, RETRIABLE)
    assert attempt(action, retry_for=5) == Ok()
    assert action.calls == 3


def test_without_time_nothing_is_tried_again() -> None:
    action = Scripted(RETRIABLE)
    assert isinstance(attempt(action), Unknown)
    assert action.calls == 1


def test_an_error_that_may_not_be_tried_again_is_told_at_once() -> None:
    action = Scripted(TIMED_OUT)
    assert attempt(action, retry_for=5) == Unknown("_MSG_TIMED_OUT", TIMED_OUT.str())
    assert action.calls == 1


def test_a_transaction_that_must_be_aborted_was_not_committed() -> None:
    assert isinstance(attempt(Scripted(TO_BE_ABORTED), commits=True), Fail)


def test_unless_an_earlier_attempt_may_have_committed_it() -> None:
    action = Scripted(RETRIABLE, TO_BE_ABORTED)
    assert isinstance(attempt(action, retry_for=5, commits=True), Unknown)
    assert action.calls == 2


def test_a_commit_that_fails_otherwise_is_unknown() -> None:
    assert isinstance(attempt(Scripted(REFUSED), commits=True), Unknown)


def test_a_fenced_producers_commit_is_refused() -> None:
    fenced = KafkaError(KafkaError._FENCED, fatal=True)
    assert isinstance(attempt(Scripted(fenced), commits=True), Fail)
    assert isinstance(attempt(Scripted(RETRIABLE, fenced), retry_for=5, commits=True), Unknown)


def test_what_is_refused_after_another_attempt_may_have_been_done_by_that() -> None:
    assert isinstance(attempt(Scripted(RETRIABLE, REFUSED), retry_for=5), Unknown)


def test_what_is_asked_for_several_partitions_is_refused_where_all_are() -> None:
    assert of_all([None, None]) == Ok()
    assert isinstance(of_all([REFUSED, REFUSED]), Fail)
    assert isinstance(of_all([None, REFUSED]), Unknown)


def test_misuse_had_no_effect() -> None:
    def misuse() -> None:
        raise RuntimeError("Consumer closed")

    assert attempt(misuse) == Fail("RuntimeError", "Consumer closed")
