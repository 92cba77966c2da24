"""Liars that no client can tell, each with the reason. At most one in twenty of all liars may stand here."""

from __future__ import annotations

from typing import Final

from brokerlaw.conformance.liars.lie import Lie
from brokerlaw.conformance.liars.meant import matches

ARGUMENTS: Final[dict[str, str]] = {
    "open_producer.request.compression": "compression is undone before a reader sees anything; records are the same",
    "open_producer.request.linger": "how long a producer waits for more to send with it is a matter of speed: records, "
    "order and answers are the same, a little sooner or later",
    "open_producer.request.partitioner": "the reference claims `murmur2`: its default partitioner is murmur2",
    "open_producer.outcome: fail for done": "who is told that it was not opened is not used; a refusal is lawful",
    "open_consumer.outcome: fail for done": "who is told that it was not opened is not used; a refusal is lawful",
    "flush.outcome: ok for refused": "a flush is never refused: there is nothing that it could do wrong",
    "poll.request.timeout": "a poll may come back without records at any time, and nothing bounds how long one takes",
    "poll.request.max_records: one less": "a poll may return fewer records than it may return at most, however many "
    "there are",
    "unsubscribe.outcome: ok for refused": "no client refuses to leave what it is not in",
    "*.timestamp_type: none": "a client need not tell the type of a timestamp",
    "list_groups.answer.[].state: none": "a state need not be told in a list",
    "restart_broker.request.broker: the previous one's": "the previous one is up: it is refused, and told so",
    "resume_broker.request.broker: the previous one's": "the previous one goes on: it is refused, and told so",
    "*.observation: repeated": "news that is told twice is the same news",
    "revoked.observation.generation": "of the generation that ends or of the next: it is nowhere specified",
    "lost.observation.generation": "of the generation that ends or of the next: it is nowhere specified",
}
"""By a pattern of liars."""


def argument(lie: Lie) -> str:
    """Why no client can tell, if that is so."""
    return next((why for pattern, why in ARGUMENTS.items() if matches(pattern, str(lie))), "")
