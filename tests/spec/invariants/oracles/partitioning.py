"""The promises of partitioning, read off their statements: every send, and every two sends, of a key."""

from collections.abc import Iterator

from oracles.progress import Done, Told

from brokerlaw.spec.history import operations as ops


def murmur2(key: bytes) -> int:
    """As `Utils.murmur2` of Kafka's clients has it, byte by byte, with the sign taken off."""
    mixed, whole = 0x9747B28C ^ len(key), len(key) // 4 * 4
    for place in range(0, whole, 4):
        word = int.from_bytes(key[place : place + 4], "little") * 0x5BD1E995 % 2**32
        word = (word ^ word >> 24) * 0x5BD1E995 % 2**32
        mixed = mixed * 0x5BD1E995 % 2**32 ^ word
    if whole < len(key):
        mixed = (mixed ^ int.from_bytes(key[whole:], "little")) * 0x5BD1E995 % 2**32
    mixed = (mixed ^ mixed >> 13) * 0x5BD1E995 % 2**32
    return (mixed ^ mixed >> 15) & 0x7FFFFFFF


def _keyed(told: Told) -> Iterator[tuple[Done, ops.OpenProducer]]:
    """Acknowledged sends that left it to the key where to go, and the producer of each as it was opened."""
    for send in told.of(ops.Send):
        if send.ok and send.op.key and send.op.partition is None:
            opened = [each for each in told.of(ops.OpenProducer) if each.op.client == send.op.client]
            yield send, [each.op for each in opened if each.number < send.number][-1]


def _expansions(told: Told, send: Done) -> list[int]:
    """The numbers of partitions that somebody had asked for by the time when a send was acknowledged."""
    asked = [each for each in told.of(ops.CreatePartitions) if each.op.topic == send.op.topic and not each.refused]
    return [each.op.total for each in asked if each.begun <= send.ended]


def same_key_same_partition(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    before: list[tuple[Done, object]] = []
    for send, producer in _keyed(told):
        if told.steady(send.op.topic) and not _expansions(told, send):
            partitioner = producer.partitioner, producer.settings.get("partitioner")
            alike = [
                one
                for one, its in before
                if (one.op.topic, one.op.key) == (send.op.topic, send.op.key) and its == partitioner
            ]
            tested += bool(alike)
            wrong += bool(alike) and alike[0].outcome.value.partition != send.outcome.value.partition
            before.append((send, partitioner))
    return tested, wrong


def by_murmur2(told: Told) -> tuple[int, int]:
    tested = wrong = 0
    for send, producer in _keyed(told):
        if told.known(send.op.topic) and producer.partitioner == "murmur2" and "partitioner" not in producer.settings:
            made = [each.op for each in told.of(ops.CreateTopic) if each.op.topic == send.op.topic and each.ok]
            if made[0].partitions > 0:
                counts = [made[0].partitions, *_expansions(told, send)]
                tested += 1
                wrong += send.outcome.value.partition not in [murmur2(send.op.key) % count for count in counts]
    return tested, wrong


ORACLES = {
    "partitioning.same-key-same-partition": same_key_same_partition,
    "partitioning.murmur2": by_murmur2,
}
