"""Known bugs that are not among the mutants, and why: nothing is dropped without a word."""

from typing import Final

_QUEUES: Final = "the reference has no queues"
_ONE_STEP: Final = "a consumer of the reference acts in one step where the bug needs two"

BEYOND: Final = {
    "KAFKA-7692": "sequences wrap after 2^31 records of one producer: no plan is as long",
    "KAFKA-8335": "empty batches of one sequence are all kept: a log grows, and no client sees those",
    "KAFKA-12152": "the send is refused as out of sequence, and owed nothing",
    "KAFKA-14920": "the gap that it leaves is KAFKA-3197's",
    "KAFKA-9491": "the reader waits, and is owed nothing",
    "KAFKA-14617": "a broker's disk is never lost",
    "maximal-isr": "AlterPartition takes effect at once, nothing is ever in flight",
    "KAFKA-6082": "there is one controller, and it is not deposed",
    "KAFKA-18106": "a broker that comes back quickly has lost nothing",
    "KAFKA-12460": "a follower truncates to where its leader's log parts from its own, and nowhere else",
    "KAFKA-13419": _ONE_STEP,
    "KAFKA-14196": _ONE_STEP,
    "KAFKA-14024": _ONE_STEP,
    "KAFKA-16258": _ONE_STEP,
    "KAFKA-18641": "the applications of the suite commit by hand: see commit-before-process",
    "time-index-off": "no invariant of the book judges timestamps",
    "redpanda-10671": "what is visible and what is applied are one here: see KAFKA-9807",
    "redpanda-3501": "the coordinator's answer to a producer is never lost",
    "KAFKA-15784": "offsets are checked and written in one step",
    "KAFKA-17582": "documented behaviour: the applications of the suite rewind",
    "ack-lost-redelivery": _QUEUES,
    "no-redelivery": _QUEUES,
    "localstack-12457": _QUEUES,
    "visibility-early": _QUEUES,
    "dlq-drop": _QUEUES,
    "dlq-early": _QUEUES,
    "KAFKA-19476": _QUEUES,
    "dedup-window": _QUEUES,
    "nats-server-7564": _QUEUES,
}
