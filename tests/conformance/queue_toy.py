"""A queue in memory, to try the smoke checks of queues on."""

from collections.abc import Mapping

from brokerlaw.adapters.contract import Adapter, Description, Fail, Ok, Outcome
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import Delivery


class QueueToy(Adapter):
    """Messages are hidden for good once they are taken, until they are refused."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.waiting: dict[str, list[Delivery]] = {}
        self.taken: dict[str, tuple[str, Delivery]] = {}

    def describe(self) -> Description:
        return Description("queue-toy", "1", {"queues": None})

    def create_queue(self, op: ops.CreateQueue) -> Outcome:
        self.waiting[op.queue] = []
        return Ok()

    def delete_queue(self, op: ops.DeleteQueue) -> Outcome:
        return Ok() if self.waiting.pop(op.queue, None) is not None else Fail("NO_SUCH_QUEUE")

    def publish(self, op: ops.Publish) -> Outcome:
        self.waiting[op.queue].append(Delivery("", op.value, 0))
        return Ok()

    def receive(self, op: ops.Receive) -> Outcome:
        deliveries = []
        for message in self.waiting[op.queue][: op.max_messages]:
            self.waiting[op.queue].remove(message)
            delivery = Delivery(f"receipt-{len(self.taken)}", message.value, message.attempt + 1)
            self.taken[delivery.receipt] = (op.queue, delivery)
            deliveries.append(delivery)
        return Ok(tuple(deliveries))

    def ack(self, op: ops.Ack) -> Outcome:
        return Ok() if op.receipt in self.taken else Fail("NO_SUCH_RECEIPT")

    def nack(self, op: ops.Nack) -> Outcome:
        queue, delivery = self.taken[op.receipt]
        self.waiting[queue].append(delivery)
        return Ok()

    def extend(self, op: ops.Extend) -> Outcome:
        return self.ack(ops.Ack(op.client, op.queue, op.receipt))
