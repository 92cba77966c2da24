"""From observations to tables: one rule for each. Rebalances move positions, so that reads find where they began."""

from functools import singledispatchmethod

from brokerlaw.spec.history import observations as seen
from brokerlaw.spec.history.columns import push
from brokerlaw.spec.history.facts import Facts
from brokerlaw.spec.history.pools import Pools
from brokerlaw.spec.history.rows import Observe
from brokerlaw.spec.history.tables import ASSIGNED, ISOLATION, LOST, REVOKED
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.history.values import TopicPartition


class Observing:
    """What is known of each client as observations are folded: which opening it is, its generation, its positions."""

    def __init__(self, pools: Pools) -> None:
        self.pools = pools
        self.facts = Facts()
        self.row = 0
        self.opened: dict[str | None, int] = {}
        self.generation: dict[str, int] = {}
        self.positions: dict[str, dict[TopicPartition, int]] = {}

    @singledispatchmethod
    def observed(self, value: seen.Observation, row: Observe) -> None:
        raise HistoryError(f"no such observation: {value!r}")

    @observed.register
    def _(self, value: seen.Assigned, row: Observe) -> None:
        self.generation[row.process] = value.generation
        self.positions.setdefault(row.process, {}).update(dict.fromkeys(value.partitions, self.row))
        self._owned(ASSIGNED, value, row)

    @observed.register
    def _(self, value: seen.Revoked, row: Observe) -> None:
        self._owned(REVOKED, value, row)

    @observed.register
    def _(self, value: seen.Lost, row: Observe) -> None:
        self._owned(LOST, value, row)

    @observed.register
    def _(self, value: seen.Declared, row: Observe) -> None:
        self.facts.declared.append((self.row, value))

    @observed.register
    def _(self, value: seen.Stable, row: Observe) -> None:
        self.facts.stable.append((self.row, row.time, value))

    @observed.register
    def _(self, value: seen.CaughtUp, row: Observe) -> None:
        self.facts.caught.append((self.row, row.time, value))

    @observed.register
    def _(self, value: seen.WaitTimedOut, row: Observe) -> None:
        self.facts.timed_out.append((self.row, row.time, value))

    @observed.register
    def _(self, value: seen.Applied, row: Observe) -> None:
        pools = self.pools
        push(
            self.facts.applied,
            row=self.row,
            time=row.time,
            process=pools.processes.add(row.process),
            opened=self.opened.get(row.process, -1),
            group=pools.groups.add(value.group),
            sink=pools.sinks.add(value.sink),
            tp=pools.partitions.add(TopicPartition(value.topic, value.partition)),
            offset=value.offset,
            value=pools.values.add(value.value),
            duplicate=value.duplicate,
        )

    @observed.register
    def _(self, value: seen.Drained, row: Observe) -> None:
        push(
            self.facts.drained,
            row=self.row,
            time=row.time,
            process=self.pools.processes.add(row.process),
            opened=self.opened.get(row.process, -1),
            tp=self.pools.partitions.add(TopicPartition(value.topic, value.partition)),
            start=value.start,
            end=value.end,
            isolation=ISOLATION[value.isolation],
        )

    def _owned(self, kind: int, value: seen.Assigned | seen.Revoked | seen.Lost, row: Observe) -> None:
        pools = self.pools
        process, group, member = (
            pools.processes.add(row.process),
            pools.groups.add(value.group),
            pools.members.add(value.member),
        )
        for tp in value.partitions:
            push(
                self.facts.ownership,
                row=self.row,
                time=row.time,
                kind=kind,
                process=process,
                opened=self.opened.get(row.process, -1),
                group=group,
                member=member,
                generation=value.generation,
                tp=pools.partitions.add(tp),
            )
