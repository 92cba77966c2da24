"""Recording a running case: rows in the order of their times, from any thread."""

from threading import Lock
from typing import cast

from brokerlaw.spec.history.observations import AnyObservation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import AnyOperation
from brokerlaw.spec.history.outcomes import Outcome
from brokerlaw.spec.history.rows import Complete, Header, Invoke, Observe, Recording, Row


class Recorder:
    """Gathers rows until it is closed; what comes later is too late to matter."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._rows: list[Row] = []
        self._invoked: list[int] = []
        self._closed = False
        self._lock = Lock()

    def invoke(self, time: int, process: str, op: Operation) -> int:
        """Record an invocation; returns the operation's number."""
        with self._lock:
            number = len(self._invoked)
            self._invoked.append(time)
            self._place(Invoke(number, time, process, cast(AnyOperation, op)))  # each operation is one of them
            return number

    def complete(self, time: int, number: int, outcome: Outcome) -> None:
        """Record a completion, never before its invocation: clocks of other processes may lag."""
        with self._lock:
            if not self._closed:
                self._place(Complete(number, max(time, self._invoked[number]), outcome))

    def observe(self, time: int, process: str, observation: AnyObservation) -> None:
        """Record an observation."""
        with self._lock:
            if not self._closed:
                self._place(Observe(time, process, observation))

    def _place(self, row: Row) -> None:
        """Clients in other processes are heard a moment after the time that they tell: others may have been since."""
        place = len(self._rows)
        while place and self._rows[place - 1].time > row.time:
            place -= 1
        self._rows.insert(place, row)

    def close(self) -> Recording:
        """The finished recording."""
        with self._lock:
            self._closed = True
            return Recording(self._header, tuple(self._rows))
