"""Any adapter as a program: in memory, and in a process of its own."""

import io
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy import Simulated, Toy

from brokerlaw.adapters import wire
from brokerlaw.adapters.channel import Channel
from brokerlaw.adapters.contract import AdapterError
from brokerlaw.adapters.serve import Server
from brokerlaw.spec.history.observations import Lost, Observation
from brokerlaw.spec.history.operations import Close, Flush, Send
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from brokerlaw.spec.history.values import Placed

HELLO = wire.Hello(1, wire.CONTRACT, {"a": "b"})


def converse(kind: type[Toy], *requests: wire.AnyRequest) -> tuple[list[wire.AnyMessage], Toy | None]:
    """All that the program says, and the adapter behind it."""
    made: list[Toy] = []

    def make(settings: object) -> Toy:
        assert isinstance(settings, dict)
        made.append(kind(settings))
        return made[-1]

    output = io.BytesIO()
    Server(make, output, "toy").run(io.BytesIO(b"".join(map(wire.line, requests))))
    return [wire.read_message(line) for line in output.getvalue().splitlines()], made[0] if made else None


def test_a_whole_life() -> None:
    said, toy = converse(Toy, HELLO, wire.Reset(2), wire.Wait(3, 20), wire.Stop(4), wire.Reset(5))
    assert [message.id for message in said if isinstance(message, wire.Complete)] == [1, 2, 3, 4]
    assert toy is not None
    assert toy.settings == {"a": "b"}
    assert toy.life == ["start", "reset", "wait 20", "stop"]


def test_the_end_of_input_ends_the_adapter() -> None:
    _, toy = converse(Toy, HELLO)
    assert toy is not None
    assert toy.life == ["start", "stop"]


def test_late_answers_come_late_and_with_their_time() -> None:
    sends = [wire.Invoke(number, Send("p", "late", b"", awaited=False)) for number in (2, 3)]
    began = time.monotonic_ns()
    said, _ = converse(Toy, HELLO, *sends, wire.Invoke(4, Flush("p")))
    answers = [message for message in said if isinstance(message, wire.Complete)]
    assert [answer.id for answer in answers] == [1, 3, 2, 4]
    times = [answer.time for answer in answers if answer.time is not None]
    assert len(times) == 4
    assert times == sorted(times)
    assert began <= times[0]


def test_a_simulated_clock_is_shown_and_claimed() -> None:
    said, _ = converse(Simulated, HELLO, wire.Invoke(2, Send("p", "observed", b"")))
    assert [message.time for message in said if not isinstance(message, wire.GaveUp)] == [17, 17, 17]
    assert isinstance(said[0], wire.Complete)
    assert isinstance(said[0].outcome, Ok)
    assert said[0].outcome.value["claims"] == ["simulated-time"]


def test_what_an_adapter_raises_is_nobodys_knowledge() -> None:
    said, _ = converse(Toy, HELLO, wire.Invoke(2, Send("p", "raise", b"")), wire.Invoke(3, Close("p")))
    outcomes = [message.outcome for message in said if isinstance(message, wire.Complete)]
    assert outcomes[1:] == [Unknown("ValueError", "what nobody expected"), Fail("UNSUPPORTED", "Toy has no close")]


def test_an_adapters_fault_is_told_after_it_has_cleared_up() -> None:
    said, toy = converse(Toy, HELLO, wire.Invoke(2, Send("p", "fault", b"")), wire.Reset(3))
    assert said[-1] == wire.GaveUp("out of licences")
    assert toy is not None
    assert toy.life == ["start", "stop"]


def test_an_answer_that_cannot_be_written_is_a_fault() -> None:
    said, _ = converse(Toy, HELLO, wire.Invoke(2, Send("p", "nonsense", b"")))
    assert isinstance(said[-1], wire.GaveUp)
    assert "answered send with a wrong value: " in said[-1].message


@pytest.mark.parametrize("first", [wire.Reset(1), wire.Hello(1, 99, {})])
def test_a_conversation_begins_with_hello_in_a_known_contract(first: wire.AnyRequest) -> None:
    said, _ = converse(Toy, first)
    assert isinstance(said[0], wire.GaveUp)
    assert "hello" in said[0].message or "contract 99" in said[0].message


@pytest.fixture
def served() -> Iterator[tuple[Channel, list[tuple[int, str, Observation]]]]:
    seen: list[tuple[int, str, Observation]] = []
    toy = Path(__file__).with_name("toy.py")
    with Channel("toy", [sys.executable, str(toy)], lambda *what: seen.append(what), patience=60.0) as channel:
        yield channel, seen


def test_in_a_process_of_its_own(served: tuple[Channel, list[tuple[int, str, Observation]]]) -> None:
    channel, seen = served
    assert channel.hello({"a": "b"}).settings == {"a": "b"}
    late = channel.invoke(Send("p", "late", b"", awaited=False))
    assert channel.perform(Send("p", "observed", b"four")).outcome == Ok(Placed("observed", 0, 4))
    assert [(process, what) for _, process, what in seen] == [("c", Lost("g", "m", 1, ()))]
    assert not late.done()
    flushed = channel.perform(Flush("p"))
    assert late.result(0).at <= flushed.at
    assert channel.close()


def test_why_it_could_not_start(served: tuple[Channel, object]) -> None:
    with pytest.raises(AdapterError, match="toy gave up: the licence has expired: renew it"):
        served[0].hello({"broken": "yes"})
