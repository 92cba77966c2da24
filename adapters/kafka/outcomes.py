"""From librdkafka's errors to outcomes: `Fail` only where nothing has happened for certain.

What each code says: https://kafka.apache.org/protocol#protocol_error_codes and librdkafka's rdkafka.h.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown

NO_EFFECT: Final = frozenset(
    {
        KafkaError.NOT_ENOUGH_REPLICAS,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError._UNKNOWN_PARTITION,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError._QUEUE_FULL,
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.FENCED_MEMBER_EPOCH,
        KafkaError.STALE_MEMBER_EPOCH,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.INVALID_REQUIRED_ACKS,
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.TOPIC_ALREADY_EXISTS,
        KafkaError.TOPIC_EXCEPTION,
        KafkaError.INVALID_PARTITIONS,
        KafkaError.INVALID_REPLICATION_FACTOR,
        KafkaError.INVALID_CONFIG,
        KafkaError.INVALID_REQUEST,
        KafkaError.POLICY_VIOLATION,
        KafkaError.NON_EMPTY_GROUP,
        KafkaError.GROUP_ID_NOT_FOUND,
        KafkaError.GROUP_SUBSCRIBED_TO_TOPIC,
        KafkaError.INVALID_GROUP_ID,
        KafkaError.OFFSET_METADATA_TOO_LARGE,
        KafkaError._INVALID_ARG,
        KafkaError._STATE,
        KafkaError._NO_OFFSET,
        KafkaError._FENCED,
    }
)
FIRST_ATTEMPT: Final = 0.5
"""Seconds. A refusal that took longer may have met a retry, whose first attempt had its effect unheard."""


def outcome_of(error: KafkaError, begun: float | None = None) -> Fail | Unknown:
    """`Fail` only where the error says that nothing happened, and answers the first attempt, if others were possible.

    `begun` is when the operation began, in seconds of the monotonic clock; None where nothing is tried again.
    """
    first = begun is None or time.monotonic() - begun < FIRST_ATTEMPT
    kind = Fail if first and error.code() in NO_EFFECT else Unknown
    return kind(error.name(), error.str())


def of_all(errors: Sequence[KafkaError | None], begun: float | None = None) -> Outcome:
    """Of what was asked for several partitions: a refusal is certain where all are refused."""
    refused = [error for error in errors if error is not None]
    if not refused:
        return Ok()
    return (
        outcome_of(refused[0], begun) if len(refused) == len(errors) else Unknown(refused[0].name(), refused[0].str())
    )


def attempt(
    action: Callable[[], object],
    retry_for: float = 0,
    retry_on: tuple[int, ...] = (),
    commits: bool = False,
) -> Outcome:
    """Do it, again while the error is one to retry and there is time.

    `commits` a transaction: one that must be aborted was not committed, unless an earlier attempt has done so.
    """
    begun, tries = time.monotonic(), 0
    while True:
        tries += 1
        try:
            action()
        except KafkaException as error:
            kafka = error.args[0]
            if (kafka.retriable() or kafka.code() in retry_on) and time.monotonic() - begun < retry_for:
                time.sleep(0.05)
                continue
            if tries > 1:
                return Unknown(kafka.name(), kafka.str())
            return _of_commit(kafka, begun) if commits else outcome_of(kafka, begun)
        except (ValueError, RuntimeError) as error:
            return Fail(type(error).__name__, str(error))
        return Ok()


def _of_commit(error: KafkaError, begun: float) -> Fail | Unknown:
    """The coordinator refuses the fenced at once; other refusals may come from beyond the decision."""
    if error.txn_requires_abort():
        return Fail(error.name(), error.str())
    return outcome_of(error, begun) if error.code() == KafkaError._FENCED else Unknown(error.name(), error.str())
