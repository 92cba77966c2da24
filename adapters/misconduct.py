"""What a program that should speak for a broker may do wrong; each error says what, quotes it, and names the mend.

None of these says anything about the broker.
"""

import signal

from brokerlaw.adapters.contract import AdapterError

QUOTED = 200
"""The most characters of an offending line that are shown."""


class Misconduct(AdapterError):
    """The program broke the contract. `program` is its name, `stderr` the last lines it wrote there."""

    def __init__(self, program: str, what: str, stderr: str = "") -> None:
        self.program, self.what, self.stderr = program, what, stderr
        super().__init__(f"{program} {what}{_indented(stderr)}")


class CannotStart(Misconduct):
    """There is no such program, or it may not be run."""

    def __init__(self, program: str, error: OSError) -> None:
        super().__init__(program, f"cannot be started: {error.strerror}; check its path and that it is executable")


class Hung(Misconduct):
    """A request was not completed in time."""

    def __init__(self, program: str, request: str, seconds: float, partial: bytes, stderr: str) -> None:
        unfinished = f"; its last line has no end: {quoted(partial)}" if partial else ""
        mend = "an adapter whose broker is slow answers info before that"
        super().__init__(program, f"did not complete {request} within {seconds:g} s ({mend}){unfinished}", stderr)


class Deaf(Misconduct):
    """The program does not read its input."""

    def __init__(self, program: str, request: str, seconds: float | None, stderr: str) -> None:
        how = "closed its standard input" if seconds is None else f"did not read its standard input for {seconds:g} s"
        super().__init__(program, f"{how}, and was asked for {request}", stderr)


class Died(Misconduct):
    """The program ended, or closed its output, before it was told to."""

    def __init__(self, program: str, status: int | None, stderr: str) -> None:
        super().__init__(program, f"{_ending(status)} before it was told to stop", stderr)


class Garbage(Misconduct):
    """A line that is not JSON."""

    def __init__(self, program: str, line: bytes, reason: str, stderr: str) -> None:
        mend = "only messages may go to standard output; write everything else to standard error"
        super().__init__(program, f"wrote a line that is not JSON ({reason}): {quoted(line)}; {mend}", stderr)


class Mismatch(Misconduct):
    """A line that is JSON, but no message of the contract."""

    def __init__(self, program: str, line: bytes, reason: str, context: str = "") -> None:
        about = f" as the answer to {context}" if context else ""
        super().__init__(program, f"wrote what the contract does not allow{about}: {reason}: {quoted(line)}")


class TooLong(Misconduct):
    """A line without an end."""

    def __init__(self, program: str, line: bytes, limit: int) -> None:
        super().__init__(program, f"wrote a line of more than {limit} bytes; it begins {quoted(line)}")


class Flood(Misconduct):
    """More observations than any broker has rebalances."""

    def __init__(self, program: str, limit: int, line: bytes) -> None:
        super().__init__(program, f"wrote more than {limit} observations within a second; the last is {quoted(line)}")


class UnknownRequest(Misconduct):
    """An answer to something that was never asked."""

    def __init__(self, program: str, number: int, line: bytes) -> None:
        super().__init__(program, f"completed request {number}, which was never made: {quoted(line)}")


class AnsweredTwice(Misconduct):
    """A second answer to one request."""

    def __init__(self, program: str, number: int, line: bytes) -> None:
        super().__init__(program, f"completed request {number} twice: {quoted(line)}")


class WrongTime(Misconduct):
    """A time outside the interval in which it must lie."""

    def __init__(self, program: str, time: int, earliest: int, latest: int, line: bytes) -> None:
        mend = "times are CLOCK_MONOTONIC in ns; leave them out if the language has no such clock"
        where = f"before {earliest}, when it was asked" if time < earliest else f"after {latest}, when it was read"
        super().__init__(program, f"gave the time {time}, which lies {where}: {quoted(line)}; {mend}")


class Faulted(Misconduct):
    """The program said itself that it cannot do its work."""

    def __init__(self, program: str, message: str) -> None:
        super().__init__(program, f"gave up: {message}")


class Gone(Misconduct):
    """The program was stopped or killed by us, and is asked for more."""

    def __init__(self, program: str, request: str) -> None:
        super().__init__(program, f"was asked for {request} after it had been ended")


def quoted(line: bytes) -> str:
    """The line in printable ASCII, cut to `QUOTED` characters."""
    text = ascii(line[: QUOTED + 1].decode("utf-8", "backslashreplace"))[1:-1]
    return f"«{text}»" if len(text) <= QUOTED else f"«{text[:QUOTED]}…»"


def _ending(status: int | None) -> str:
    if status is None:
        return "closed its standard output"
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"exited with code {status}"


def _indented(stderr: str) -> str:
    lines = ["its last words on standard error:", *stderr.splitlines()] if stderr else []
    return "".join(f"\n    {line}" for line in lines)
