"""A member's last subscription takes the place of those before."""

from random import Random
from typing import Any

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import subscriptions as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import WaitTimedOut

(LAST,) = oracle.ORACLES


def member(*subscriptions: tuple[str, ...], last: Any = None) -> HistoryBuilder:
    """a subscribed to these, one after the other; the outcome of the last one is told."""
    told = HistoryBuilder()
    for topic in ("t", "u"):
        told.topic(topic)
    told.consumer("a", "g")
    for topics in subscriptions[:-1]:
        told.do(ops.Subscribe("a", topics))
    told.do(ops.Subscribe("a", subscriptions[-1]), last)
    return told


def test_a_topic_that_was_asked_for_before_is_held_no_longer() -> None:
    told = member(("t", "u"), ("u",))
    asked = len(told.rows) - 2
    assigned = told.assigned("a", 0)
    told.assigned("a", 0, topic="u")
    rest = told.stable("a")
    reason = guilty(told, LAST, asked, assigned, rest)
    assert reason == "group g is at rest with t/0 held by a, which subscribed to other topics last"


def test_what_was_asked_for_last_is_held() -> None:
    told = member(("t",), ("u", "t"))
    told.assigned("a", 0)
    told.assigned("a", 0, topic="u")
    told.stable("a")
    assert innocent(told, LAST) == 2


@pytest.mark.parametrize("last", [REFUSED, UNKNOWN])
def test_a_subscription_that_was_not_granted_may_not_count(last: Any) -> None:
    told = member(("t",), ("u",), last=last)
    told.assigned("a", 0)
    told.stable("a")
    untested(told, LAST)


def test_a_group_that_was_waited_for_in_vain_is_not_judged() -> None:
    told = member(("t",), ("u",))
    told.assigned("a", 0)
    told.see("a", WaitTimedOut("stable", 1_000, group="g"))
    told.stable("a")
    untested(told, LAST)


def test_who_subscribed_once_has_no_other_subscription() -> None:
    told = member(("t",))
    told.assigned("a", 0)
    told.stable("a")
    untested(told, LAST)


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    for topic in ("t", "u"):
        told.topic(topic)
    names = "ab"
    for name in names:
        told.member(name)
    for _ in range(random.randrange(2, 9)):
        name, topic = random.choice(names), random.choice("tu")
        match random.randrange(8):
            case 0 | 1:
                topics = random.choice((("t",), ("u",), ("t", "u")))
                told.do(ops.Subscribe(name, topics), random.choice((None, None, None, REFUSED, UNKNOWN)))
            case 2 | 3:
                told.assigned(name, 0, topic=topic)
            case 4:
                told.revoked(name, 0, topic=topic)
            case 5 if random.random() < 0.3:
                told.see(name, WaitTimedOut("stable", 1_000, group="g"))
            case 6 if random.random() < 0.4:
                told.do(random.choice((ops.Unsubscribe(name), ops.Crash(name))))
                told.member(name)
            case _:
                told.stable(*random.choice((names, names, name)))
    told.stable(*names)
    return told


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 19, histories_drawn)
