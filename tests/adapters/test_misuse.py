"""Whatever a program does wrong is found, named, quoted, and ends its life; whatever is right is not."""

import os
import re
from collections.abc import Callable

import pytest
from processes import gone

from brokerlaw.adapters.channel import Channel
from brokerlaw.adapters.contract import AdapterError, Misuse
from brokerlaw.spec.history.operations import Flush, Send
from brokerlaw.spec.history.outcomes import Fail, Ok
from brokerlaw.spec.history.values import Placed

Speak = Callable[..., Channel]
SEND = Send("p", "t", b"hello")

WRONG: dict[str, tuple[Misuse, str]] = {
    "hang": (Misuse.HUNG, "did not complete send (request 2) within 2 s"),
    "half_a_line": (Misuse.HALF_A_LINE, 'its last line has no end: «{"type":"comp»'),
    "exit": (
        Misuse.DIED,
        "exited with code 3 during send (request 2), before it was told to stop\n"
        "    its last words on standard error:\n    something broke",
    ),
    "signal": (Misuse.DIED, "was killed by SIGSEGV"),
    "orphan": (Misuse.DIED, "exited with code 3"),
    "garbage": (Misuse.NOT_JSON, r"«Connecting to broker...\t\x1b[31m...."),
    "binary": (Misuse.NOT_JSON, r"«\xff\xfe\x00»"),
    "blank": (Misuse.NOT_JSON, "«»"),
    "nested": (Misuse.NOT_JSON, "recursion"),
    "junk_flood": (Misuse.NOT_JSON, "«xxxx"),
    "endless_line": (Misuse.LINE_TOO_LONG, "of more than 67108864 bytes; it begins: «xxx"),
    "observation_flood": (Misuse.TOO_MANY_OBSERVATIONS, "more than 10000 observations within a second"),
    "twice_before": (Misuse.ANSWERED_TWICE, "completed request 1 twice: «{"),
    "unknown_request": (Misuse.NEVER_ASKED, "completed request 72, which was never made: «{"),
    "wrong_value": (
        Misuse.NOT_ALLOWED,
        "as the answer to send (request 2): Expected `int`, got `str` - at `$.outcome.value.partition`: «{",
    ),
    "no_value": (Misuse.NOT_ALLOWED, "Expected `object`, got `null` - at `$.outcome.value`: «{"),
    "wrong_word": (Misuse.NOT_ALLOWED, "Invalid value 'completed' - at `$.type`: «{"),
    "wrong_field": (Misuse.NOT_ALLOWED, "Object contains unknown field `thyme`: «{"),
    "wrong_observation": (Misuse.NOT_ALLOWED, "Invalid value 'applied' - at `$.value.o`: «{"),
    "in_the_past": (Misuse.WRONG_TIME, "gave the time 17, which lies before"),
    "in_the_future": (Misuse.WRONG_TIME, "when it was read"),
    "in_seconds": (Misuse.WRONG_TIME, "times are CLOCK_MONOTONIC in ns"),
    "fault": (Misuse.GAVE_UP, "gave up: the licence has expired: renew it"),
    "close_output": (Misuse.DIED, "closed its standard output during send (request 2), before it was told to stop"),
}


SILENT = {"hang", "half_a_line", "orphan"}
"""Whatever the patience, all of it is needed to find these out."""


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_with_an_answer_is_named(kind: str, speak: Speak) -> None:
    expected, words = WRONG[kind]
    channel = speak(kind, 2.0) if kind in SILENT else speak(kind)
    with pytest.raises(AdapterError) as caught:
        channel.perform(SEND)
    assert caught.value.code == expected.code
    assert words in str(caught.value)
    assert str(caught.value).startswith("rogue ")
    assert len(str(caught.value).partition("\n")[0]) < 500
    with pytest.raises(AdapterError) as again:  # and from then on
        channel.perform(SEND)
    assert again.value is caught.value
    assert not channel.alive


def test_a_second_answer_is_found(speak: Speak) -> None:
    channel = speak("twice")
    with pytest.raises(AdapterError, match="completed request 2 twice"):
        for _ in range(2):
            channel.perform(SEND)


def test_a_program_that_exits_at_once(speak: Speak) -> None:
    with pytest.raises(AdapterError, match=r"(?s)exited with code 1 .*no such broker"):
        speak("exit_at_start")


def test_a_program_that_never_reads(speak: Speak) -> None:
    with pytest.raises(AdapterError, match="did not complete hello"):
        speak("deaf_from_the_start", at_hello=0.3)


def test_a_program_that_stops_reading_is_noticed_even_when_nothing_is_awaited(speak: Speak) -> None:
    channel = speak("deaf", 0.3)
    first = channel.invoke(Send("p", "t", b"", awaited=False))
    second = channel.invoke(Send("p", "t", b"", awaited=False))
    with pytest.raises(AdapterError, match=r"did not read its standard input for 0.3 s, and was asked for send"):
        for _ in range(1_000):
            channel.invoke(Send("p", "t", b"x" * 4_000, awaited=False))
    assert first.result(0).outcome == Ok(Placed("t", 0, 0))
    assert isinstance(second.exception(0), AdapterError)


def test_a_program_that_closes_its_input(speak: Speak) -> None:
    channel = speak("close_input", 0.3)
    with pytest.raises(AdapterError, match=r"closed its standard input|did not complete send"):
        for _ in range(3):
            channel.perform(SEND)


def test_a_description_with_an_unknown_capability(speak: Speak) -> None:
    with pytest.raises(AdapterError, match="'topiks'"):
        speak("wrong_capability")


def test_there_is_no_such_program() -> None:
    with pytest.raises(AdapterError, match=r"\./nowhere cannot be started: No such file or directory; check"):
        Channel("./nowhere", ["./nowhere"], lambda *_: None)


def test_answers_may_come_out_of_order(speak: Speak) -> None:
    channel = speak("backwards")
    late = [channel.invoke(Send("p", "t", b"", awaited=False)) for _ in range(5)]
    channel.perform(Flush("p"))
    assert [future.result(60).outcome for future in late] == [Ok(Placed("t", 0, number)) for number in range(2, 7)]


def test_a_refusal_is_an_outcome_to_the_channel(speak: Speak) -> None:
    assert speak("refuse").perform(SEND).outcome == Fail("UNSUPPORTED", "no")


def test_a_talkative_program_is_let_talk(speak: Speak) -> None:
    channel = speak("talkative")
    for _ in range(2):
        assert channel.perform(SEND).outcome == Ok(Placed("t", 0, 0))


def test_only_the_last_words_are_kept(speak: Speak) -> None:
    channel = speak("talkative")
    channel.perform(SEND)
    os.kill(channel.pid, 9)
    with pytest.raises(AdapterError) as caught:
        for _ in range(2):
            channel.perform(SEND)
    assert "line 19999" in str(caught.value)
    assert len(str(caught.value)) < 3_000


def test_misuse_ends_the_program_and_its_children(speak: Speak) -> None:
    channel = speak("orphan", 0.3)
    with pytest.raises(AdapterError) as caught:
        channel.perform(SEND)
    orphan = re.search(r"orphan (\d+)", str(caught.value))
    assert orphan and gone(int(orphan[1]))
