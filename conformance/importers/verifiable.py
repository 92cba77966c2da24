"""Logs of Kafka's VerifiableProducer and VerifiableConsumer, each of one client.

Sources: org.apache.kafka.tools.VerifiableProducer, VerifiableConsumer.
"""

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

from brokerlaw.conformance.importers.json_lines import objects
from brokerlaw.conformance.importers.timeline import ForeignError, Timeline
from brokerlaw.conformance.importers.verifiable_consumer import Consumer
from brokerlaw.conformance.importers.verifiable_producer import Producer
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.rows import Recording

OF_PRODUCERS: Final = frozenset({"producer_send_success", "producer_send_error", "tool_data"})
OF_CONSUMERS: Final = frozenset(
    {
        "partitions_assigned",
        "partitions_revoked",
        "partitions_lost",
        "records_consumed",
        "record_data",
        "offsets_committed",
    }
)


class Options(NamedTuple):
    """What logs do not tell. `group` is that of all consumers; None: each has one of its own.

    `created` has, by name, how many partitions topics had that were created for the run: nothing else is in them.
    """

    group: str | None = None
    created: dict[str, int] = {}


def read(files: Sequence[tuple[str, Iterable[bytes]]], settings: UserSettings, options: Options) -> Recording:
    """Raises `ForeignError`."""
    timeline = Timeline(settings)
    producers: list[Producer] = []
    consumers: list[Consumer] = []
    names = client_names([name for name, _ in files])
    for (name, lines), client in zip(files, names, strict=True):
        told = list(objects(name, lines))
        kinds = {line.fields.get("name") for line in told}
        if kinds & OF_PRODUCERS:
            producers.append(Producer(client, told))
        elif kinds & OF_CONSUMERS:
            consumers.append(Consumer(client, options.group or f"group of {client}", told))
        else:
            raise ForeignError(f"{name}: neither a log of VerifiableProducer nor one of VerifiableConsumer")
    create(timeline, producers, options.created)
    for producer in producers:
        producer.tell(timeline)
    for consumer in consumers:
        consumer.tell(timeline)
    return timeline.recording("a broker that Kafka's verifiable clients used")


def create(timeline: Timeline, producers: Sequence[Producer], created: dict[str, int]) -> None:
    """Topics that were created for the run. Raises `ForeignError` where a producer may have sent what is not told."""
    begun = min((producer.begun for producer in producers), default=0)
    for topic, partitions in created.items():
        for producer in producers:
            if topic in producer.topics and not producer.ended:
                why = "has no shutdown_complete: it may have sent more than its log tells"
                raise ForeignError(f"{producer.place}: {why}, so that what {topic} holds is not known")
        timeline.do(begun, begun, "admin", ops.CreateTopic(topic, partitions, replication=-1))


def client_names(files: Sequence[str]) -> list[str]:
    """The name of each file without its folder and ending; what is called alike gets a number."""
    stems = [PurePath(name).name.partition(".")[0] or "client" for name in files]
    return [stem if stems.count(stem) == 1 else f"{stem}-{n}" for n, stem in enumerate(stems, 1)]
