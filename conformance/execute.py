"""Execute: a plan against an adapter becomes a recording. Nothing is judged here."""

import msgspec

from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.conformance import plan as p
from brokerlaw.conformance.application import Applications
from brokerlaw.conformance.backpressure import BOUND
from brokerlaw.conformance.faults import FaultInjector
from brokerlaw.conformance.groups import Groups
from brokerlaw.conformance.model import normalise
from brokerlaw.conformance.names import Names
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.patience import Patience
from brokerlaw.conformance.profiles import LOG, Profile
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Declared
from brokerlaw.spec.history.operation import Ending, FaultOperation, LifeOperation, Opening, Operation
from brokerlaw.spec.history.operations import client_of
from brokerlaw.spec.history.outcomes import Fail
from brokerlaw.spec.history.rows import Header, Recording
from brokerlaw.spec.history.values import PartitionOffset

EARLIEST_INTERVAL = 500
"""Milliseconds between two looks at where a log begins."""
WATCHER = "watcher"
"""The reader that looks whether a record has been compacted away."""
FRESH = "fresh"
"""The claim of an adapter whose `reset` gives an empty broker, so that names need no prefix."""


def execute(
    plan: p.Plan,
    adapter: Adapter,
    description: Description,
    settings: UserSettings,
    prefix: str,
    profile: Profile = LOG,
    patience: float = 0,
) -> Recording:
    """Run the plan's steps, bring the case to rest, read everything back. Raises `AdapterError` only.

    `patience` (s) is added to every wait.
    """
    adapter.reset()
    header = Header(
        broker=f"{description.name} {description.version}",
        broker_version=description.version,
        overrides=settings.overrides,
        broker_settings=description.settings,
        brokers=description.brokers,
    )
    names = Names("" if FRESH in description.claims else prefix)
    session = Session(adapter, description, settings, names, header, round(1000 * patience))
    Case(session, profile).run(plan)
    return session.close()


class Case:
    """One run of one plan."""

    def __init__(self, session: Session, profile: Profile) -> None:
        self._session = session
        self._profile = profile
        self._model = profile.model()
        self._applications = Applications(session)
        self._groups = Groups(session, self._model, self._applications)
        self._faults = FaultInjector(session)

    def run(self, plan: p.Plan) -> None:
        """The steps that make sense, then the end of every case."""
        for step in normalise(plan.steps, self._profile.model):
            self._take(step)
            self._model.apply(step)
        self._profile.quiesce(self._session, self._model, self._applications, self._groups, self._faults).run()

    def _take(self, step: p.Step) -> None:
        match step:
            case p.DeclareApplication():
                bound = BOUND if step.discipline == "backpressure" else None
                declared = Declared(step.group, step.topic, step.discipline, step.sink, bound)
                self._session.observe(step.group, declared)
            case p.RunApplication():
                self._work(step)
            case p.Settle():
                self._groups.settle(step.group)
            case p.InjectFault():
                self._faults.inject(step)
            case p.AwaitIsr():
                self._faults.await_isr(step)
            case p.AwaitLeader():
                self._faults.await_leader(step)
            case p.AwaitEarliest():
                self._await_earliest(step)
            case p.AwaitCompacted():
                self._await_compacted(step)
            case p.Elapse():
                self._session.adapter.wait(step.milliseconds)
            case p.Attempt():
                self._attempt(step.op)
            case p.ResumePaused():
                self._faults.resume_paused()
            case p.Heal():
                self._faults.heal()
            case Operation():
                self._operate(step)

    def _await_earliest(self, step: p.AwaitEarliest) -> None:
        """What is not there does not begin, and is not waited for."""
        look = ops.ListOffsets(step.topic, step.partition, "earliest")
        patience = Patience(self._session, self._session.timeouts.expiry)
        while (begins := self._session.value(look)) is not None and begins < step.offset and patience.left:
            self._session.adapter.wait(EARLIEST_INTERVAL)

    def _await_compacted(self, step: p.AwaitCompacted) -> None:
        """By a reader of its own, which goes back to the offset each time. What is not there is not waited for."""
        if step.partition >= self._session.partitions.get(step.topic, 0):
            return
        patience, here = Patience(self._session, self._session.timeouts.compaction), (step.topic, step.partition)
        self._session.ask(ops.OpenConsumer(WATCHER))
        self._session.ask(ops.Assign(WATCHER, (PartitionOffset(*here, step.offset),)))
        while not self._is_beyond(step.offset) and patience.left:
            self._session.adapter.wait(EARLIEST_INTERVAL)
            self._session.ask(ops.Seek(WATCHER, *here, step.offset))
        self._session.ask(ops.Close(WATCHER))

    def _is_beyond(self, offset: int) -> bool:
        """Whether the watcher is given a later record."""
        records = self._session.value(ops.Poll(WATCHER, 1))
        return bool(records) and records[0].offset > offset

    def _attempt(self, op: ops.AnyOperation) -> None:
        """Ask for it alone; what never opened does nothing."""
        if (client := client_of(op)) is None or client in self._session.opened:
            self._session.ask(op)

    def _work(self, step: p.RunApplication) -> None:
        group = self._model.clients[step.client].group
        if step.client in self._session.opened and group is not None:
            self._applications.work(step.client, group, self._model.applications[group], step.until)

    def _operate(self, op: ops.AnyOperation) -> None:
        """Ask for the operation, and for the same of an application's other half; what never opened does nothing."""
        client = client_of(op)
        if client is not None and not isinstance(op, Opening) and client not in self._session.opened:
            return
        if isinstance(op, LifeOperation):
            for companion in self._applications.companions(op.client):
                self._session.ask(msgspec.structs.replace(op, client=companion))
        if isinstance(op, Ending):
            self._applications.forget(op.client)
        outcome = self._session.ask(op)
        if isinstance(op, FaultOperation) and not isinstance(outcome, Fail):
            self._faults.note(op)
