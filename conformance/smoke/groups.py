"""Smoke checks of consumer groups."""

from typing import Any

from brokerlaw.conformance.smoke.bench import Bench, check, said
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Outcome
from brokerlaw.spec.history.values import GroupState, PartitionOffset, TopicPartition

OBSERVE = "tell rebalances by observe(client, Assigned(…)) and Revoked(…) while the client polls"


def join(b: Bench, topic: str, member: str = "member", partitions: int = 1, **settings: Any) -> str:
    """A new member of the group `group`, polled until it alone holds all partitions."""
    enter(b, topic, member, **settings)
    settle(b, member, partitions=partitions)
    return member


def enter(b: Bench, topic: str, member: str, **settings: Any) -> None:
    """Open a member and have it subscribe."""
    b.ok(ops.OpenConsumer(member, "group", **settings))
    b.ok(ops.Subscribe(member, (topic,)))


def settle(b: Bench, *members: str, partitions: int) -> None:
    """Poll in turn until these members hold all partitions, each of them some, none twice."""

    def complete() -> bool:
        for member in members:
            b.ok(ops.Poll(member))
        held = [b.holdings.get(member, frozenset()) for member in members]
        return all(held) and sum(map(len, held)) == partitions == len(frozenset().union(*held))

    def reason() -> str:
        held = {member: sorted(map(str, b.holdings.get(member, ()))) for member in members}
        return f"of {partitions} partitions the members were not seen to hold all: {held}"

    b.eventually(complete, reason, OBSERVE)


@check("groups")
def alone(b: Bench) -> None:
    """A lone member is assigned every partition."""
    join(b, b.topic(partitions=2), partitions=2)


@check("groups")
def committed(b: Bench) -> None:
    """What is committed is told, and is where the group's next member resumes."""
    topic = b.topic()
    last = b.send(topic, b"0", b"1", b"2")[-1]
    member = join(b, topic)
    before = b.ok(ops.Committed(member, topic, 0))
    b.must(before is None, f"before any commit, {before} is committed", "None says that nothing is")
    b.ok(ops.Commit(member, (PartitionOffset(topic, 0, last),)))
    after = b.ok(ops.Committed(member, topic, 0))
    b.must(after == last, f"committed {last}, and {after} is told", "offsets are the next to be read, on both ways")
    b.ok(ops.Close(member))
    enter(b, topic, "heir")
    offsets = [record.offset for record in b.read("heir", 1)]
    b.must(offsets == [last], f"committed {last}, and the next member read {offsets}", "resume at the group's commit")


@check("groups")
def commit_in_flight(b: Bench) -> None:
    """A commit that is not awaited has its outcome in the end."""
    topic = b.topic()
    member = join(b, topic)
    done = b.later(ops.Commit(member, (PartitionOffset(topic, 0, 0),), awaited=False))

    def polled() -> bool:
        b.ok(ops.Poll(member))
        return done() is not None

    b.eventually(polled, lambda: "the commit had no outcome", "complete its Future while the client polls")
    b.must(isinstance(done(), Ok), f"the outcome is {said(done())}", "see commit")


@check("groups")
def two_members(b: Bench) -> None:
    """Two members share the partitions, and the one that stays gets them back."""
    if b.description.capabilities["groups"] == 1:
        return
    topic = b.topic(partitions=2)
    first = join(b, topic, "first", partitions=2)
    enter(b, topic, "second")
    settle(b, first, "second", partitions=2)
    b.ok(ops.Close("second"))
    settle(b, first, partitions=2)


@check("groups")
def unsubscribed(b: Bench) -> None:
    """A member that unsubscribes leaves the group, and the client lives on."""
    topic = b.topic()
    member = join(b, topic)
    b.ok(ops.Unsubscribe(member))
    join(b, topic, "heir")
    b.ok(ops.Assign(member, (PartitionOffset(topic, 0, 0),)))


@check("groups.cooperative")
def cooperative(b: Bench) -> None:
    """A member joins by the cooperative-sticky assignor."""
    join(b, b.topic(partitions=2), partitions=2, assignor="cooperative-sticky")


@check("groups.next")
def consumer_protocol(b: Bench) -> None:
    """A member joins by the consumer group protocol (KIP-848)."""
    join(b, b.topic(partitions=2), partitions=2, assignor="uniform", protocol="consumer")


@check("groups.static")
def static(b: Bench) -> None:
    """A static member joins."""
    join(b, b.topic(), instance_id="instance")


