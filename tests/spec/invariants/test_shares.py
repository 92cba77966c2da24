"""Groups share evenly; who commits by itself commits what was read."""

from random import Random
from typing import Any

from histories import REFUSED, UNKNOWN, Call, HistoryBuilder, guilty, innocent, untested
from oracles import shares as oracle
from oracles.compared import agree

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.values import GroupState, Member, TopicPartition

EVEN = "groups.evenly-shared"
WITHIN = "commits.auto-within-read"


def group(partitions: int = 4, **settings: Any) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(partitions=partitions)
    for name in "ab":
        told.member(name, **settings)
    return told


def described(told: HistoryBuilder, *sizes: int, state: str = "stable") -> Call:
    first, members = 0, []
    for number, size in enumerate(sizes):
        members.append(Member(f"m{number}", tuple(TopicPartition("t", first + n) for n in range(size))))
        first += size
    return told.do(ops.DescribeGroup("g"), Ok(GroupState(state, tuple(members))))


def test_a_member_with_two_more_than_another_is_seen() -> None:
    told = group()
    assert guilty(told, EVEN, described(told, 3, 1)) == "group g is stable with members of 1, 3 partitions"


def test_one_more_is_no_more_than_it_must_be() -> None:
    told = group()
    described(told, 2, 1, 1)
    described(told, 1, 0)
    assert innocent(told, EVEN) == 2


def test_groups_that_have_reason_not_to_share_evenly() -> None:
    cooperative, grown, deleted, two, mixed = group(assignor="cooperative-sticky"), group(), group(), group(), group()
    grown.do(ops.CreatePartitions("t", 5))
    deleted.do(ops.DeleteTopic("t"))
    two.do(ops.Subscribe("a", ("t", "u")))
    mixed.member("c", assignor="roundrobin")
    for told in (cooperative, grown, deleted, two, mixed):
        described(told, 3, 1)
        untested(told, EVEN)
    told = group()
    described(told, 3, 1, state="preparingrebalance")
    described(told, 4)
    untested(told, EVEN)


# --- commits by itself ---


def committing(read: int = 2, **settings: Any) -> tuple[HistoryBuilder, list[Call]]:
    told = HistoryBuilder()
    told.topic()
    told.producer()
    sends = [told.send(b"%d" % number, number) for number in range(4)]
    told.member("a", auto_commit=True, **settings)
    told.assigned("a", 0)
    told.poll("a", *((number, b"%d" % number) for number in range(read)))
    return told, sends


def fetched(told: HistoryBuilder, offset: int | None) -> Call:
    return told.do(ops.FetchCommitted("g", "t", 0), Ok(offset))


def test_a_commit_beyond_what_was_read_is_seen() -> None:
    told, sends = committing()
    reason = guilty(told, WITHIN, sends[2], fetched(told, 3))
    assert reason.startswith("group g, which commits by itself, has committed t/0@3, and passed over a record")


def test_a_commit_beyond_what_was_deleted_is_seen() -> None:
    told, sends = committing()
    told.do(ops.DeleteRecords("t", 0, 3))
    guilty(told, WITHIN, sends[3], fetched(told, 4))


def test_a_commit_of_what_was_read_or_of_less() -> None:
    told, _ = committing()
    for offset in (None, 0, 1, 2):
        fetched(told, offset)
    assert innocent(told, WITHIN) == 3


def test_a_gap_may_be_committed_past() -> None:
    told, _ = committing(read=4)
    fetched(told, 6)
    innocent(told, WITHIN)


def test_what_explains_a_commit_beyond_it() -> None:
    told, _ = committing()
    told.do(ops.Seek("a", "t", 0, 3), UNKNOWN)
    fetched(told, 3)
    innocent(told, WITHIN)
    told, _ = committing()
    told.commit("a", 4)
    fetched(told, 4)
    innocent(told, WITHIN)
    for before in (-1, 3):
        told, _ = committing()
        told.do(ops.DeleteRecords("t", 0, before), UNKNOWN)
        fetched(told, 3)
        innocent(told, WITHIN)
    told, _ = committing()
    told.do(ops.Poll("a"), UNKNOWN)
    fetched(told, 4)
    untested(told, WITHIN)
    told, _ = committing(reset="latest")
    fetched(told, 4)
    untested(told, WITHIN)


# --- the oracle ---


def drawn(random: Random) -> HistoryBuilder:
    told = HistoryBuilder()
    told.topic(**({"unclean_leader_election_enable": "true"} if random.random() < 0.1 else {}))
    told.producer()
    for number in range(random.randrange(5)):
        told.send(b"%d" % number, number)
    for name in "ab":
        assignor = random.choice(["range", "range", "range", "roundrobin", "cooperative-sticky"])
        reset = random.choice(["earliest"] * 8 + ["latest"])
        told.member(name, assignor=assignor, reset=reset, auto_commit=random.random() < 0.7)
        told.assigned(name, 0)
    for _ in range(random.randrange(2, 8)):
        name, offset, outcome = random.choice("ab"), random.randrange(5), random.choice([None, None, UNKNOWN, REFUSED])
        match random.randrange(10):
            case 0:
                told.poll(name, (offset, b"%d" % offset))
            case 1 if random.random() < 0.3:
                told.do(ops.Poll(name), outcome or Ok(()))
            case 2:
                told.do(ops.Seek(name, "t", 0, offset), outcome)
            case 3:
                told.commit(name, offset, outcome)
            case 4 if random.random() < 0.3:
                told.do(random.choice([ops.DeleteTopic("t"), ops.CreatePartitions("t", 3)]), outcome)
            case 5:
                told.do(ops.DeleteRecords("t", 0, random.randrange(-1, 4)), outcome)
            case 6 | 7:
                sizes = [random.randrange(4) for _ in range(random.randrange(4))]
                described(told, *sizes, state=random.choice(["stable", "stable", "empty"]))
            case _:
                fetched(told, random.choice([None, offset, offset]))
    return told


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(oracle.ORACLES, drawn, 2, histories_drawn)


def test_a_group_of_which_nothing_else_is_told() -> None:
    told = HistoryBuilder()
    told.topic()
    told.consumer("a", "g", auto_commit=True)
    untested(told, WITHIN)
