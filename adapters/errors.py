"""What an adapter may do wrong: one error, and one table of its kinds.

None of these says anything about the broker.
"""

from enum import Enum
from typing import Final

from brokerlaw.spec.text import shown

LONGEST: Final = 600
"""The most characters of what is wrong; a mend may be as long again."""


class AdapterError(Exception):
    """The adapter, not the broker, is at fault: `what` is wrong, and the `mend`.

    `code` names the kind, `quote` is what the adapter said, `stderr` has the last lines that it wrote there.
    """

    def __init__(self, what: str, mend: str = "", *, code: str = "gave-up", quote: str = "", stderr: str = "") -> None:
        super().__init__(what)
        self.code, self.what, self.mend, self.quote, self.stderr = code, what, mend, quote, stderr

    def __str__(self) -> str:
        quote = f": {self.quote}" if self.quote else ""
        mend = f"; {_line(self.mend)}" if self.mend else ""
        return f"{_line(self.what)}{quote}{mend}{_indented(self.stderr)}"


class Misuse(Enum):
    """Each way to break the contract, and its mend; `{…}` are the facts of the one case."""

    # a program, and how it speaks
    CANNOT_START = "cannot be started: {reason}", "check its path and that it is executable"
    HUNG = "did not complete {request} within {seconds:g} s", "an adapter whose broker is slow answers info before that"
    HALF_A_LINE = "did not complete {request} within {seconds:g} s; its last line has no end"
    DEAF = "did not read its standard input for {seconds:g} s, and was asked for {request}"
    INPUT_CLOSED = "closed its standard input, and was asked for {request}"
    DIED = "{ending}{during} before it was told to stop"
    DIED_STOPPING = "{ending} before it had completed stop"
    NOT_JSON = (
        "wrote a line that is not JSON ({reason})",
        "only messages may go to standard output; write everything else to standard error",
    )
    NOT_ALLOWED = "wrote what the contract does not allow{context}: {reason}"
    LINE_TOO_LONG = "wrote a line of more than {limit} bytes; it begins"
    TOO_MANY_OBSERVATIONS = "wrote more than {limit} observations within a second; the last is"
    NEVER_ASKED = "completed request {number}, which was never made"
    ANSWERED_TWICE = "completed request {number} twice"
    WRONG_TIME = (
        "gave the time {time}, which lies {where}",
        "times are CLOCK_MONOTONIC in ns; leave them out if the language has no such clock",
    )
    NO_TIME = (
        "claims simulated-time, and wrote a message without a time",
        "give `time` with every message: ns of the simulated clock",
    )
    GAVE_UP = "gave up: {message}"
    CANNOT_BE_ASKED = "cannot be asked for {request}: {reason}"
    ENDED = "was asked for {request} after it had been ended"
    NOT_STOPPED = "did not complete stop and exit within {seconds:g} s: it was killed"
    CANNOT = "must be able to {request}: {reason}"

    # a class in Python
    CANNOT_IMPORT = "cannot be imported: {reason}"
    NO_ADAPTER = "is no adapter: it must be a class derived from brokerlaw.adapters.contract.Adapter"
    RAISED = "raised {error} in {method}", "an adapter that cannot go on raises AdapterError, and names the mend"
    RETURNED = "returned {value} from {method}", "{wanted}"

    # whatever it is written in
    DESCRIPTION = "describes itself wrongly: {reason}"
    UNSUPPORTED = (
        "claims a capability that needs {operation}, and refuses it: {message}",
        "write {operation}, or do not claim what needs it",
    )
    NOT_CLAIMED = (
        "was asked for {operation}, and does not claim {missing}",
        "a trace runs again on an adapter that has what its steps need",
    )
    WRONG_VALUE = "answered {operation} with a wrong value: {reason}", "ok carries {returns}"
    NOT_ITS_TO_SEE = (
        "observed {observation} for {process}, which is not its to see",
        "an adapter observes Assigned, Revoked and Lost, for a client by the name that it was opened with",
    )
    WRONG_OBSERVATION = "observed what is none: {reason}"
    IN_FLIGHT = (
        "answered {operation} with ok while {count} of its sends had no outcome",
        "{operation} returns only when every Future of send has its outcome; with Unknown if the broker takes too long",
    )
    CLOCK = "has a clock that is none: {reason}", "now() is in ns, never goes back, and wait() lets it move on"

    @property
    def code(self) -> str:
        """The kind in one word, for those who tell errors apart."""
        return self.name.lower().replace("_", "-")

    def error(self, name: str, *, quote: str = "", stderr: str = "", **facts: object) -> AdapterError:
        """The error of the adapter with this name."""
        what, mend = self.value if isinstance(self.value, tuple) else (self.value, "")
        return AdapterError(
            f"{name} {what.format(**facts)}", mend.format(**facts), code=self.code, quote=quote, stderr=stderr
        )


def told(error: BaseException) -> str:
    """An exception in a few words, whatever its class does when it is asked for its text."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def text_of(error: BaseException) -> str:
    """What an exception says, in the same way."""
    try:
        return str(error)
    except Exception:
        return "(it cannot be printed)"


def pictured(value: object) -> str:
    """A value as it would be written, whatever its class does when it is asked for that."""
    try:
        return shown(repr(value), 100)
    except Exception:
        return f"a {type(value).__name__} that cannot be printed"


def _line(text: str) -> str:
    return shown(" ".join(text.splitlines()), LONGEST)


def _indented(stderr: str) -> str:
    lines = ["its last words on standard error:", *stderr.splitlines()] if stderr else []
    return "".join(f"\n    {line}" for line in lines)
