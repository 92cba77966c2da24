"""The client's process: whatever librdkafka does, an operation comes back in time."""

from threading import Event

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.kafka import client as module
from brokerlaw.adapters.kafka.client import KafkaClient
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome, Unknown


class Hanging(KafkaClient):
    """A client whose commits wait for a coordinator that never comes."""

    def __init__(self) -> None:
        super().__init__({})
        self.coordinator = Event()

    def commit_transaction(self, op: ops.CommitTransaction) -> Outcome:
        self.coordinator.wait()
        return Ok()

    def begin_transaction(self, op: ops.BeginTransaction) -> Outcome:
        return Ok()


def test_an_operation_that_hangs_is_given_up_and_the_client_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 0.05)
    client = Hanging()
    assert client.perform(ops.BeginTransaction("p")) == Ok()
    given_up = client.perform(ops.CommitTransaction("p"))
    assert given_up == Unknown("STUCK", "commit_transaction did not return within 0.05 s")
    assert client.perform(ops.BeginTransaction("p")) == Unknown("STUCK", "commit_transaction has not returned")
    client.coordinator.set()


def test_an_exception_is_nobodys_knowledge() -> None:
    outcome = KafkaClient({}).perform(ops.Poll("c"))
    assert isinstance(outcome, Unknown)
    assert outcome.error == "AssertionError"
