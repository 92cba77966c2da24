"""The promises of leadership, read off their statements: every description of a partition beside every other."""

from itertools import groupby

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops


def _described(told: Told) -> list[tuple[str, list[Done]]]:
    """By partition: its topic and its descriptions, as they came."""
    answered = [each for each in told.of(ops.DescribePartition) if each.ok]
    place = {each.number: (each.op.topic, each.op.partition) for each in answered}
    ordered = sorted(answered, key=lambda each: (place[each.number], each.ended))
    return [(topic, list(each)) for (topic, _), each in groupby(ordered, lambda each: place[each.number])]


def epoch_monotonic(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for topic, states in _described(told):
        for later in states if told.steady(topic) else ():
            epoch = later.outcome.value.epoch
            before = [one.outcome.value.epoch for one in states if one.ended < later.begun]
            before = [one for one in before if one >= 0]
            if before and epoch >= 0:
                tested += 1
                wrong += max(before) > epoch
    return tested, wrong


def one_leader_per_epoch(told: Told) -> tuple[int, int]:
    """Of each epoch, each description of a leader against the one before it."""
    tested = wrong = 0
    for topic, states in _described(told):
        leaders: dict[int, int] = {}
        for state in [each.outcome.value for each in states] if told.steady(topic) else ():
            if state.leader is not None and state.epoch >= 0:
                tested += state.epoch in leaders
                wrong += leaders.get(state.epoch, state.leader) != state.leader
                leaders[state.epoch] = state.leader
    return tested, wrong


def in_sync_are_replicas(told: Told) -> tuple[int, int]:
    states = [each.outcome.value for _, described in _described(told) for each in described]
    wrong = 0
    for state in states:
        led = state.leader is None or state.leader in state.isr
        strange = any(broker not in state.replicas for broker in state.isr)
        twice = any(brokers.count(broker) > 1 for brokers in (state.isr, state.replicas) for broker in brokers)
        wrong += not led or strange or twice
    return len(states), wrong


def replicas_as_created(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for topic, described in _described(told):
        made = [each.op for each in told.of(ops.CreateTopic) if each.op.topic == topic and each.ok]
        states = [each.outcome.value for each in described] if told.known(topic) else []
        for state in states:
            tested += 1
            wrong += state.replicas != states[0].replicas or made[0].replication not in (-1, len(state.replicas))
    return tested, wrong


ORACLES = {
    "leadership.epoch-monotonic": epoch_monotonic,
    "leadership.one-leader-per-epoch": one_leader_per_epoch,
    "leadership.in-sync-are-replicas": in_sync_are_replicas,
    "leadership.replicas-as-created": replicas_as_created,
}
