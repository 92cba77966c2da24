"""Progress: what must come comes, once brokers are healthy. The suite waits for it, and says when it waited in vain."""

from collections.abc import Iterable

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.bounds import READING
from brokerlaw.spec.history.evidence.expiry import keeping
from brokerlaw.spec.history.evidence.leaders import led_until
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import last_before, take
from brokerlaw.spec.history.evidence.topics import clean, known, within
from brokerlaw.spec.history.evidence.waits import (
    InVain,
    bounds,
    in_vain,
    longest_transaction,
    members_of,
    restful,
    undisturbed,
)
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import LATEST, OK, UNCOMMITTED, Sends
from brokerlaw.spec.invariants.invariant import MEMBERSHIPS, Finding, Level, Violation, invariant
from brokerlaw.spec.invariants.wording import place, value, violation

INSPECTED = ("topics", "inspect.partition")


@invariant(
    "progress.log-is-read",
    statement="A reader comes to the end that it was told, once brokers are healthy.",
    formal="∀ reader of p at healthy brokers, e the end of p that it was told: ◇ position ≥ e",
    level=Level.SHOULD,
    source="Kafka documentation, fetch.max.wait.ms: a fetch is answered, full or not; KAFKA-9491",
    mutants=("stalled-fetch",),
    liars=("assign",),
)
def log_is_read(h: History) -> Finding:
    """In vain is a wait in which nothing came for 30 s, or as much more as the user's patience; or ten times as long.

    Counted are logs that were read to the end.
    """
    waits = (wait for wait in in_vain(h, "drained", READING) if wait.tp.topic in clean(h))
    return Finding(*_with(len(h.drained), (_not_read(h, wait) for wait in waits)))


def _not_read(h: History, wait: InVain) -> Violation:
    reason = f"{wait.tp} was not read to the end that its {wait.wait.isolation} readers are told"
    return violation(h, f"{reason}, and nothing more came in {wait.seconds}", (), (wait.row,))


@invariant(
    "progress.group-rests",
    statement="A group whose members poll comes to rest: its partitions are shared out, and stay where they are.",
    formal="∀ group g whose members poll, at healthy brokers: ◇□ every partition of g has one owner, the same one",
    source="Kafka documentation, session.timeout.ms, group.initial.rebalance.delay.ms; KAFKA-12890",
    capabilities=("topics", "groups"),
    mutants=("KAFKA-12890",),
    covers=MEMBERSHIPS,
    liars=("subscribe", "assigned.observation", "revoked.observation"),
)
def group_rests(h: History) -> Finding:
    """The bound is two sessions and the delay of a rebalance: a member may have vanished, and another as it joined."""
    waits = (wait for wait in in_vain(h, "stable", 0) if _restless(h, wait))
    unsettled = sum(wait.awaited == "stable" for _, _, wait in h.timed_out)
    return Finding(*_with(max(0, len(h.stable) - unsettled), (_no_rest(h, wait) for wait in waits)))


def _restless(h: History, wait: InVain) -> bool:
    group = wait.wait.group or ""
    long = wait.wait.milliseconds >= bounds(h).rest(members_of(h, group).values())
    return long and restful(h, group, wait.begun, wait.ended)


def _no_rest(h: History, wait: InVain) -> Violation:
    return violation(h, f"group {wait.wait.group} did not come to rest in {wait.seconds}", (), (wait.row,))


@invariant(
    "progress.application-catches-up",
    statement="An application whose members poll comes to the end of its topic.",
    formal="∀ application of group g whose members poll, at healthy brokers: ◇ each partition's owner is at its end",
    level=Level.SHOULD,
    source='Kafka documentation, "The Consumer"; KAFKA-9491',
    capabilities=("topics", "groups"),
    mutants=("stalled-fetch",),
    covers=MEMBERSHIPS,
)
def application_catches_up(h: History) -> Finding:
    """In vain is what took as long as the group's rest, the longest transaction, and 30 s, all together. Of a log
    whose records may have gone some clients tell no position: they are left out.
    """
    bound = READING + longest_transaction(h)
    waits = (wait for wait in in_vain(h, "caught-up", bound) if _able(h, wait))
    return Finding(*_with(len(h.caught), (_behind(h, wait) for wait in waits)))


def _able(h: History, wait: InVain) -> bool:
    members = members_of(h, wait.wait.group or "").values()
    begins = all(member.reset != "none" for member in members)
    whole = wait.wait.topic in clean(h) & keeping(h) and not len(of_kind(h, ops.DeleteRecords))
    return begins and whole and _restless(h, wait)


def _behind(h: History, wait: InVain) -> Violation:
    told = f"the application of group {wait.wait.group} did not come to the end of {wait.wait.topic}"
    return violation(h, f"{told} in {wait.seconds}", (), (wait.row,))


