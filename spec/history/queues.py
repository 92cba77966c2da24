"""The operations of a queue, in the words of SQS. They stand in the table of `operations` with the others."""

from typing import Any, ClassVar

from brokerlaw.spec.history.numbers import Count, Milliseconds
from brokerlaw.spec.history.operation import ClientOperation, Needs, Operation, Repeated
from brokerlaw.spec.history.roles import Name, Wait
from brokerlaw.spec.history.values import Delivery


class QueueOperation(Operation, frozen=True):
    """Asked of a queue."""

    needs: ClassVar[Needs] = ("queues",)


class DeliveryOperation(ClientOperation, frozen=True):
    """Performed by a client that takes messages from a queue."""

    needs: ClassVar[Needs] = ("queues",)


class CreateQueue(QueueOperation, frozen=True):
    """Create a queue."""

    queue: Name
    fifo: bool = False
    visibility_timeout: Milliseconds = 30_000
    max_deliveries: Count | None = None
    dead_letter_queue: Name | None = None
    settings: dict[str, str] = {}


class DeleteQueue(QueueOperation, frozen=True):
    """Delete a queue and its messages."""

    queue: Name


class Publish(QueueOperation, frozen=True):
    """Put a message into a queue."""

    repeated: ClassVar[Repeated] = "again"
    queue: Name
    value: bytes
    group: Name | None = None
    deduplication_id: Name | None = None


class Receive(DeliveryOperation, frozen=True):
    """Take messages; each is hidden from others until it is acknowledged or its visibility ends."""

    repeated: ClassVar[Repeated] = "again"
    returns: ClassVar[Any] = tuple[Delivery, ...]
    queue: Name
    max_messages: Count = 1
    visibility_timeout: Milliseconds | None = None
    timeout: Wait = 100


class Ack(DeliveryOperation, frozen=True):
    """The message is done with."""

    queue: Name
    receipt: str


class Nack(DeliveryOperation, frozen=True):
    """The message is to be delivered again (or dead-lettered)."""

    queue: Name
    receipt: str


class Extend(DeliveryOperation, frozen=True):
    """Keep a message hidden for `timeout` from now."""

    queue: Name
    receipt: str
    timeout: Milliseconds
