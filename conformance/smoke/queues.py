"""Smoke checks of queues."""

from collections.abc import Collection

from brokerlaw.conformance.smoke.bench import Bench, check
from brokerlaw.conformance.smoke.topics import VALUES
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.values import Delivery

QUEUE = "queue"


def _receive(b: Bench, seen: Collection[bytes] = ()) -> Delivery:
    """The next message, but for those that were seen: most queues may deliver one again."""
    got: list[Delivery] = []

    def arrived() -> bool:
        got.extend(each for each in b.ok(ops.Receive("client", QUEUE)) if each.value not in seen)
        return bool(got)

    b.eventually(arrived, lambda: "no message came", "receive returns what was published and is not hidden")
    return got[0]


@check("queues", at_start=True)
def queue_bytes(b: Bench) -> None:
    """Messages come back byte for byte, and an acknowledged one does not come again."""
    b.ok(ops.CreateQueue(QUEUE))
    for number, value in enumerate(VALUES):
        b.ok(ops.Publish(QUEUE, value))
        delivery = _receive(b, VALUES[:number])
        mend = "values are bytes (base64 in JSON), never text"
        b.must(delivery.value == value, f"{value!r:.60} came back as {delivery.value!r:.60}", mend)
        b.ok(ops.Ack("client", QUEUE, delivery.receipt))
    rest = b.ok(ops.Receive("client", QUEUE))
    b.must(rest == (), f"all is acknowledged, and {rest!r:.100} came", "ack by the receipt of the delivery")
    b.ok(ops.DeleteQueue(QUEUE))


@check("queues")
def refused(b: Bench) -> None:
    """A refused message comes again, and counts its attempts."""
    b.ok(ops.CreateQueue(QUEUE))
    b.ok(ops.Publish(QUEUE, b"message"))
    b.ok(ops.Nack("client", QUEUE, _receive(b).receipt))
    again = _receive(b)
    b.must(again.attempt >= 2, f"the second delivery is attempt {again.attempt}", "attempts count from 1")
    b.ok(ops.Ack("client", QUEUE, again.receipt))


@check("queues")
def hidden(b: Bench) -> None:
    """A message that was taken is hidden, as long as it is extended."""
    b.ok(ops.CreateQueue(QUEUE))
    b.ok(ops.Publish(QUEUE, b"message"))
    delivery = _receive(b)
    b.ok(ops.Extend("client", QUEUE, delivery.receipt, 30_000))
    rest = b.ok(ops.Receive("other", QUEUE))
    b.must(rest == (), f"a hidden message was given to another client: {rest!r:.100}", "see visibility_timeout")