@invariant(
    "progress.acked-becomes-visible",
    statement="What a leader has acknowledged becomes visible while it leads.",
    formal="∀ send s acknowledged in epoch e of p, at healthy brokers: epoch(p) = e ⇒ ◇ end(p) > offset(s)",
    source="Kafka documentation, replica.lag.time.max.ms: who lags for longer holds up nothing; KAFKA-9491",
    capabilities=INSPECTED,
    mutants=("mark-behind",),
)
def acked_becomes_visible(h: History) -> Finding:
    """The high watermark waits for replicas in sync, and they fetch, or are out of the in-sync set after a while.

    That one leader epoch was described before the send and after the end was told shows that the log was not cut back.
    Counted are sends so described below the last end that was told.
    """
    sends = h.sends[(h.sends.status == OK) & (h.sends.offset >= 0) & within(h, clean(h))[h.sends.tp]]
    ends = h.answers[(h.answers.kind == LATEST) & (h.answers.isolation == UNCOMMITTED)]
    if not len(ends) or not len(h.leadership):
        return Finding(0)
    last = last_before(ends.tp, ends.completed, sends.tp, led_until(h, sends.tp, sends.invoked))
    later = (last >= 0) & (take(ends.invoked, last) > sends.completed)
    sends, ends = sends[later], ends[last[later]]
    visible = sends.offset < ends.offset
    breaches = []
    for wait in in_vain(h, "visible", bounds(h).visible):
        owed = ~visible & (sends.tp == h.partitions.find(wait.tp)) & (sends.completed <= wait.begun)
        hidden = np.flatnonzero(owed & (ends.invoked >= wait.begun))[:1].tolist()
        breaches += [_hidden(h, sends, row, int(ends.op[row]), wait) for row in hidden]
    return Finding(*_with(int(visible.sum()), breaches))


def _hidden(h: History, sends: Sends, send: int, end: int, wait: InVain) -> Violation:
    where = place(h, int(sends.tp[send]), int(sends.offset[send]))
    told = f"{value(h, int(sends.value[send]))} was acknowledged at {where}"
    reason = f"{told}, and {wait.seconds} later the log still ended before it"
    return violation(h, reason, (int(sends.op[send]), end), (wait.row,))


@invariant(
    "progress.leader-returns",
    statement="A partition has a leader, once brokers are healthy.",
    formal="∀ partition p at healthy brokers: ◇ p has a leader",
    level=Level.SHOULD,
    source='Kafka documentation, "Replication": a leader is elected among the in-sync replicas; KIP-631',
    capabilities=INSPECTED,
    mutants=("no-leader-again",),
    covers=("replication",),
)
def leader_returns(h: History) -> Finding:
    """In vain is what took as long as a broker's session, and 20 s. Counted are descriptions with a leader."""
    waits = (wait for wait in in_vain(h, "leader", bounds(h).broker_session) if wait.tp.topic in known(h))
    led = h.leadership[h.leadership.leader >= 0]
    came = int(undisturbed(h, led.invoked).sum())
    return Finding(*_with(came, (_leaderless(h, wait) for wait in waits)))


def _leaderless(h: History, wait: InVain) -> Violation:
    return violation(h, f"{wait.tp} had no leader for {wait.seconds}, with every broker up", (), (wait.row,))


@invariant(
    "progress.in-sync-again",
    statement="Every replica is in sync again, once brokers are healthy.",
    formal="∀ partition p at healthy brokers: ◇ ISR(p) = replicas(p)",
    level=Level.SHOULD,
    source='Kafka documentation, "Replication": a follower that has caught up joins the in-sync replicas again',
    capabilities=(*INSPECTED, "replication"),
    mutants=("KAFKA-10706", "never-in-sync-again"),
)
def in_sync_again(h: History) -> Finding:
    """In vain is what took as long as a replica may lag, a broker's session, and 20 s. Counted as `leader-returns`."""
    bound = bounds(h).lagged + bounds(h).broker_session
    waits = (wait for wait in in_vain(h, "in-sync", bound) if wait.tp.topic in known(h))
    full = h.leadership[(h.leadership.isr == h.leadership.replicas) & (h.leadership.leader >= 0)]
    came = int(undisturbed(h, full.invoked).sum())
    return Finding(*_with(came, (_out_of_sync(h, wait) for wait in waits)))


def _out_of_sync(h: History, wait: InVain) -> Violation:
    reason = f"not all replicas of {wait.tp} were in sync again in {wait.seconds}, with every broker up"
    return violation(h, reason, (), (wait.row,))


def _with(came: int, breaches: Iterable[Violation]) -> tuple[int, tuple[Violation, ...]]:
    """How often it came or was owed, and what did not come."""
    found = tuple(breaches)
    return came + len(found), found
