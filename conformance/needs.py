"""What a step asks of a broker: the capabilities that it uses. A plan needs what its steps use, and nothing more."""

from collections.abc import Iterable, Iterator

import msgspec

from brokerlaw.adapters.contract import Capability, Description
from brokerlaw.conformance import plan as p
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operation import Repair


def needs(step: p.Step) -> frozenset[Capability]:
    """The capabilities that a step uses, with these settings."""
    return frozenset(step.uses())


def missing(steps: Iterable[p.Step], description: Description) -> tuple[str, ...]:
    """What these steps use and the broker does not have, in alphabetical order."""
    return tuple(sorted({want for step in steps for want in _wants(step, description)}))


def fitted(step: p.Step, description: Description) -> p.Step:
    """The step without what the plan can do without: an idempotent producer, a minimum of one replica in sync."""
    match step:
        case ops.OpenProducer(idempotent=True, transactional_id=None) if not description.has("idempotence"):
            return msgspec.structs.replace(step, idempotent=False)
        case ops.CreateTopic() if step.settings.get(ops.MIN_ISR) == "1" and not description.has("min-isr"):
            kept = {key: value for key, value in step.settings.items() if key != ops.MIN_ISR}
            return msgspec.structs.replace(step, settings=kept)
        case _:
            return step


def _wants(step: p.Step, description: Description) -> Iterator[str]:
    yield from description.lacks(*needs(step))
    if isinstance(step, Repair):
        yield from description.lacks_fault(step)
    if isinstance(step, ops.CreateTopic) and description.has("replication"):
        brokers = description.capabilities["replication"]
        if brokers is not None and step.replication > brokers:
            yield f"replication on {step.replication} brokers"
