"""The end of every case: faults undone, clients at rest, applications caught up, every log read from its beginning."""

from typing import Final

import msgspec

from brokerlaw.conformance import own_clients
from brokerlaw.conformance.application import Applications
from brokerlaw.conformance.faults import FaultInjector
from brokerlaw.conformance.groups import Groups
from brokerlaw.conformance.model import PlanModel
from brokerlaw.conformance.own_clients import ADMIN
from brokerlaw.conformance.patience import Patience
from brokerlaw.conformance.plan import AwaitLeader
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import CaughtUp, Drained, WaitTimedOut
from brokerlaw.spec.history.operations import Isolation
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import PartitionOffset, PartitionState, TopicPartition

IDLE: Final = 3
"""Turns without a record after which an application is looked at more closely."""


class Quiescence:
    """Brings one case to rest."""

    def __init__(
        self, session: Session, model: PlanModel, applications: Applications, groups: Groups, faults: FaultInjector
    ) -> None:
        self._session = session
        self._model = model
        self._applications = applications
        self._groups = groups
        self._faults = faults

    def run(self) -> None:
        """Everything, in order."""
        self._faults.heal()
        self._await_leaders()
        self._thaw()
        self._end_producers()
        groups = {client.group for client in self._model.clients.values() if client.subscribed and client.group}
        for group in sorted(groups | set(self._model.applications)):
            if group in self._model.applications:
                self._catch_up(group)
            else:
                self._groups.settle(group)
            self._look_at_offsets(group)
        self._drain("read_uncommitted")
        if self._session.has_transactions:
            self._drain("read_committed")
        self._look_at_replicas()

    def _look_at_offsets(self, group: str) -> None:
        """What the group has committed, as its coordinator tells it and as its members do, and how far behind it is."""
        for member in self._groups.members(group):
            for tp in sorted(self._session.holdings.get(member, ()))[:1]:
                self._session.ask(ops.Committed(member, *tp))
                if self._session.description.has("groups.admin"):
                    self._session.ask(ops.FetchCommitted(group, *tp))
                if self._session.description.has("groups.lag"):
                    self._session.ask(ops.ListOffsets(*tp, "latest"))
                    self._session.ask(ops.Lag(group, *tp))

    def _look_at_replicas(self) -> None:
        """The logs of the replicas that are in sync, between two looks that tell who is."""
        if self._session.description.has("inspect.replica", "inspect.partition"):
            for tp in self._partitions():
                state: PartitionState | None = self._session.value(ops.DescribePartition(*tp))
                for broker in state.isr if state is not None else ():
                    self._session.ask(ops.ReadReplica(*tp, broker))
                self._session.ask(ops.DescribePartition(*tp))

    def _await_leaders(self) -> None:
        """Leaders of all partitions, then all their replicas: asked twice, so that epochs can be compared."""
        if self._session.description.has("inspect.partition"):
            for tp in self._partitions():
                self._faults.await_leader(AwaitLeader(*tp))
            for tp in self._partitions():
                self._faults.await_in_sync(tp)

    def _thaw(self) -> None:
        """Zombies wake, and act on what they believe."""
        for client in self._model.frozen():
            for each in (client, *self._applications.companions(client)):
                self._session.ask(ops.Thaw(each))
            self._model.apply(ops.Thaw(client))
            group = self._model.clients[client].group
            if group in self._model.applications and client in self._session.opened:
                self._groups.turn(client, group)

    def _end_producers(self) -> None:
        """Close the plan's producers; a transaction left open is ended by the next producer of its transactional id."""
        for client in self._open(ops.OpenProducer):
            self._session.ask(ops.Flush(client))
            if self._model.clients[client].in_transaction:
                self._session.ask(ops.AbortTransaction(client))
            self._session.ask(ops.Close(client))
        for number, transactional_id in enumerate(tuple(self._session.orphans)):
            reaper = own_clients.reaper(number)
            self._session.ask(ops.OpenProducer(reaper, transactional_id=transactional_id))
            self._session.ask(ops.Close(reaper))

    def _open(self, kind: type[ops.OpenProducer] | type[ops.OpenConsumer]) -> list[str]:
        return [client for client in self._model.live(kind) if client in self._session.opened]

    def _catch_up(self, group: str) -> None:
        """Let the application work until its consumers stand at the end of every partition, then say `CaughtUp`."""
        topic = self._model.applications[group].topic
        if not self._groups.members(group):
            self._join(group, topic)
        self._groups.settle(group)
        idle, patience = 0, Patience(self._session, self._patience(group))
        while patience.left:
            worked = self._groups.round(group)
            idle = 0 if worked else idle + 1
            if idle >= IDLE and self._at_the_end(group, topic):
                self._session.observe(ADMIN, CaughtUp(group, topic))
                return
        self._session.observe(ADMIN, WaitTimedOut("caught-up", patience.milliseconds, topic, group=group))

    def _patience(self, group: str) -> int:
        """Milliseconds in which an application comes to the end: its group at rest, no open transaction in its way."""
        session = self._session
        open_for = session.timeouts.transactions(session.transaction_timeout) if session.has_transactions else 0
        return self._groups.patience(group) + open_for + session.timeouts.reading

    def _join(self, group: str, topic: str) -> None:
        """A last member for a group that has lost all of its own."""
        template = self._session.consumers.get(group, [ops.OpenConsumer("", group)])[-1]
        closer = msgspec.structs.replace(template, client=own_clients.closer(group), instance_id=None)
        for step in (closer, ops.Subscribe(closer.client, (topic,))):
            self._session.ask(step)
            self._model.apply(step)

    def _at_the_end(self, group: str, topic: str) -> bool:
        """Whether each partition's holder, or its commit, stands at the end."""
        return all(
            self._stands_at_end(member, tp)
            for member in self._groups.members(group)
            for tp in sorted(self._session.holdings.get(member, ()))
            if tp.topic == topic
        )

    def _stands_at_end(self, member: str, tp: TopicPartition) -> bool:
        opened = self._session.opened[member]
        assert isinstance(opened, ops.OpenConsumer)
        end = self._session.value(ops.ListOffsets(*tp, "latest", opened.isolation))
        stands = self._session.value(ops.Position(member, *tp))
        if stands is None:
            stands = self._session.value(ops.Committed(member, *tp)) or 0
        return end is not None and stands >= end

    def _drain(self, isolation: Isolation) -> None:
        """Read every partition from its first record to its last, then say `Drained` of those that came to the end."""
        reader = own_clients.reader(isolation)
        ends = self._ends(isolation)
        starts = {tp: self._session.value(ops.ListOffsets(*tp, "earliest")) or 0 for tp in ends}
        if not ends or not isinstance(self._session.ask(ops.OpenConsumer(reader, isolation=isolation)), Ok):
            return
        self._session.ask(ops.Assign(reader, tuple(PartitionOffset(*tp, start) for tp, start in starts.items())))
        patience = Patience(self._session, self._session.timeouts.reading)
        done = self._read_to(reader, ends, patience)
        for tp in done:
            self._session.observe(reader, Drained(*tp, min(starts[tp], ends[tp]), ends[tp], isolation))
        for tp in (tp for tp in ends if tp not in done):
            self._session.observe(reader, WaitTimedOut("drained", patience.milliseconds, *tp, isolation=isolation))
        self._session.ask(ops.Close(reader))

    def _read_to(self, reader: str, ends: dict[TopicPartition, int], patience: Patience) -> list[TopicPartition]:
        """Poll until everything is read or patience ends; returns the partitions read to the end."""
        done = [tp for tp, end in ends.items() if end == 0]
        furthest = dict.fromkeys(ends, 0)
        while len(done) < len(ends) and patience.left:
            self._session.ask(ops.Poll(reader, max_records=500, timeout=200))
            positions = {tp: self._session.value(ops.Position(reader, *tp)) or 0 for tp in ends if tp not in done}
            if any(stands > furthest[tp] for tp, stands in positions.items()):
                patience.renew()
            furthest |= {tp: max(stands, furthest[tp]) for tp, stands in positions.items()}
            done += [tp for tp, stands in positions.items() if stands >= ends[tp]]
        return done

    def _ends(self, isolation: Isolation) -> dict[TopicPartition, int]:
        """Where each partition ends, once all that was acknowledged is visible, or has had its time."""
        patience, ends = Patience(self._session, self._until_visible(isolation)), {}
        for tp in self._partitions():
            while (end := self._end(tp, isolation)) is not None and end <= self._session.acknowledged.get(tp, -1):
                if not patience.left:
                    timed_out = WaitTimedOut("visible", patience.milliseconds, *tp, isolation=isolation)
                    self._session.observe(ADMIN, timed_out)
                    self._faults.describe(tp)
                    break
                self._session.adapter.wait(50)
            if end is not None:
                ends[tp] = end
        return ends

    def _until_visible(self, isolation: Isolation) -> int:
        """Milliseconds in which what was acknowledged becomes visible: no transaction is open for longer."""
        timeouts, session = self._session.timeouts, self._session
        open_for = timeouts.transactions(session.transaction_timeout) if isolation == "read_committed" else 0
        return max(timeouts.visible, open_for)

    def _end(self, tp: TopicPartition, isolation: Isolation) -> int | None:
        end: int | None = self._session.value(ops.ListOffsets(*tp, "latest", isolation))
        return end

    def _partitions(self) -> list[TopicPartition]:
        """Of all topics of the plan; what the broker refused to create is not there to be read."""
        there = {topic: self._session.partitions.get(topic, 0) for topic in self._model.topics}
        return [TopicPartition(topic, partition) for topic, total in there.items() for partition in range(total)]
