"""Faults whose target only the running case knows, and waiting for what they bring about."""

from collections.abc import Callable
from typing import Final

from brokerlaw.conformance.plan import AwaitIsr, AwaitLeader, InjectFault
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionState

INTERVAL: Final = 100
"""Milliseconds between two looks."""


class FaultInjector:
    """What has been done to the brokers of a case, so that all of it can be undone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dead: list[int] = []
        self._paused: list[int] = []
        self._cut = False

    def note(self, op: ops.FaultOperation) -> None:
        """A fault that the plan named by itself."""
        match op:
            case ops.KillBroker():
                self._dead.append(op.broker)
                self._paused = [broker for broker in self._paused if broker != op.broker]
            case ops.PauseBroker():
                self._paused.append(op.broker)
            case ops.IsolateBrokers():
                self._cut = True
            case ops.RestartBroker():
                self._dead = [broker for broker in self._dead if broker != op.broker]
            case ops.ResumeBroker():
                self._paused = [broker for broker in self._paused if broker != op.broker]
            case ops.HealNetwork():
                self._cut = False
            case ops.ElectLeader() | ops.AdvanceClock():
                pass

    def inject(self, step: InjectFault) -> None:
        """Find who plays the role, and inject the fault there."""
        state = self._state(step.topic, step.partition)
        if state is None:
            return
        brokers = [broker for broker in _ROLES[step.role](state) if self._standing(broker)]
        if step.fault == "isolate":
            self._perform(ops.IsolateBrokers(tuple(brokers)))
        for broker in brokers if step.fault != "isolate" else ():
            self._perform(ops.KillBroker(broker) if step.fault == "kill" else ops.PauseBroker(broker))

    def resume_paused(self) -> None:
        """Resume what is paused."""
        for broker in tuple(self._paused):
            self._perform(ops.ResumeBroker(broker))

    def heal(self) -> None:
        """Undo every fault."""
        if self._cut:
            self._perform(ops.HealNetwork())
        self.resume_paused()
        for broker in tuple(self._dead):
            self._perform(ops.RestartBroker(broker))

    def await_isr(self, step: AwaitIsr) -> None:
        """Look until the in-sync set is small enough."""
        patience = self._session.timeouts.smaller_isr
        self._await(step.topic, step.partition, lambda state: len(state.isr) <= step.at_most, patience)

    def await_leader(self, step: AwaitLeader) -> None:
        """Look until a standing broker leads."""
        timeouts = self._session.timeouts
        patience = timeouts.election if self._dead or self._paused or self._cut else timeouts.recovery
        self._await(step.topic, step.partition, self.led, patience)

    def led(self, state: PartitionState) -> bool:
        """Whether a broker that is up, as far as this case did to it, leads."""
        return state.leader is not None and self._standing(state.leader)

    def _await(self, topic: str, partition: int, reached: Callable[[PartitionState], bool], patience: int) -> bool:
        since = self._session.adapter.now()
        while self._session.elapsed(since) < patience and self._anyone_stands():
            state = self._state(topic, partition)
            if state is not None and reached(state):
                return True
            self._session.adapter.wait(INTERVAL)
        return False

    def _state(self, topic: str, partition: int) -> PartitionState | None:
        state: PartitionState | None = self._session.value(ops.DescribePartition(topic, partition))
        return state

    def _anyone_stands(self) -> bool:
        """Whether there is a broker that could notice anything."""
        return any(self._standing(broker) for broker in self._session.description.brokers)

    def _standing(self, broker: int) -> bool:
        return broker not in self._dead and broker not in self._paused

    def _perform(self, op: ops.FaultOperation) -> None:
        if isinstance(self._session.ask(op), Ok):
            self.note(op)


def _followers(state: PartitionState) -> list[int]:
    return [broker for broker in state.replicas if broker != state.leader]


_ROLES: Final[dict[str, Callable[[PartitionState], list[int]]]] = {
    "leader": lambda state: [] if state.leader is None else [state.leader],
    "follower": lambda state: _followers(state)[:1],
    "followers": _followers,
}
