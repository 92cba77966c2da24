"""Generations rise: every assignment of a member beside the one before it, read off the statement."""

from itertools import pairwise

from oracles.progress import Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Assigned
from brokerlaw.spec.history.rows import Invoke, Observe


def generations_rise(told: Told) -> tuple[int, int]:
    deleted = {each.op.group for each in told.of(ops.DeleteGroup) if not each.refused}
    refused = {each.number for each in told.done if each.refused}
    opened: dict[str, int] = {}
    given: dict[int, list[Assigned]] = {}
    next_ones: set[int] = set()
    left_out: set[int] = set()
    for row in told.rows:
        if isinstance(row, Invoke) and isinstance(row.value, ops.OpenConsumer):
            opened[row.value.client] = row.op
            left_out |= {row.op} if row.value.instance_id is not None else set()
            next_ones |= {row.op} if row.value.protocol == "consumer" else set()
        if isinstance(row, Invoke) and isinstance(row.value, ops.Unsubscribe) and row.op not in refused:
            left_out.add(opened[row.value.client])
        if isinstance(row, Observe) and isinstance(row.value, Assigned):
            told_here = row.value.generation >= 0 and row.value.partitions and row.value.group not in deleted
            given.setdefault(opened[row.process], []).extend([row.value] if told_here else [])
    return _judged([(events, member in next_ones) for member, events in given.items() if member not in left_out])


def _judged(members: list[tuple[list[Assigned], bool]]) -> tuple[int, int]:
    tested = wrong = 0
    for events, epochs in members:
        tested += max(0, len(events) - 1)
        wrong += sum(one.generation > other.generation for one, other in pairwise(events))
        for tp in {tp for event in events for tp in event.partitions} if epochs else ():
            generations = [event.generation for event in events if tp in event.partitions]
            tested += len(generations) - 1
            wrong += sum(one == other for one, other in pairwise(generations))
    return tested, wrong


ORACLES = {"groups.generations-rise": generations_rise}
