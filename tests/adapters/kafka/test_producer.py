"""What a producer's delivery reports come by, also after the error that ends it."""

from threading import Event
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from confluent_kafka import KafkaError, KafkaException

from brokerlaw.adapters.kafka.producer import _serve_deliveries


def test_after_a_fatal_error_what_is_in_flight_is_given_up_and_reports_are_served_on() -> None:
    done, stop = [], Event()

    class Producer:
        def poll(self, _: float) -> None:
            done.append("poll")
            if len(done) == 1:
                raise KafkaException(KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, fatal=True))
            stop.set()

        def purge(self, blocking: bool) -> None:
            done.append("purge")

    producer: Any = Producer()
    _serve_deliveries(producer, stop)
    assert done == ["poll", "purge", "poll"]
