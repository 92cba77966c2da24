"""A record without a key is refused where keys are compacted."""

from random import Random

import pytest
from histories import REFUSED, UNKNOWN, HistoryBuilder, guilty, innocent, untested
from oracles import keyless as oracle
from oracles.compared import agree
from oracles.told import Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import Placed

(REFUSES,) = oracle.ORACLES


def topic(policy: str = "compact", acks: str = "all") -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(cleanup_policy=policy)
    told.producer(acks=acks, idempotent=False)
    return told


@pytest.mark.parametrize("policy", ["compact", "compact,delete"])
@pytest.mark.parametrize("acks", ["all", "1"])
def test_one_that_is_taken_is_seen(policy: str, acks: str) -> None:
    told = topic(policy, acks)
    send = told.send(b"a", 0)
    assert guilty(told, REFUSES, send) == "'a' has no key, and was taken into t, which is compacted"


def test_one_that_is_refused_is_lawful() -> None:
    told = topic()
    told.do(ops.Send("p", "t", b"a"), REFUSED)
    assert innocent(told, REFUSES) == 1


@pytest.mark.parametrize(
    ("key", "policy", "acks"), [(b"", "compact", "all"), (None, "delete", "all"), (None, "compact", "0")]
)
def test_what_has_a_key_or_needs_none_or_is_not_told_of_is_left_out(key: bytes | None, policy: str, acks: str) -> None:
    told = topic(policy, acks)
    told.send(b"a", 0, key=key)
    untested(told, REFUSES)


@pytest.mark.parametrize("outcome", [None, UNKNOWN])
def test_a_policy_that_is_changed_may_be_another(outcome: Outcome | None) -> None:
    told = topic("compact")
    told.alter(outcome=outcome, cleanup_policy="delete")
    told.send(b"a", 0)
    untested(told, REFUSES)


def test_once_all_brokers_know_that_a_topic_compacts_it_does() -> None:
    told = topic("delete")
    told.alter(cleanup_policy="compact")
    told.send(b"a", 0)
    untested(told, REFUSES)
    told.wait(10_000)
    guilty(told, REFUSES, told.send(b"b", 1))


def drawn(random: Random) -> HistoryBuilder:
    """Sends with and without a key, while the policy changes now and then."""
    told, policies = HistoryBuilder(), ("compact", "compact", "compact,delete", "delete")
    for _ in range(random.choices([1, 2], [15, 1])[0]):
        told.do(ops.CreateTopic("t", 2, 1, random.choice([{"cleanup.policy": random.choice(policies)}] * 5 + [{}])))
    told.producer("p", acks=random.choice(["all", "all", "1", "0"]), idempotent=False)
    for offset in range(random.randint(2, 8)):
        if random.random() < 0.15:
            outcome = random.choice([None, UNKNOWN, REFUSED])
            told.alter(outcome=outcome, cleanup_policy=random.choice(policies))
            told.wait(random.choice([100, 9_000, 11_000]))
        call = told.sending(b"v", key=random.choice([None, None, b"", b"k"]), partition=0)
        if random.random() < 0.95:
            placed = Ok(Placed("t", 0, offset))
            told.end(call, random.choices([placed, UNKNOWN, REFUSED], [3, 1, 4])[0])
    return told


def test_the_judge_says_what_its_oracle_says(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 8, histories_drawn, Told)
