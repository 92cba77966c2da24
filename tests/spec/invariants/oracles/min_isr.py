"""`durability.min-isr-refuses`, read off its statement: every send beside every outage of each replica."""

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import BrokerFault, Repair


def min_isr_refuses(told: Told) -> tuple[int, int]:
    """Of one topic, t, with one or two partitions."""
    tested = wrong = 0
    for send in told.of(ops.Send):
        replicas, needed = _replicas(told, send), _needed(told)
        if _acks(told, send) == "all" and send.outcome is not None and replicas:
            running = [each for each in replicas if not _down(told, each, send)]
            required = min(needed, len(replicas))
            if required > 1 and len(running) < required:
                tested += 1
                wrong += send.ok
    return tested, wrong


def _acks(told: Told, send: Done) -> str:
    (opened,) = [each.op for each in told.of(ops.OpenProducer) if each.op.client == send.op.client]
    acks: str = opened.acks
    return acks


def _replicas(told: Told, send: Done) -> tuple[int, ...]:
    """Of the partition that the send went to, or would have gone to; none: that is not known."""
    topics = [each.op for each in told.of(ops.CreateTopic) if each.ok]
    single = told.known("t") and topics[0].partitions == 1 and not told.of(ops.CreatePartitions)
    where = send.outcome.value.partition if send.ok else send.op.partition
    where = 0 if where is None and single else where
    states = [each for each in told.of(ops.DescribePartition) if each.ok and each.op.partition == where]
    return min(states, key=lambda each: each.ended).outcome.value.replicas if states else ()


def _needed(told: Told) -> int:
    """The least that min.insync.replicas may have been."""
    if not told.known("t"):
        return 0
    made = [each.op.settings for each in told.of(ops.CreateTopic) if each.ok]
    altered = [each.op.settings for each in told.of(ops.AlterTopic) if not each.refused]
    return min(int(settings.get(ops.MIN_ISR, 1)) for settings in made + altered)


def _down(told: Told, broker: int, send: Done) -> bool:
    """Whether a fault certainly held from before the send until after its outcome."""
    for fault in told.of(BrokerFault):
        if fault.ok and fault.op.stops and broker in fault.op.brokers_hit and fault.ended <= send.begun:
            repairs = [each for each in told.of(Repair) if not each.refused and each.number > fault.number]
            ends = [each.begun for each in repairs if not each.ok or each.op.ends(fault.op)]
            if all(send.ended < end for end in ends):
                return True
    return False


ORACLES = {"durability.min-isr-refuses": min_isr_refuses}
