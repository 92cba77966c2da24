"""One lie: about what, and how; and the adapter that tells it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from random import Random
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from brokerlaw.adapters.contract import Adapter, AdapterError, Answer, Description, Observer, Timed, result_of
from brokerlaw.conformance.liars.memory import Memory
from brokerlaw.spec.history.observations import Observation
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.operations import name_of
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import snake_case

Place: TypeAlias = Literal["request", "answer", "outcome", "observation"]
CHANCE: Final = 1 / 3
"""How often a liar lies when it could: some of what it says is true, as with a bug in earnest."""


class Lie(NamedTuple):
    """`subject` is the word of an operation or of an observation; `field` what of it is lied about, and `how`."""

    subject: str
    place: Place
    field: str
    how: str

    def __str__(self) -> str:
        return ".".join(filter(None, (self.subject, self.place, self.field))) + f": {self.how}"


class Liar(Adapter):
    """An adapter that passes everything on as it is: lies override what they lie about.

    `chances` counts where it could have lied in this case, `lies` where it did. When it lies is drawn from the seed.
    """

    chance = CHANCE

    def __init__(self, adapter: Adapter, lie: Lie, seed: object) -> None:
        super().__init__(adapter.settings)
        self.lie = lie
        self.chances = self.lies = 0
        self._adapter = adapter
        self._seed = seed
        self.reset()

    # --- what lies override ---

    def asked(self, op: Operation) -> Operation:
        """What is passed on of an operation that this lie is about."""
        return op

    def told(self, op: Operation, outcome: Outcome) -> Outcome:
        """What is told of its outcome."""
        return outcome

    def asks(self, op: Operation) -> Answer:
        """Ask the adapter, truly."""
        return self._adapter.perform(op)

    def seen(self, process: str, observation: Observation) -> list[tuple[str, Observation]]:
        """What is told of an observation."""
        return [(process, observation)]

    # --- lying ---

    def is_about(self, observation: Observation) -> bool:
        """Whether this lie is about it."""
        return snake_case(type(observation).__name__) == self.lie.subject

    def lies_now(self) -> bool:
        """Whether to lie, now that it is possible."""
        self.chances += 1
        lying = self.random.random() < self.chance
        self.lies += lying
        return lying

    def instead(self, truth: Any, lie: Any) -> Any:
        """The lie, where it is one and its time has come; else the truth."""
        return lie if lie != truth and self.lies_now() else truth

    # --- the adapter ---

    def reset(self) -> None:
        """A new case."""
        self._adapter.reset()
        self.memory = Memory(self._adapter.describe())
        self.random = Random(f"{self._seed}/{self.lie}")

    def perform(self, op: Operation) -> Answer:
        """Pass it on, and lie about it if it is what this lie is about."""
        if name_of(op) != self.lie.subject:
            answer = self._adapter.perform(op)
            self.memory.note(op)
            return answer
        asked = self.asked(op)
        self.memory.note(op)
        return mapped(self.asks(asked), lambda outcome: self._answer(op, outcome))

    def _answer(self, op: Operation, outcome: Outcome) -> Outcome:
        told = self.told(op, outcome)
        if isinstance(outcome, Ok):
            self.memory.note_answer(op, outcome.value)
        return told

    def listen(self, observer: Observer) -> None:
        """Pass on what is seen."""

        def observe(at: int, process: str, observation: Observation) -> None:
            told = self.seen(process, observation)
            self.memory.note_seen(observation)
            for who, what in told:
                observer(at, who, what)

        self._adapter.listen(observe)

    def describe(self) -> Description:
        """As the adapter does."""
        return self._adapter.describe()

    def start(self) -> None:
        """As the adapter does."""
        self._adapter.start()

    def stop(self) -> None:
        """As the adapter does."""
        self._adapter.stop()

    def now(self) -> int:
        """Its clock."""
        return self._adapter.now()

    def wait(self, milliseconds: int) -> None:
        """Its time."""
        self._adapter.wait(milliseconds)


def mapped(answer: Answer, change: Callable[[Outcome], Outcome]) -> Answer:
    """The answer with another outcome, now or when it comes."""
    if isinstance(answer, Future):
        later: Future[Any] = Future()
        answer.add_done_callback(lambda future: _pass_on(future, later, change))
        return later
    if isinstance(answer, Timed):
        return Timed(change(answer.outcome), answer.at)
    return change(answer)


def _pass_on(future: Future[Any], later: Future[Any], change: Callable[[Outcome], Outcome]) -> None:
    try:
        later.set_result(mapped(result_of(future), change))
    except AdapterError as error:
        later.set_exception(error)
