"""The line between a running case and its adapter: names, settings, the recording, and who holds which partition."""

from collections import Counter
from concurrent.futures import Future
from typing import Any

from brokerlaw.adapters.contract import Adapter, Description, Misuse, Timed, answered, result_of, unsupported
from brokerlaw.conformance.names import Names
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.own_clients import ADMIN
from brokerlaw.conformance.record import Recorder
from brokerlaw.conformance.timeouts import Timeouts
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.operation import Ending, Operation
from brokerlaw.spec.history.operations import client_of
from brokerlaw.spec.history.outcomes import UNSUPPORTED, Fail, Ok, Outcome, Unknown, mapped
from brokerlaw.spec.history.rows import Header, Recording
from brokerlaw.spec.history.values import TopicPartition

IN_FLIGHT = Unknown("IN_FLIGHT", "not awaited: the outcome comes later")


class Session:
    """Asks the adapter, records what it answers, and keeps what the suite itself needs to know of a running case."""

    def __init__(
        self,
        adapter: Adapter,
        description: Description,
        settings: UserSettings,
        names: Names,
        header: Header,
        patience: int = 0,
    ) -> None:
        self.adapter = adapter
        self.description = description
        self.settings = settings
        self.names = names
        self.timeouts = Timeouts(description, patience)
        self.holdings: dict[str, frozenset[TopicPartition]] = {}
        self.rebalances = Counter[str]()
        self.opened: dict[str, ops.OpenProducer | ops.OpenConsumer] = {}
        self.orphans: dict[str, None] = {}
        self.acknowledged: dict[TopicPartition, int] = {}
        self.partitions: dict[str, int] = {}
        self.consumers: dict[str, list[ops.OpenConsumer]] = {}
        self.transaction_timeout = 0
        self.has_transactions = False
        self._fault: Exception | None = None
        self._recorder = Recorder(header)
        adapter.listen(self._seen)

    def ask(self, op: Operation) -> Outcome:
        """Perform one operation; `IN_FLIGHT` when it was not awaited. Raises `AdapterError` for what no broker does."""
        if self._fault is not None:
            raise self._fault
        op = self.timeouts.in_force(self.settings.apply(op))
        number = self._recorder.invoke(self.adapter.now(), client_of(op) or ADMIN, op)
        answer = self.adapter.perform(self.names.outward(op))
        if isinstance(answer, Future):
            answer.add_done_callback(lambda future: self._later(number, op, future))
            return IN_FLIGHT
        outcome = self._complete(number, op, answer)
        if isinstance(op, ops.Poll) and not isinstance(outcome, Ok):
            self.adapter.wait(op.timeout)  # who polls in a round until time is over would do so for ever
        return outcome

    def value(self, op: Operation) -> Any:
        """The value of an operation that succeeds, or None."""
        outcome = self.ask(op)
        return outcome.value if isinstance(outcome, Ok) else None

    def observe(self, process: str, observation: seen.AnyObservation) -> None:
        """Record what the suite itself saw."""
        self._recorder.observe(self.adapter.now(), process, observation)

    def elapsed(self, since: int) -> float:
        """Milliseconds of the adapter's clock since then."""
        return (self.adapter.now() - since) / 1e6

    def close(self) -> Recording:
        """End the recording; what is still in flight stays without an outcome."""
        self.adapter.listen(lambda _at, _process, _observation: None)
        if self._fault is not None:
            raise self._fault
        return self._recorder.close()

    def _later(self, number: int, op: Operation, future: Future[Outcome] | Future[Timed]) -> None:
        """An operation in flight came to its end, perhaps in another thread: a fault waits for the case."""
        try:
            self._complete(number, op, result_of(future))
        except Exception as error:  # the thread has nobody else to tell
            self._fault = error

    def _complete(self, number: int, op: Operation, answer: Outcome | Timed) -> Outcome:
        outcome, at = answer if isinstance(answer, Timed) else (answer, self.adapter.now())
        outcome = self._checked(op, outcome)
        self._recorder.complete(at, number, outcome)
        self._track(op, outcome)
        return outcome

    def _checked(self, op: Operation, outcome: Outcome) -> Outcome:
        """The outcome in the plan's names. Raises `AdapterError` when it is none that the operation can have."""
        outcome = answered(self.description.name, op, outcome)
        if isinstance(outcome, Fail) and outcome.error == UNSUPPORTED:
            raise unsupported(self.description, op, outcome.message)
        return mapped(outcome, self.names.inward)

    def _track(self, op: Operation, outcome: Outcome) -> None:
        match op:
            case ops.OpenProducer() | ops.OpenConsumer() if isinstance(outcome, Ok):
                self.opened[op.client] = op
                if isinstance(op, ops.OpenProducer) and op.transactional_id:
                    self.orphans.pop(op.transactional_id, None)
                    self.has_transactions = True
                    self.transaction_timeout = max(self.transaction_timeout, op.transaction_timeout)
                if isinstance(op, ops.OpenConsumer) and op.group:
                    self.consumers.setdefault(op.group, []).append(op)
            case Ending():
                self._gone(op.client)
            case ops.Unsubscribe():
                self.holdings.pop(op.client, None)
            case ops.Send() if isinstance(outcome, Ok):
                tp = TopicPartition(outcome.value.topic, outcome.value.partition)
                self.acknowledged[tp] = max(outcome.value.offset, self.acknowledged.get(tp, -1))
            case ops.CreateTopic() if not isinstance(outcome, Fail):
                self.partitions[op.topic] = op.partitions
            case ops.CreatePartitions() if isinstance(outcome, Ok):
                self.partitions[op.topic] = op.total
            case ops.DeleteTopic():
                self.acknowledged = {tp: offset for tp, offset in self.acknowledged.items() if tp.topic != op.topic}
            case _:
                pass

    def _gone(self, client: str) -> None:
        """A producer that vanishes may leave a transaction open, in its transactional id's name."""
        opened = self.opened.pop(client, None)
        self.holdings.pop(client, None)
        if isinstance(opened, ops.OpenProducer) and opened.transactional_id:
            self.orphans[opened.transactional_id] = None

    def _seen(self, at: int, process: str, observation: seen.Observation) -> None:
        told = self.names.inward(observation)
        match told:
            case seen.Assigned():
                self.holdings[process] = self.holdings.get(process, frozenset()) | set(told.partitions)
            case seen.Revoked() | seen.Lost():
                self.holdings[process] = self.holdings.get(process, frozenset()) - set(told.partitions)
            case _:
                name = self.description.name
                self._fault = Misuse.NOT_ITS_TO_SEE.error(name, observation=f"{told!r}", process=process)
                return
        self.rebalances[process] += 1
        self._recorder.observe(at, process, told)
