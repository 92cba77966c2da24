"""An adapter in Python may raise and answer what it likes: it is told, and never taken for the broker."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from toy import Simulated, Toy

from brokerlaw.adapters.checked import Checked
from brokerlaw.adapters.contract import Adapter, AdapterError, Description, Misuse, Timed
from brokerlaw.spec.history.observations import Drained, Lost
from brokerlaw.spec.history.operations import Flush, Operation, Poll, Send
from brokerlaw.spec.history.outcomes import Fail, Ok, Unknown
from brokerlaw.spec.history.values import Placed

SEND = Send("p", "t", b"hello")
LATER = Send("p", "t", b"", awaited=False)
Use = Callable[[Adapter], Any]


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Untold(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


def checked(**methods: Any) -> Checked:
    """A toy with some of its methods replaced: by what they return, or by what they call."""
    replaced = {
        name: method if callable(method) else lambda *_, value=method: value for name, method in methods.items()
    }
    return Checked("mine", type("Bad", (Toy,), replaced), {}, patience=0.05)


def raising(error: BaseException) -> Callable[..., Any]:
    def method(*_: object) -> Any:
        raise error

    return method


def perform(op: Operation) -> Use:
    return lambda adapter: adapter.perform(op)


def described(*args: Any) -> dict[str, Any]:
    return {"describe": Description(*args)}


def describe(adapter: Adapter) -> Any:
    return adapter.describe()


FAULTS = ("a", "1", {"topics": None, "faults.kill": None}, ())

WRONG: dict[str, tuple[dict[str, Any], Use, Misuse, str]] = {
    "init": (
        {"__init__": raising(ValueError("no"))},
        describe,
        Misuse.RAISED,
        "mine raised ValueError: no in __init__()",
    ),
    "init exits": ({"__init__": raising(SystemExit(0))}, describe, Misuse.RAISED, "raised SystemExit: 0 in __init__()"),
    "start": ({"start": raising(OSError("no"))}, lambda a: a.start(), Misuse.RAISED, "raised OSError: no in start()"),
    "stop": ({"stop": raising(KeyError("no"))}, lambda a: a.stop(), Misuse.RAISED, "raised KeyError: 'no' in stop()"),
    "reset": ({"reset": raising(SystemExit())}, lambda a: a.reset(), Misuse.RAISED, "raised SystemExit in reset()"),
    "wait": ({"wait": raising(GeneratorExit())}, lambda a: a.wait(1), Misuse.RAISED, "GeneratorExit in wait()"),
    "now": ({"now": raising(RuntimeError("no"))}, lambda a: a.now(), Misuse.RAISED, "RuntimeError: no in now()"),
    "now is text": ({"now": "noon"}, lambda a: a.now(), Misuse.RETURNED, "returned 'noon' from now(); return ns"),
    "now is None": ({"now": None}, lambda a: a.now(), Misuse.RETURNED, "returned None from now()"),
    "listen": (
        {"listen": raising(Untold())},
        lambda a: a.listen(print),
        Misuse.RAISED,
        "Untold: (it cannot be printed)",
    ),
    "describe": ({"describe": raising(ImportError("x"))}, describe, Misuse.RAISED, "ImportError: x in describe()"),
    "describe None": ({"describe": None}, describe, Misuse.RETURNED, "returned None from describe(); return a Desc"),
    "describe a dict": (
        {"describe": {"name": "n"}},
        describe,
        Misuse.RETURNED,
        "returned {'name': 'n'} from describe()",
    ),
    "no name": (described("", "1", {"topics": 1}), describe, Misuse.DESCRIPTION, "the name is '', and must be"),
    "name is None": (described(None, "1", {"topics": 1}), describe, Misuse.DESCRIPTION, "Expected `str`, got `null`"),
    "ESC": (described("\x1b[2J", "1", {"topics": 1}), describe, Misuse.DESCRIPTION, r"the name is '\\x1b[2J'"),
    "version": (described("a", "1\n2", {"topics": 1}), describe, Misuse.DESCRIPTION, "the version is"),
    "capability": (described("a", "1", {"topiks": 1}), describe, Misuse.DESCRIPTION, "did you mean topics?"),
    "bound": (described("a", "1", {"topics": 0}), describe, Misuse.DESCRIPTION, "topics has the bound 0"),
    "bound is text": (described("a", "1", {"topics": "8"}), describe, Misuse.DESCRIPTION, "Expected `int | null`"),
    "capabilities": (described("a", "1", ["topics"]), describe, Misuse.DESCRIPTION, "Expected `object`, got `array`"),
    "nothing": (described("a", "1", {}), describe, Misuse.DESCRIPTION, "no capability is claimed"),
    "twice": (described("a", "1", {"topics": 1}, (1, 1)), describe, Misuse.DESCRIPTION, "a broker's id is there twice"),
    "nobody": (described(*FAULTS), describe, Misuse.DESCRIPTION, "faults.kill is claimed, and brokers names nobody"),
    "settings": (described("a", "1", {"topics": 1}, (0,), (), {"a": object()}), describe, Misuse.DESCRIPTION, "object"),
    "exit": ({"send": raising(SystemExit(0))}, perform(SEND), Misuse.RAISED, "mine raised SystemExit: 0 in send"),
    "base": ({"send": raising(BaseException("x"))}, perform(SEND), Misuse.RAISED, "raised BaseException: x in send"),
    "forgotten": ({"send": None}, perform(SEND), Misuse.RETURNED, "returned None from send; return Ok(value), Fail("),
    "bare": ({"send": Placed("t", 0, 0)}, perform(SEND), Misuse.RETURNED, "returned Placed(topic='t'"),
    "unprintable": ({"send": Unprintable()}, perform(SEND), Misuse.RETURNED, "a Unprintable that cannot be printed"),
    "class": ({"send": lambda *_: Ok}, perform(SEND), Misuse.RETURNED, "returned <class"),
    "value": ({"send": Ok("here")}, perform(SEND), Misuse.WRONG_VALUE, "got `str`: 'here'; ok carries Placed"),
    "poll": ({"poll": Ok(None)}, perform(Poll("c")), Misuse.WRONG_VALUE, "answered poll with a wrong value"),
    "flush": (
        {"flush": Ok(3)},
        perform(Flush("p")),
        Misuse.WRONG_VALUE,
        "Expected `null`, got `int`: 3; ok carries None",
    ),
    "error": ({"send": Fail(3)}, perform(SEND), Misuse.WRONG_VALUE, "text for error"),  # type: ignore[arg-type]
    "time": ({"send": Timed(Ok(Placed("t", 0, 0)), 1.5)}, perform(SEND), Misuse.RETURNED, "the time is in ns"),  # type: ignore[arg-type]
    "timed": ({"send": Timed(None, 1)}, perform(SEND), Misuse.RETURNED, "returned None from send"),  # type: ignore[arg-type]
    "never": (
        {"send": Future()},
        perform(SEND),
        Misuse.HUNG,
        "did not complete the Future of send, which is awaited, within",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told(case: str) -> None:
    methods, use, kind, words = WRONG[case]
    with pytest.raises(AdapterError) as caught:
        use(checked(**methods))
    assert caught.value.code == kind.code
    assert words in str(caught.value)
    assert str(caught.value).startswith("mine ")
    assert str(caught.value).isprintable()


def test_an_exception_in_an_operation_is_nobodys_knowledge() -> None:
    assert checked(send=raising(ValueError("x\x1b"))).perform(SEND) == Unknown("ValueError", r"x\x1b")
    assert checked(perform=raising(OSError())).perform(SEND) == Unknown("OSError", "")
    assert checked(send=raising(Untold())).perform(SEND) == Unknown("Untold", "(it cannot be printed)")


def test_what_is_right_passes_unharmed() -> None:
    value = Placed("t", 0, 7)
    assert checked(send=Ok(value)).perform(SEND) == Ok(value)
    assert checked(send=Timed(Ok(value), 5)).perform(SEND) == Timed(Ok(value), 5)
    assert checked(send=Fail("UNSUPPORTED", "no")).perform(SEND) == Fail("UNSUPPORTED", "no")
    assert checked().describe() == Description("toy", "1", {"topics": 1})


def test_a_future_is_waited_for_where_the_operation_is_awaited() -> None:
    later: Future[Any] = Future()
    later.set_result(Ok(Placed("t", 0, 7)))
    assert checked(send=later).perform(SEND) == Ok(Placed("t", 0, 7))
    assert checked(send=later).perform(LATER) is later
    gone: Future[Any] = Future()
    gone.cancel()
    assert checked(send=gone).perform(SEND) == Unknown("CancelledError", "")


def test_the_users_interrupt_is_nobodys_fault() -> None:
    for adapter in (checked(send=raising(KeyboardInterrupt())), checked(reset=raising(KeyboardInterrupt()))):
        with pytest.raises(KeyboardInterrupt):
            adapter.reset()
            adapter.perform(SEND)


def test_what_the_adapter_says_itself_is_passed_on() -> None:
    with pytest.raises(AdapterError, match=r"^out of licences$"):
        checked().perform(Send("p", "fault", b""))


@pytest.mark.parametrize(
    "seen", [("c", Drained("t", 0, 0, 0, "read_committed")), ("c", None), (7, Lost("g", "m", 1, ()))]
)
def test_an_observation_that_is_none(seen: tuple[Any, Any]) -> None:
    def send(self: Toy, op: Send) -> Any:
        self.observe(*seen)
        return Ok(Placed("t", 0, 0))

    told: list[Any] = []
    adapter = checked(send=send)
    adapter.listen(lambda *what: told.append(what))
    for use in (lambda: adapter.perform(SEND), adapter.reset):
        with pytest.raises(AdapterError, match=r"observed .* which is not its to see"):
            use()
    assert told == []


def test_whose_time_it_is() -> None:
    assert not checked().simulated
    assert Checked("mine", Simulated, {}).simulated