@check("groups.admin")
def administered(b: Bench) -> None:
    """A group is described, and its offsets are told and reset."""
    topic = b.topic(partitions=2)
    member = join(b, topic, partitions=2)
    both = [[TopicPartition(topic, 0), TopicPartition(topic, 1)]]
    states: list[GroupState] = []

    def settled() -> bool:
        b.ok(ops.Poll(member))
        states.append(b.ok(ops.DescribeGroup("group")))
        return states[-1].state == "stable" and [sorted(each.assignment) for each in states[-1].members] == both

    b.eventually(settled, lambda: f"with one member in it there was no more than {states[-1]}", "see GroupState")
    b.ok(ops.Commit(member, (PartitionOffset(topic, 0, 0),)))
    b.ok(ops.Close(member))
    answers: list[Outcome] = []

    def taken() -> bool:  # as soon as the coordinator knows that the member has left
        answers.append(b.ask(ops.ResetOffsets("group", (PartitionOffset(topic, 0, 0), PartitionOffset(topic, 1, 7)))))
        return isinstance(answers[-1], Ok)

    b.eventually(
        taken, lambda: f"the offsets of an empty group were not reset: {said(answers[-1])}", "see ResetOffsets"
    )
    told = [b.ok(ops.FetchCommitted("group", topic, partition)) for partition in range(2)]
    b.must(told == [0, 7], f"reset to [0, 7], the group has committed {told}", "ask the coordinator, not a client")


@check("groups", "auto-commit")
def auto_commit(b: Bench) -> None:
    """Auto-commit commits what was polled, at close at the latest."""
    topic = b.topic()
    b.send(topic, b"0", b"1")
    enter(b, topic, "member", auto_commit=True, auto_commit_interval=100)
    last = b.read("member", 2)[-1].offset
    b.ok(ops.Poll("member"))
    b.ok(ops.Close("member"))
    told = b.ok(ops.Committed(join(b, topic, "heir"), topic, 0))
    holds = told is not None and told > last
    mend = "pass op.auto_commit on; close in good order"
    b.must(holds, f"the records up to offset {last} were polled, and {told} is committed", mend)


@check("groups", "groups.list")
def listed(b: Bench) -> None:
    """A group is listed."""
    join(b, b.topic())
    told: list[set[str]] = []

    def there() -> bool:
        told.append({each.group for each in b.ok(ops.ListGroups())})
        return "group" in told[-1]

    b.eventually(there, lambda: "a group with a member in it is not listed", "list all groups, of all brokers")


@check("groups", "groups.lag")
def lag(b: Bench) -> None:
    """A group's lag is told."""
    topic = b.topic()
    first = b.send(topic, b"0", b"1", b"2")[0]
    member = join(b, topic)
    before = b.ok(ops.Lag("group", topic, 0))
    b.must(before is None, f"before any commit, the lag is {before}", "None says that nothing is committed")
    b.ok(ops.Commit(member, (PartitionOffset(topic, 0, first + 1),)))
    lags: list[int | None] = []

    def told() -> bool:
        lags.append(b.ok(ops.Lag("group", topic, 0)))
        end: int = b.ok(ops.ListOffsets(topic, 0))
        return lags[-1] == end - (first + 1)

    mend = "the lag is the log's end less what is committed"
    b.eventually(told, lambda: f"one of three records was committed, and the lag is {lags[-1]}", mend)


def _left(b: Bench, topic: str) -> None:
    """A group that has committed an offset, and that nobody is in."""
    member = join(b, topic)
    b.ok(ops.Commit(member, (PartitionOffset(topic, 0, 0),)))
    b.ok(ops.Close(member))


def _forgotten(b: Bench, op: ops.DeleteGroup | ops.DeleteOffsets, topic: str) -> None:
    """What the group has committed is gone once the operation is done."""
    answers: list[Outcome] = []

    def done() -> bool:  # as soon as the coordinator knows that the member has left
        answers.append(b.ask(op))
        return isinstance(answers[-1], Ok)

    b.eventually(done, lambda: f"in an empty group it was answered with {said(answers[-1])}", "see the operation")
    told = b.ok(ops.Committed(join(b, topic, "heir"), topic, 0))
    b.must(told is None, f"what was committed is deleted, and {told} is told", "ask the coordinator")


@check("groups", "groups.delete")
def deleted(b: Bench) -> None:
    """A group that nobody is in is deleted, with its offsets."""
    topic = b.topic()
    _left(b, topic)
    _forgotten(b, ops.DeleteGroup("group"), topic)


@check("groups", "groups.delete-offsets")
def offsets_deleted(b: Bench) -> None:
    """What a group has committed is deleted."""
    topic = b.topic()
    _left(b, topic)
    _forgotten(b, ops.DeleteOffsets("group", (TopicPartition(topic, 0),)), topic)


@check("groups", "create-partitions", "groups.added-partitions")
def added(b: Bench) -> None:
    """A member that resets to latest reads what is in a partition that was added under it."""
    topic = b.topic()
    enter(b, topic, "member", reset="latest")
    settle(b, "member", partitions=1)
    b.ok(ops.CreatePartitions(topic, 2))
    b.ok(ops.Send(b.producer(), topic, b"0", partition=1))
    b.read("member", 1)


@check("groups", "reset-by-duration")
def by_duration(b: Bench) -> None:
    """A member without a committed offset begins at what is not older than so long."""
    topic = b.topic()
    b.send(topic, b"0", b"1")
    enter(b, topic, "member", reset="by_duration:PT3600S")
    b.read("member", 2)
