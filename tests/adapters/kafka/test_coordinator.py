"""Deleting a group's offsets at its coordinator: what is asked, and what the answers come to."""

import struct
from collections.abc import Callable

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.kafka import coordinator
from brokerlaw.adapters.kafka.coordinator import delete_offsets
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown
from brokerlaw.spec.history.values import TopicPartition

FOUND = struct.pack(">ihih", 1, 0, 7, 4) + b"host" + struct.pack(">i", 9092)
MOVED = struct.pack(">ihii", 1, 16, 0, 0)
TWO = (TopicPartition("t", 0), TopicPartition("t", 1))


def errors(*codes: int) -> bytes:
    """An answer about the partitions 0, 1, … of the topic t."""
    partitions = b"".join(struct.pack(">ih", index, code) for index, code in enumerate(codes))
    return struct.pack(">ihiih", 1, 0, 0, 1, 1) + b"t" + struct.pack(">i", len(codes)) + partitions


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """What comes of a deletion where the coordinator answers with these, one after the other."""

    def asked(*replies: bytes | None, retry_for: float = 5, addresses: int = 1) -> Outcome:
        left = list(replies)

        def ask(address: tuple[str, int], request: bytes, _: float) -> bytes | None:
            (api,) = struct.unpack_from(">h", request)
            if api == coordinator.FIND_COORDINATOR:
                return None if address[0] == "down" else FOUND
            assert address == ("host", 9092)
            return left.pop(0)

        monkeypatch.setattr(coordinator, "ask", ask)
        outcome = delete_offsets([("down", 1), ("up", 2)][-addresses:], "g", TWO, retry_for)
        assert not left
        return outcome

    return asked


def test_the_request_names_each_topic_once() -> None:
    request = coordinator._offset_delete("g", (TopicPartition("b", 0), TopicPartition("a", 1), TopicPartition("a", 0)))
    body = struct.pack(">h1si h1si2i h1sii", 1, b"g", 2, 1, b"a", 2, 0, 1, 1, b"b", 1, 0)
    assert request == struct.pack(">hhih", 47, 0, 1, -1) + body


def test_what_is_deleted_is_deleted(answer: Callable[..., Outcome]) -> None:
    assert answer(errors(0, 0)) == Ok()
    assert answer(errors(0, 0), addresses=2) == Ok()


def test_what_is_refused_whole_had_no_effect(answer: Callable[..., Outcome]) -> None:
    refused = answer(errors(86, 86))
    assert isinstance(refused, Fail)
    assert refused.error == "GROUP_SUBSCRIBED_TO_TOPIC"
    assert isinstance(answer(struct.pack(">ihii", 1, 69, 0, 0)), Fail)


def test_what_is_refused_in_part_is_unknown(answer: Callable[..., Outcome]) -> None:
    assert isinstance(answer(errors(0, 86)), Unknown)


def test_it_is_asked_again_while_the_coordinator_moves_and_then_a_refusal_is_unknown(
    answer: Callable[..., Outcome],
) -> None:
    assert answer(MOVED, None, errors(0, 0)) == Ok()
    assert isinstance(answer(MOVED, errors(86, 86)), Unknown)


def test_it_is_given_up_in_time(answer: Callable[..., Outcome]) -> None:
    moved = answer(MOVED, retry_for=0)
    assert isinstance(moved, Unknown)
    assert moved.error == "NOT_COORDINATOR"
    assert answer(None, retry_for=0) == Unknown("NO_COORDINATOR", "no coordinator answers")
