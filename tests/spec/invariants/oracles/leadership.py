"""The promises of leadership, read off their statements: every description of a partition beside every other."""

from itertools import groupby
from typing import NamedTuple

from oracles.progress import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import BrokerFault, Repair


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


class Down(NamedTuple):
    """A broker is hit, certainly from `sure` on, until somebody asks that it be no longer so."""

    broker: int
    stops: bool
    begun: int
    sure: int
    ending: int
    over: int


def _downs(told: Told) -> list[Down]:
    found = []
    repairs = [each for each in told.of(Repair) if not each.refused]
    for fault in told.of(BrokerFault):
        later = [each for each in repairs if each.number > fault.number]
        over = next((each for each in later if each.ok and each.op.ends(fault.op)), None)
        meanwhile = [each for each in later if not each.ok and (over is None or each.number < over.number)]
        ending = min([each.begun for each in (*meanwhile, *([over] if over else []))], default=NEVER)
        sure = fault.ended if fault.ok else NEVER
        ends = sure, ending, over.ended if over else NEVER
        hit = () if fault.refused else fault.op.brokers_hit
        found += [Down(broker, fault.op.stops, fault.begun, *ends) for broker in hit]
    return found


def in_sync_are_up(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    settings = told.header.broker_settings
    session = int(settings.get("broker.session.timeout.ms", 9_000))
    lag = int(settings.get("replica.lag.time.max.ms", 30_000))
    for down in _downs(told) if len(set(told.brokers)) >= 3 else ():
        late = False
        others = [each for each in _downs(told) if each.broker != down.broker]
        for topic, states in _described(told):
            for state in states if told.steady(topic) and down.stops else ():
                seen = state.outcome.value
                during = down.sure <= state.begun and state.ended < down.ending
                alone = all(state.ended < each.begun or each.over < down.begun for each in others)
                noticed = state.begun - down.sure >= (session + 3 * lag // 2 + 5_000) * 1_000_000
                if seen.leader is not None and during and alone and down.broker in seen.replicas:
                    tested += noticed or down.broker not in seen.isr
                    late |= noticed and down.broker in seen.isr
        wrong += late
    return tested, wrong


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
OF_OUTAGES = {"leadership.in-sync-are-up": in_sync_are_up}
