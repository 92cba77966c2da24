"""The contract as JSON lines: what the suite writes to an adapter's program, and what the program writes back.

Each message is one line of UTF-8 JSON, told apart by `type`. The words are those of a history (`spec.history.rows`):

    → {"type":"hello","id":1,"contract":1,"settings":{"bootstrap":"localhost:9092"}}
    ← {"type":"complete","id":1,"outcome":{"type":"ok","value":{"name":"mine","version":"1","capabilities":{}}}}
    → {"type":"invoke","id":2,"value":{"f":"send","client":"p","topic":"orders","value":"aGVsbG8="}}
    ← {"type":"complete","id":2,"outcome":{"type":"ok","value":{"topic":"orders","partition":0,"offset":0}}}
    ← {"type":"observe","process":"c","value":{"o":"revoked","group":"g","member":"m","generation":3,"partitions":[]}}

Every request is completed once, in any order; `invoke` with the value of the operation's `returns`, `hello` with a
`Description`, the others with null. Bytes are base64. `time`, wherever the program gives it, is the machine's
monotonic clock in ns (CLOCK_MONOTONIC). The program ends when it is told to, or at the end of its input.
"""

from typing import Any, TypeAlias

import msgspec

from brokerlaw.adapters.contract import Description
from brokerlaw.spec.history.observations import Assigned, Lost, Revoked
from brokerlaw.spec.history.operations import AnyOperation, name_of
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown, mapped
from brokerlaw.spec.history.roles import Role, fields
from brokerlaw.spec.history.values import Struct, snake_case

CONTRACT = 1
"""The version of the contract, and of these messages."""

# --- from the suite ---


class Request(Struct, frozen=True, tag_field="type", tag=snake_case):
    """Something that the program must complete. Ids count from 1."""

    id: int


class Hello(Request, frozen=True):
    """The first message: connect, or start the broker, and say what it is. `settings` are the user's."""

    contract: int
    settings: dict[str, str]


class Invoke(Request, frozen=True):
    """Perform an operation."""

    value: AnyOperation


class Reset(Request, frozen=True):
    """Between two cases: end clients left open, heal every fault."""


class Wait(Request, frozen=True):
    """Let time pass between two operations."""

    milliseconds: int


class Stop(Request, frozen=True):
    """The last message: end everything that was started, complete this, exit."""


AnyRequest: TypeAlias = Hello | Invoke | Reset | Wait | Stop

# --- from the program ---


class Message(Struct, frozen=True, tag_field="type", tag=snake_case):
    """Something that the program says."""


class Complete(Message, frozen=True):
    """Request `id` has this outcome, known at `time`."""

    id: int
    outcome: Ok | Fail | Unknown
    time: int | None = None


class Observe(Message, frozen=True):
    """The client `process` saw this at `time`."""

    process: str
    value: Assigned | Revoked | Lost
    time: int | None = None


class GaveUp(Message, frozen=True, tag="fault"):
    """The adapter cannot do its work, and it is not the broker's doing: what is wrong, and the mend. Ends the run."""

    message: str
    mend: str = ""


AnyMessage: TypeAlias = Complete | Observe | GaveUp

_REQUEST = msgspec.json.Decoder(AnyRequest)
_MESSAGE = msgspec.json.Decoder(AnyMessage)


def line(message: Request | Message) -> bytes:
    """The message as one line, checked as its reader will. Raises `msgspec.ValidationError`, or `TypeError`."""
    text = msgspec.json.encode(message)
    (_REQUEST if isinstance(message, Request) else _MESSAGE).decode(text)
    return text + b"\n"


def read_request(text: bytes) -> AnyRequest:
    """A line from the suite. Raises `msgspec.DecodeError`."""
    request: AnyRequest = _REQUEST.decode(text)
    return request


def read_message(text: bytes) -> AnyMessage:
    """A line from the program, values of outcomes still untyped. Raises `msgspec.DecodeError`."""
    message: AnyMessage = _MESSAGE.decode(text)
    return message


def typed(request: AnyRequest, outcome: Outcome) -> Outcome:
    """The outcome, as the request's answer must be. Raises `msgspec.ValidationError` with the path."""
    try:
        return mapped(outcome, lambda value: msgspec.convert(value, type=returns(request)))
    except msgspec.ValidationError as error:
        what, at, path = str(error).partition(" - at `$")
        field = "value" if isinstance(outcome, Ok) else "told"
        raise msgspec.ValidationError(f"{what} - at `$.outcome.{field}{path if at else '`'}") from error


def returns(request: AnyRequest) -> Any:
    """The type of the value with which the request succeeds."""
    match request:
        case Hello():
            return Description
        case Invoke():
            return request.value.returns
        case Reset() | Wait() | Stop():
            return None


def allowance(request: AnyRequest) -> float:
    """The seconds that the request itself may take, before anybody grows impatient."""
    match request:
        case Wait(milliseconds=milliseconds):
            return milliseconds / 1000
        case Invoke(value=op):
            waits: list[int] = [getattr(op, name) for name in fields(type(op), Role.WAIT)]
            return sum(waits) / 1000
        case _:
            return 0.0


def awaited(request: AnyRequest) -> bool:
    """Whether nothing else is asked before this is answered."""
    return not isinstance(request, Invoke) or getattr(request.value, "awaited", True)


def word(request: AnyRequest) -> str:
    """The request in a few words: `hello`, `send (request 7)`."""
    what = name_of(request.value) if isinstance(request, Invoke) else snake_case(type(request).__name__)
    return f"{what} (request {request.id})"
