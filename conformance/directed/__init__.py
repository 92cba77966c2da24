"""Directed plans: schedules that chance seldom finds, each after a loss or a repeat that really happened.

They come before the random plans of a run, so that every promise is put to the test at least once.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from brokerlaw.adapters.contract import Description
from brokerlaw.conformance.directed import (
    administration,
    batches,
    commits,
    delivery,
    failover,
    groups,
    lookups,
    ordering,
    producers,
    progress,
    reading,
    records,
    refusals,
    restarts,
    retention,
    transactions,
)
from brokerlaw.conformance.needs import fitted, missing
from brokerlaw.conformance.plan import Plan, Step


class Directed(NamedTuple):
    """A schedule, and the promises that it is there to put to the test."""

    name: str
    steps: Callable[[int], Iterator[Step]]
    """From the replication factor to be used."""
    tests: tuple[str, ...]

    def plan(self, description: Description) -> Plan:
        """The schedule for a broker, without what it can do without."""
        replication = min(3, description.capabilities.get("replication") or 1)
        steps = tuple(fitted(step, description) for step in self.steps(replication))
        return Plan(f"directed/{self.name}", steps)

    def missing(self, description: Description) -> tuple[str, ...]:
        """What the schedule uses and the broker does not have."""
        return missing(self.plan(description).steps, description)


_LOG: Final = (
    "ends.never-go-back",
    "ordering.offsets-increase",
    "ordering.one-record-per-offset",
    "ordering.producer-order",
    "ordering.ack-precedes-send",
    "partitioning.same-key-same-partition",
    "partitioning.murmur2",
    "integrity.nothing-invented",
    "idempotence.no-duplicates",
    "durability.acked-at-offset",
    "durability.acked-survives",
    "retention.consuming-deletes-nothing",
    "retention.only-expired-goes",
    "leadership.epoch-monotonic",
    "leadership.one-leader-per-epoch",
    "leadership.in-sync-are-replicas",
    "leadership.replicas-as-created",
    "replicas.in-order",
    "replicas.hold-what-was-read",
    "progress.log-is-read",
    "progress.leader-returns",
    "progress.in-sync-again",
    "progress.send-ends",
    "progress.poller-is-served",
    "progress.flushes-and-closes",
)
_WHOLE: Final = ("records.null-stays-null", "records.read-alike", "topics.begin-at-zero", "topics.partition-count")
_STAYS: Final = ("retention.only-expired-goes", "durability.acked-survives")
_READING: Final = (
    "reading.leaves-nothing-out",
    "reading.begins-at-position",
    "reading.position-told",
    "reading.max-records",
    "reading.paused-gives-nothing",
    "reading.only-what-is-assigned",
)
_TOLD: Final = ("groups.described-at-rest", "groups.listed-at-rest", "groups.lag-is-the-distance")
_NEWS: Final = ("groups.told-its-own", "ownership.given-then-taken")
_SHARES: Final = (
    "ownership.exclusive",
    "ownership.complete",
    "ownership.extra-idle",
    "progress.group-rests",
    *_TOLD,
    *_NEWS,
)
_KEEPS: Final = ("groups.moves-no-more-than-it-must", "groups.revokes-no-more-than-it-must")
_ONCE_MORE: Final = ("offsets.resume-at-commit", "delivery.at-least-once", "progress.application-catches-up")
_NOT_AGAIN: Final = ("offsets.resume-at-commit", "delivery.at-most-once")
_TRANSACTIONS: Final = ("transactions.committed-only", "transactions.atomic", "progress.transaction-ends")
_EXACTLY_ONCE: Final = ("delivery.exactly-once", *_TRANSACTIONS)
_FAILOVER: Final = ("durability.acked-survives", "leadership.epoch-monotonic", "leadership.one-leader-per-epoch")

SCHEDULES: Final = (
    Directed("order", ordering.order, _LOG),
    Directed("flushed", ordering.flushed, ("progress.send-ends",)),
    Directed("too-late", producers.too_late, ("producers.timeout-aborts", "producers.fenced-for-a-reason")),
    Directed("in-time", producers.in_time, ("producers.fenced-for-a-reason", "transactions.atomic")),
    Directed(
        "taken-over-in-turn",
        producers.taken_over_in_turn,
        ("producers.fenced-is-refused", "producers.fenced-for-a-reason", *_TRANSACTIONS),
    ),
    Directed("acknowledged-by-few", producers.acknowledged_by_few, ("producers.acks-as-asked",)),
    Directed("misconfigured", producers.misconfigured, ("producers.settings-as-asked",)),
    Directed("repeated", producers.repeated, ("idempotence.no-duplicates", "idempotence.goes-on")),
    Directed("lingering", producers.lingering, ("progress.send-ends", "producers.flush-gives-nothing-up")),
    Directed("unanswered", producers.unanswered, ("integrity.nothing-invented",)),
    Directed("asleep", groups.asleep, ("ownership.exclusive", *_NEWS[:1])),
    Directed("deserted", groups.deserted, ("groups.deserted-is-empty",)),
    Directed(
        "unheard",
        groups.unheard,
        ("groups.silent-keeps", "groups.silent-is-missed", "groups.leaver-is-let-go"),
    ),
    Directed("leavers", groups.leavers, ("groups.leaver-is-let-go",)),
    Directed("by-itself-at-close", commits.at_close, ("commits.auto-at-close",)),
    Directed("by-itself-at-intervals", commits.at_intervals, ("commits.auto-at-intervals", "commits.auto-no-oftener")),
    Directed("records-whole", records.whole, (*_WHOLE, "records.too-large-refused")),
    Directed("records-large", records.large, ("records.read-alike", "integrity.nothing-invented")),
    Directed("sent-at-intervals", records.at_intervals, ("records.create-time-is-the-sends",)),
    *(Directed(f"codec-{name}", records.codec(name), _WHOLE[1:]) for name in records.CODECS[1:]),
    Directed("tombstones", records.tombstones, _WHOLE),
    Directed("headers", records.headers, ("records.headers-kept", *_WHOLE[1:])),
    Directed("create-time", records.timestamps("CreateTime"), ("records.create-time-kept", "records.timestamp-type")),
    Directed(
        "append-time", records.timestamps("LogAppendTime"), ("records.timestamp-type", "records.append-time-ascends")
    ),
    Directed("topic-created-anew", records.created_anew, ("topics.nothing-old", "topics.begin-at-zero")),
    Directed("expired", retention.expired, _STAYS),
    Directed("outgrown", retention.outgrown, ("retention.outgrown-goes", *_STAYS)),
    Directed("expired-in-part", retention.expired_in_part, _STAYS),
    Directed("expired-whole", retention.expired_whole, ("retention.expired-goes",)),
    Directed("expired-in-turn", retention.expired_in_turn, _STAYS),
    Directed("expired-by-append-time", retention.expired_by_append_time, _STAYS),
    Directed("expired-and-failed-over", retention.expired_and_failed_over, _STAYS),
    Directed("expired-unreplicated", retention.expired_unreplicated, ("ends.start-before-end", _STAYS[0])),
    Directed("compacted-producers", retention.compacted_producers, ("idempotence.goes-on", "compaction.keeps-last")),
    Directed("compacted", retention.compacted, ("compaction.keeps-last",)),
    Directed("compacted-tombstones", retention.compacted_tombstones, ("compaction.keeps-last",)),
    Directed("compacted-again", retention.compacted_again, ("compaction.deleted-stays-deleted",)),
    Directed("compacted-keyless", retention.compacted_keyless, ("records.keyless-refused",)),
    Directed("compacted-away", retention.compacted_away, ("compaction.replaced-goes",)),
    Directed("compacted-young", retention.compacted_young, ("compaction.keeps-last",)),
    Directed("compacted-and-failed-over", retention.compacted_and_failed_over, ("compaction.keeps-last",)),
    Directed(
        "compacted-whole",
        retention.compacted_whole,
        ("compaction.keeps-last", "records.headers-kept", "records.create-time-kept"),
    ),
    Directed("compacted-transactions", retention.compacted_transactions, ("compaction.keeps-last",)),
    Directed("compacted-beside-a-transaction", retention.compacted_beside_a_transaction, ("compaction.keeps-last",)),
    Directed("positions", reading.positions, _READING),
    Directed("ends", lookups.ends, ("offsets.end-told",)),
    Directed("stable-ends", lookups.stable_ends, ("offsets.end-told",)),
    Directed("looked-up-by-time", lookups.by_time, ("offsets.by-timestamp",)),
    Directed(
        "records-deleted",
        lookups.deleted,
        (
            "retention.deletes-what-was-asked",
            "reading.leaves-nothing-out",
            "idempotence.goes-on",
            "ends.start-before-end",
        ),
    ),
    Directed("deleted-by-time", lookups.deleted_by_time, ("offsets.by-timestamp", "retention.deletes-what-was-asked")),
    Directed("deleted-and-led-by-another", lookups.deleted_and_led_by_another, ("retention.deletes-what-was-asked",)),
    Directed(
        "begun-behind-what-was-deleted",
        lookups.begun_behind_what_was_deleted,
        ("progress.application-catches-up", "delivery.at-least-once"),
    ),
    Directed("batches-looked-up", batches.looked_up, ("offsets.by-timestamp",)),
    Directed(
        "batches-read", batches.read, ("reading.leaves-nothing-out", "reading.max-records", "reading.position-told")
    ),
    Directed("batches-cut-off", batches.cut_off, ("retention.deletes-what-was-asked", "offsets.by-timestamp")),
    Directed("batches-committed", batches.committed, ("offsets.resume-at-commit", "commits.told-is-last")),
    Directed("batches-of-transactions", batches.of_transactions, _TRANSACTIONS),
    Directed("lags", lookups.lags, ("groups.lag-is-the-distance", "groups.committed-is-listed")),
    Directed("resets", lookups.resets, ("offsets.reset-policy",)),
    Directed("resets-by-duration", lookups.resets_by_duration, ("offsets.reset-policy",)),
    Directed("paused", reading.paused, (*_READING, "progress.poller-is-served")),
    *(
        Directed(f"paused-and-regained-{kind}", reading.paused_and_regained(kind), ("progress.regained-is-served",))
        for kind in ("eager", "next")
    ),
    Directed("moved", reading.moved, tuple(each for each in _READING if "paused" not in each)),
    Directed(
        "beyond-the-end",
        reading.beyond_the_end,
        ("reading.out-of-range-is-reset", "progress.poller-is-served", "reading.leaves-nothing-out"),
    ),
    Directed("below-the-start", reading.below_the_start, ("reading.out-of-range-is-reset",)),
    Directed("partitions-added", lookups.added, ("offsets.added-from-the-start",)),
    Directed("leaving", reading.leaving, ("reading.only-what-is-assigned",)),
    Directed("fan-out", groups.fan_out, ("groups.independent", "ownership.complete", "delivery.at-least-once")),
    Directed(
        "several-topics",
        groups.several_topics,
        ("groups.last-subscription-counts", "groups.generations-rise", "ownership.complete", "ownership.exclusive"),
    ),
    Directed(
        "rebalance",
        groups.rebalance("eager"),
        (*_SHARES, *_ONCE_MORE, "groups.evenly-shared", "progress.commit-ends"),
    ),
    Directed("rebalance-cooperative", groups.rebalance("cooperative"), (*_SHARES, *_ONCE_MORE)),
    Directed("rebalance-next", groups.rebalance("next"), (*_SHARES, *_ONCE_MORE, "groups.evenly-shared")),
    Directed(
        "comes-and-goes",
        groups.comes_and_goes("cooperative"),
        (
            "groups.moves-no-more-than-it-must",
            "groups.revokes-no-more-than-it-must",
            "ownership.complete",
            "ownership.exclusive",
        ),
    ),
    Directed(
        "comes-and-goes-uniform",
        groups.comes_and_goes("uniform"),
        (
            "groups.moves-no-more-than-it-must",
            "groups.revokes-no-more-than-it-must",
            "ownership.complete",
            "groups.evenly-shared",
        ),
    ),
    Directed(
        "static-member",
        groups.static_member,
        ("groups.static-return-is-quiet", "ownership.exclusive", "ownership.complete", *_ONCE_MORE),
    ),
    *(
        Directed(
            f"static-members-return-{kind}",
            groups.static_members_return(kind),
            ("groups.static-return-is-quiet", "ownership.exclusive", "ownership.complete"),
        )
        for kind in ("eager", "cooperative", "next")
    ),
    Directed("crash-before-processing", delivery.crash_between("at-least-once", "polled"), _ONCE_MORE),
    Directed("crash-before-commit", delivery.crash_between("at-least-once", "halfway"), _ONCE_MORE),
    Directed("crash-after-commit", delivery.crash_between("at-most-once", "halfway"), _NOT_AGAIN),
    Directed("crash-after-processing", delivery.crash_between("at-most-once", "done"), _NOT_AGAIN),
    Directed(
        "crash-before-dedup-commit",
        delivery.crash_between("idempotent-sink", "halfway"),
        ("offsets.resume-at-commit", "delivery.idempotent-sink"),
    ),
    Directed("dead-letters", delivery.set_aside, ("delivery.dead-letter",)),
    Directed("backpressure", delivery.full, ("delivery.backpressure", "groups.evenly-shared")),
    Directed("crash-in-transaction", delivery.crash_between("exactly-once", "halfway"), _EXACTLY_ONCE),
    Directed(
        "zombie-commits",
        delivery.zombie("at-least-once", "halfway"),
        ("commits.fenced", "groups.silent-keeps", "groups.silent-is-missed", *_SHARES, *_ONCE_MORE),
    ),
    Directed(
        "zombie-commits-next",
        delivery.zombie("at-least-once", "halfway", "next"),
        ("commits.fenced", *_SHARES, *_ONCE_MORE),
    ),
    Directed(
        "zombie-commits-first", delivery.zombie("at-most-once", "polled"), ("commits.fenced", *_SHARES, *_NOT_AGAIN)
    ),
    Directed("zombie-in-transaction", delivery.zombie("exactly-once", "halfway"), (*_SHARES, *_EXACTLY_ONCE)),
    Directed("zombie-begins-transaction", delivery.zombie("exactly-once", "polled"), (*_SHARES, *_EXACTLY_ONCE)),
    Directed("assignors", groups.assignors, ("groups.assigned-as-documented", "groups.alike-are-taken-in", *_NEWS)),
    Directed("protocols", groups.protocols, ("groups.generations-rise", "groups.alike-are-taken-in", *_NEWS)),
    Directed("zombies", groups.zombies, ("ownership.exclusive", "ownership.complete", *_NEWS)),
    Directed("partition-regained", groups.partition_regained, ("ownership.exclusive", "ownership.complete")),
    Directed("instance-taken-over", groups.instance_taken_over, ("commits.fenced", "ownership.complete")),
    Directed("instance-claimed-twice", groups.instance_claimed_twice, ("commits.one-of-an-instance",)),
    Directed(
        "transactions-interleaved",
        transactions.interleaved,
        ("offsets.end-told", "producers.open-is-ended", *_TRANSACTIONS),
    ),
    Directed(
        "transactions", transactions.transactions, (*_TRANSACTIONS, "cycles.write-read", "producers.fenced-is-refused")
    ),
    Directed(
        "transaction-timed-out",
        transactions.transaction_timed_out,
        ("transactions.committed-only", "progress.transaction-ends"),
    ),
    Directed(
        "coordinator-killed",
        transactions.coordinator_killed,
        ("producers.open-is-ended", *_TRANSACTIONS, *_FAILOVER),
    ),
    Directed("acked-by-the-leader-alone", failover.acked_by_the_leader_alone, _FAILOVER),
    Directed("leader-killed", failover.leader_killed, ("leadership.in-sync-are-up", *_FAILOVER)),
    Directed(
        "rolling-restart",
        failover.rolling_restart,
        ("ordering.producer-order", "idempotence.no-duplicates", "delivery.at-least-once", *_FAILOVER),
    ),
    Directed(
        "read-of-the-leader-alone", failover.read_of_the_leader_alone, ("replicas.hold-what-was-read", *_FAILOVER)
    ),
    Directed("leader-overtaken", failover.leader_overtaken, ("ordering.producer-order", *_FAILOVER)),
    Directed("follower-missed", failover.follower_missed, ("leadership.in-sync-are-up",)),
    Directed("elected-behind", failover.elected_behind, ("leadership.in-sync-are-replicas", *_FAILOVER)),
    *(Directed(f"restarted-{word}", restarts.transactions(word), _TRANSACTIONS) for word in ("kill", "stop")),
    *(
        Directed(f"restarted-producers-{word}", restarts.producers(word), ("idempotence.goes-on", "offsets.end-told"))
        for word in ("kill", "stop")
    ),
    Directed("restarted-deletions", restarts.deletions, ("retention.deletes-what-was-asked",)),
    Directed("led-in-vain", failover.led_in_vain, ("progress.in-sync-again", *_FAILOVER)),
    Directed("double-failover", failover.double_failover, _FAILOVER),
    Directed("deposed-leader", failover.deposed_leader, _FAILOVER),
    Directed("last-in-sync-replica", failover.last_in_sync_replica, _FAILOVER),
    Directed(
        "taken-over", producers.taken_over, ("producers.fenced-is-refused", "refusals.transactions", *_TRANSACTIONS)
    ),
    Directed("under-way", producers.under_way, ("producers.commit-flushes", *_TRANSACTIONS)),
    Directed("in-transactions", commits.in_transactions, ("commits.told-is-last",)),
    Directed("in-one-transaction", commits.in_one_transaction, ("commits.told-is-last",)),
    Directed(
        "back-and-forth",
        commits.back_and_forth,
        ("commits.told-is-last", "commits.members-first", "progress.commit-ends"),
    ),
    Directed("several-commits", commits.several, ("commits.told-is-last",)),
    Directed("commits-under-way", commits.under_way, ("commits.told-is-last", "progress.commit-ends")),
    Directed("commits-cut-off", commits.cut_off, ("commits.told-is-last",)),
    Directed("commits-killed", commits.killed, ("commits.told-is-last",)),
    Directed("commits-of-a-deleted-topic", commits.of_a_deleted_topic, ("commits.gone-with-the-topic",)),
    Directed("by-itself", commits.by_itself, ("commits.auto-within-read",)),
    Directed("beside-a-transaction", commits.beside_a_transaction, ("commits.told-is-last",)),
    Directed("acked-alone", progress.acked_alone, ("progress.acked-becomes-visible", "producers.acks-as-asked")),
    Directed("all-killed", progress.all_killed, ("progress.leader-returns", "progress.in-sync-again", *_FAILOVER)),
    Directed("marker-delayed", progress.marker_delayed, _TRANSACTIONS),
    Directed("joined-early", failover.joined_early, _FAILOVER),
    Directed("end-told", failover.end_told, ("ends.never-go-back", *_FAILOVER)),
    Directed("min-isr-lost", failover.min_isr_lost, _FAILOVER),
    Directed("min-isr", failover.min_isr, ("durability.min-isr-refuses", *_FAILOVER)),
    Directed(
        "topics-deleted",
        administration.topics_deleted,
        ("topics.deleted-is-gone", "topics.begin-at-zero", "refusals.topics"),
    ),
    Directed("partitions-created", administration.partitions_created, ("topics.partition-count", "refusals.topics")),
    Directed("settings-apart", administration.settings_apart, ("records.too-large-refused", "records.timestamp-type")),
    Directed("topics-altered", administration.topics_altered, ("records.too-large-refused",)),
    Directed(
        "deleted-apart",
        administration.records_deleted,
        ("retention.deletes-what-was-asked", "retention.only-expired-goes"),
    ),
    Directed("offsets-set", administration.offsets_set, ("commits.told-is-last", "groups.lag-is-the-distance")),
    Directed("offsets-deleted", administration.offsets_deleted, ("commits.told-is-last", "groups.lag-is-the-distance")),
    Directed("groups-listed", administration.groups_listed, ("groups.committed-is-listed", "groups.listed-at-rest")),
    Directed("groups-deleted", administration.groups_deleted, ("commits.told-is-last",)),
    Directed("groups-gone", administration.groups_gone, ("groups.deleted-is-gone", "groups.described-at-rest")),
    Directed("group-in-use", administration.group_in_use("eager"), ("commits.members-first", "commits.told-is-last")),
    Directed("group-in-use-next", administration.group_in_use("next"), ("commits.members-first",)),
    Directed("offsets-in-use", administration.offsets_in_use, ("commits.members-first", "commits.told-is-last")),
    Directed("nobody-up", administration.nobody_up, ("refusals.nobody-up",)),
    Directed("refused-topics", refusals.topics, ("refusals.topics",)),
    Directed("refused-expansions", refusals.expansions, ("refusals.topics",)),
    Directed("refused-transactions", refusals.transactions, ("refusals.transactions",)),
    Directed("refused-without-a-group", refusals.groupless, ("refusals.groupless",)),
    Directed("assigned-by-hand", refusals.assigned_by_hand, ("reading.leaves-nothing-out",)),
    Directed("refused-deletions", refusals.deletions, ("refusals.deletions",)),
    Directed("refused-compacted", refusals.deletions_compacted, ("refusals.deletions",)),
    Directed("refused-commits", refusals.commits, ("refusals.commits",)),
    Directed("refused-groups-set", refusals.groups_set, ("refusals.commits",)),
    Directed("refused-consumers", refusals.consumers, ("consumers.settings-as-asked",)),
    Directed("refused-unassigned", refusals.unassigned, ("refusals.unassigned",)),
)
"""Every schedule, from the simplest on."""
