"""Faults whose target only the running case knows, and waiting for what they bring about."""

from collections.abc import Callable
from typing import Final

from brokerlaw.conformance.own_clients import ADMIN
from brokerlaw.conformance.patience import Patience
from brokerlaw.conformance.plan import AwaitIsr, AwaitLeader, InjectFault
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Awaited, WaitTimedOut
from brokerlaw.spec.history.operation import BrokerFault, FaultOperation, Repair
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionState, TopicPartition

INTERVAL: Final = 100
"""Milliseconds between two looks."""


class FaultInjector:
    """What has been done to the brokers of a case, so that all of it can be undone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._going: list[BrokerFault] = []

    def note(self, op: FaultOperation) -> None:
        """A fault that the plan named by itself, or the repair of one."""
        match op:
            case BrokerFault():
                replaced = [kind for kind in self._going if isinstance(kind, op.replaces)]
                same = [fault for fault in replaced if fault.brokers_hit == op.brokers_hit]
                self._going = [*(fault for fault in self._going if fault not in same), op]
            case Repair():
                self._going = [fault for fault in self._going if not op.ends(fault)]

    def inject(self, step: InjectFault) -> None:
        """Find who plays the role, and inject the fault there."""
        state = self._state(step.topic, step.partition)
        if state is None:
            return
        brokers = [broker for broker in _ROLES[step.role](state) if self._standing(broker)]
        for fault in ops.FAULTS[step.fault].on(brokers):
            self._perform(fault)

    def resume_paused(self) -> None:
        """Resume what is paused."""
        self._repair(ops.PauseBroker)

    def heal(self) -> None:
        """Undo every fault, those first that leave the brokers nearest to working."""
        for kind in reversed(ops.FAULTS.values()):
            self._repair(kind)

    def await_isr(self, step: AwaitIsr) -> None:
        """Look until the in-sync set is small enough."""
        if not self._exists(TopicPartition(step.topic, step.partition)):
            return
        patience = self._session.timeouts.smaller_isr
        self._await(TopicPartition(step.topic, step.partition), lambda state: len(state.isr) <= step.at_most, patience)

    def await_leader(self, step: AwaitLeader) -> None:
        """Look until a standing broker leads."""
        if not self._exists(TopicPartition(step.topic, step.partition)):
            return
        timeouts = self._session.timeouts
        patience = timeouts.election if self._going else timeouts.recovery
        tp = TopicPartition(step.topic, step.partition)
        if not self._await(tp, self.led, patience):
            self._say_timed_out("leader", tp, patience)

    def await_in_sync(self, tp: TopicPartition) -> None:
        """Look until a standing broker leads, and every replica is in sync."""
        patience = self._session.timeouts.in_sync
        if not self._await(tp, lambda state: self.led(state) and {*state.isr} >= {*state.replicas}, patience):
            self._say_timed_out("in-sync", tp, patience)

    def describe(self, tp: TopicPartition) -> None:
        """Look once, where that can be done: who leads, and in which epoch, is told to those who judge."""
        if self._session.description.has("inspect.partition"):
            self._state(*tp)

    def _exists(self, tp: TopicPartition) -> bool:
        """Whether its creation was not refused."""
        return tp.partition < self._session.partitions.get(tp.topic, 0)

    def led(self, state: PartitionState) -> bool:
        """Whether a broker that is up, as far as this case did to it, leads."""
        return state.leader is not None and self._standing(state.leader)

    def _await(self, tp: TopicPartition, reached: Callable[[PartitionState], bool], milliseconds: int) -> bool:
        """Whether it came in time; where no broker stands nothing can, and it is not waited for."""
        patience = Patience(self._session, milliseconds)
        while self._anyone_stands():
            if not patience.left:
                return False
            state = self._state(*tp)
            if state is not None and reached(state):
                return True
            self._session.adapter.wait(INTERVAL)
        return True

    def _say_timed_out(self, awaited: Awaited, tp: TopicPartition, patience: int) -> None:
        self._session.observe(ADMIN, WaitTimedOut(awaited, patience, *tp))

    def _state(self, topic: str, partition: int) -> PartitionState | None:
        state: PartitionState | None = self._session.value(ops.DescribePartition(topic, partition))
        return state

    def _anyone_stands(self) -> bool:
        """Whether there is a broker that could notice anything."""
        return any(self._standing(broker) for broker in self._session.description.brokers)

    def _standing(self, broker: int) -> bool:
        return not any(fault.stops and broker in fault.brokers_hit for fault in self._going)

    def _repair(self, kind: type[BrokerFault]) -> None:
        for fault in tuple(self._going):
            if isinstance(fault, kind) and fault in self._going:
                self._perform(fault.repair)

    def _perform(self, op: FaultOperation) -> None:
        if isinstance(self._session.ask(op), Ok):
            self.note(op)


def _followers(state: PartitionState) -> list[int]:
    return [broker for broker in state.replicas if broker != state.leader]


_ROLES: Final[dict[str, Callable[[PartitionState], list[int]]]] = {
    "leader": lambda state: [] if state.leader is None else [state.leader],
    "follower": lambda state: _followers(state)[:1],
    "last-follower": lambda state: _followers(state)[-1:],
    "followers": _followers,
}
