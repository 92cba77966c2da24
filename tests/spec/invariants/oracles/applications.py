"""What applications can rely on, read off the statements: each input beside all that was done about it.

Nothing expires here, and each client name is opened once.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from oracles.committed import Commit, commits
from oracles.members import holdings, news
from oracles.progress import NEVER, Done, Told
from oracles.readers import UNCLEAN

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Applied, CaughtUp, Declared, Drained
from brokerlaw.spec.history.outcomes import Ok
from brokerlaw.spec.history.rows import Observe
from brokerlaw.spec.history.values import Record, TopicPartition

OUTPUT = b"out:"
ORIGIN = tuple(f"__connect.errors.{name}" for name in ("topic", "partition", "offset"))
Place = tuple[TopicPartition, int]


class Effect(NamedTuple):
    """What was done with a record of an application's topic: an effect, or a dead letter (then `who` is None)."""

    who: str | None
    place: Place
    value: bytes | None
    time: int
    duplicate: bool = False


class Sent(NamedTuple):
    """A send, with the operation that began its transaction, if any; `acked`: durably, at its place."""

    op: Done
    transaction: int | None
    acked: bool

    @property
    def place(self) -> Place:
        return _place(self.op.outcome.value)


class Given(NamedTuple):
    """A record that a consumer was given."""

    poll: Done
    record: Record
    consumer: Any

    @property
    def place(self) -> Place:
        return _place(self.record)


class World:
    """A history, with what all promises ask about it."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.consumers = {each.process: each.op for each in told.of(ops.OpenConsumer)}
        self.held = holdings(told)
        self.commits = [each for each in commits(told) if each.at is not None]
        self.committing: dict[int, list[Done]] = {}
        self.sends = list(self._sends())
        polls = sorted((each for each in told.of(ops.Poll) if each.ok), key=lambda each: each.ended)
        self.given = [
            Given(poll, record, self.consumers[poll.process]) for poll in polls for record in poll.outcome.value
        ]

    def _sends(self) -> Any:
        acks = {each.process: each.op.acks for each in self.told.of(ops.OpenProducer)}
        current: dict[str, int] = {}
        for each in self.told.done:
            if isinstance(each.op, ops.BeginTransaction) and not each.refused:
                current[each.process] = each.number
            elif isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction):
                if isinstance(each.op, ops.CommitTransaction):
                    self.committing.setdefault(current.get(each.process, -1), []).append(each)
                if each.ok:
                    current.pop(each.process, None)
            elif isinstance(each.op, ops.Send):
                acked = each.ok and acks[each.process] == "all" and self.clean(each.op.topic)
                yield Sent(each, current.get(each.process), acked)

    def clean(self, topic: str) -> bool:
        created = [each.op for each in self.told.of(ops.CreateTopic) if each.op.topic == topic]
        return self.told.steady(topic) and not any(UNCLEAN in each.settings for each in created)

    def asked(self, transaction: int | None) -> int:
        """When somebody first asked to commit it, and was not refused."""
        ends = [] if transaction is None else self.committing.get(transaction, [])
        return min((each.begun for each in ends if not each.refused), default=NEVER)

    def committed(self, transaction: int | None) -> bool:
        return transaction is None or any(each.ok for each in self.committing.get(transaction, []))

    def below(self, tp: TopicPartition) -> int:
        """Below which offset somebody asked for the records to be deleted."""
        asked = [each for each in self.told.of(ops.DeleteRecords) if not each.refused and _tp(each.op) == tp]
        return max((each.op.before for each in asked), default=0)

    def seen(self, kind: type) -> list[tuple[int, str, Any]]:
        rows = [row for row in self.told.rows if isinstance(row, Observe) and isinstance(row.value, kind)]
        return [(row.time, row.process, row.value) for row in rows]

    def application(self, discipline: str) -> "list[Application]":
        found = [value for _, _, value in self.seen(Declared) if value.discipline == discipline]
        auto = {each.group for each in self.consumers.values() if each.auto_commit}
        every = [Application(self, each) for each in found if each.group not in auto]
        return [each for each in every if each.members]


class Application:
    """An application, and all that its group did."""

    def __init__(self, world: World, declared: Declared) -> None:
        self.world, self.declared = world, declared
        caught = [time for time, _, value in world.seen(CaughtUp) if value.group == declared.group]
        self.caught = caught[-1] if caught else None
        self.members = {name for name, each in world.consumers.items() if each.group == declared.group}
        self.held = [each for each in world.held if each.group == declared.group]
        self.given = [each for each in world.given if each.consumer.group == declared.group]
        self.effects = [
            Effect(who, (_tp(value), value.offset), value.value, time, value.duplicate)
            for time, who, value in world.seen(Applied)
            if (value.group, value.sink) == (declared.group, declared.sink)
        ]

    def commits(self, tp: TopicPartition) -> list[Commit]:
        return [each for each in self.world.commits if self._is_ours(each) and each.at.tp == tp]  # type: ignore[union-attr]

    def _is_ours(self, commit: Commit) -> bool:
        op = commit.op.op
        reset = isinstance(op, ops.ResetOffsets) and op.group == self.declared.group
        return reset or self.committer(commit) in self.members

    def committer(self, commit: Commit) -> str:
        op = commit.op.op
        return op.consumer if isinstance(op, ops.SendOffsets) else commit.op.process

    def seeks(self, tp: TopicPartition) -> list[tuple[str, int, int]]:
        """Who sought which offset, and when."""
        asked = [each for each in self.world.told.of(ops.Seek) if not each.refused and each.process in self.members]
        return [(each.process, each.op.offset, each.begun) for each in asked if _tp(each.op) == tp]

    def inputs(self) -> list[Sent]:
        """What it must have been given by the time when it had caught up."""
        world, told = self.world, self.world.told
        early = all(world.consumers[name].reset == "earliest" for name in self.members)
        if self.caught is None or not early or not told.known(self.declared.topic):
            return []
        polls = [each.begun for each in told.of(ops.Poll) if each.ok and each.process in self.members]
        last = max((begun for begun in polls if begun < self.caught), default=-1)
        isolated = any(world.consumers[name].isolation == "read_committed" for name in self.members)
        found = []
        for send in world.sends:
            if send.op.op.topic != self.declared.topic or not send.acked or not world.committed(send.transaction):
                continue
            tp, offset = send.place
            held = any(each.tp == tp and each.begin <= self.caught < each.end for each in self.held)
            furthest = max((each.record.offset for each in self.given if each.place[0] == tp), default=-1)
            if held and offset >= world.below(tp) and send.op.ended < last and (offset <= furthest or not isolated):
                found.append(send)
        return found

    def once(self, send: Sent) -> bool:
        """Whether no other send has its value."""
        alike = [each for each in self.world.sends if each.op.op.topic == send.op.op.topic]
        return sum(each.op.op.value == send.op.op.value for each in alike) == 1

    def own_doing(self, place: Place, produced: set[int | None]) -> bool:
        """Whether it may have passed over a record by itself; `produced`: the transactions with its output."""
        tp, offset = place
        read = {(each.poll.process, each.place) for each in self.given}
        readers = {who for who, where in read if where == place}
        done = [(self.committer(each), each) for each in self.commits(tp)]
        sought = any(to > offset and (who, (tp, to)) not in read for who, to, _ in self.seeks(tp))
        ahead = any(each.offset > offset and (who, (tp, each.offset - 1)) not in read for who, each in done)  # type: ignore[operator]
        kept = any(each.tp == tp and each.member.process in readers and each.end > self.caught for each in self.held)  # type: ignore[operator]
        past = any(
            who in readers and each.offset > offset and self.world_transaction(each) not in produced  # type: ignore[operator]
            for who, each in done
        )
        return sought or ahead or (kept and not produced) or past

    def world_transaction(self, commit: Commit) -> int | None:
        """The operation that began the transaction in which offsets were sent; None: none."""
        if not commit.sent:
            return None
        current = None
        for each in self.world.told.done[: commit.op.number]:
            if each.process == commit.op.op.client:
                if isinstance(each.op, ops.BeginTransaction) and not each.refused:
                    current = each.number
                elif isinstance(each.op, ops.CommitTransaction | ops.AbortTransaction) and each.ok:
                    current = None
        return current

    def left_out(self, done: set[Place], values: set[bytes | None]) -> tuple[int, int]:
        """How many inputs were worked off, and how many were not, though the application did nothing wrong."""
        worked = left = 0
        for send in self.inputs():
            if send.place in done or (self.once(send) and send.op.op.value in values):
                worked += 1
            else:
                left += not self.own_doing(send.place, set())
        return worked, left


def _tp(op: Any) -> TopicPartition:
    return TopicPartition(op.topic, op.partition)


def _place(at: Any) -> Place:
    return _tp(at), at.offset


world = lru_cache(maxsize=1)(World)


def _applied(application: Application) -> tuple[int, int]:
    effects = application.effects
    worked, left = application.left_out({each.place for each in effects}, {each.value for each in effects})
    return worked + left, left


def at_least_once(told: Told) -> tuple[int, int]:
    return _summed([_applied(each) for each in world(told).application("at-least-once")])


def _summed(found: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(tested for tested, _ in found), sum(broken for _, broken in found)


def _again(effects: list[Any]) -> list[tuple[Any, Any]]:
    """Each effect with the next of the same record."""
    found = []
    for number, one in enumerate(effects):
        later = [each for each in effects[number + 1 :] if each.place == one.place]
        found += [(one, each) for each in later[:1]]
    return found


def at_most_once(told: Told) -> tuple[int, int]:
    return _summed([_repeated(each) for each in world(told).application("at-most-once")])


def _repeated(application: Application) -> tuple[int, int]:
    broken = sum(not _own_repeat(application, one) for one, _ in _again(application.effects))
    anew = [
        any(each.tp == effect.place[0] and each.begin > effect.time for each in application.held)
        for effect in application.effects
    ]
    return max(sum(anew), broken), broken


def _own_repeat(application: Application, first: Effect) -> bool:
    """Whether it had not committed past the record, moved back, or was given it once."""
    tp, offset = first.place
    done = application.commits(tp)
    past = [each.begun for each in done if each.offset > offset and each.done["read_uncommitted"] <= first.time]  # type: ignore[operator]
    back = any(to <= offset for _, to, _ in application.seeks(tp))
    back |= any(each.offset <= offset and each.begun > min(past, default=first.time) for each in done)  # type: ignore[operator]
    return not past or back or sum(each.place == first.place for each in application.given) < 2


def idempotent_sink(told: Told) -> tuple[int, int]:
    found = []
    for application in world(told).application("idempotent-sink"):
        tested, left = _applied(application)
        values = [each.value for each in application.effects if not each.duplicate]
        found.append((tested + len({*values}), left + len(values) - len({*values})))
    return _summed(found)


# --- dead letters ---


def _origin(headers: Any) -> Place | None:
    told = {name: (data or b"").decode() for name, data in headers}
    if not all(name in told for name in ORIGIN):
        return None
    topic, partition, offset = (told[name] for name in ORIGIN)
    if not (partition.isdecimal() and offset.isdecimal()):
        return None
    return TopicPartition(topic, int(partition)), int(offset)


def dead_letter(told: Told) -> tuple[int, int]:
    return _summed([_worked_off(each) for each in world(told).application("dead-letter")])


def _worked_off(application: Application) -> tuple[int, int]:
    sink, done = application.declared.sink, [*application.effects]
    for send in application.world.sends:
        origin = _origin(send.op.op.headers)
        if send.op.op.topic == sink and send.op.ok and origin:
            done.append(Effect(None, origin, None, send.op.ended))
    worked, left = application.left_out({each.place for each in done}, set())
    done.sort(key=lambda each: each.time)
    broken = left + sum(_given_again(application, other) for _, other in _again(done))
    read, strayed = set(), set()
    for given in application.world.given:
        origin = _origin(given.record.headers)
        first = [each for each in application.world.sends if each.acked and each.place == origin]
        if given.record.topic == sink and first:
            read.add(given.place)
            op = first[0].op.op
            if (op.key, op.value) != (given.record.key, given.record.value):
                strayed.add(given.place)
    broken += len(strayed)
    return max(worked + left + len(read), broken), broken


def _given_again(application: Application, effect: Effect) -> bool:
    """Whether its instance was assigned the record's partition after it was committed, and nobody moved back since."""
    tp, offset = effect.place
    begun = [each.begin for each in application.held if each.tp == tp and each.member.process == effect.who]
    forgot = application.world.told.of(ops.DeleteGroup, ops.DeleteOffsets)
    if not begun or any(not each.refused and each.op.group == application.declared.group for each in forgot):
        return False
    done = application.commits(tp)
    past = [each for each in done if each.offset > offset and each.done["read_uncommitted"] < min(begun)]  # type: ignore[operator]
    since = min((each.begun for each in past), default=NEVER)
    lower = any(each.offset <= offset and each.begun >= since for each in done)  # type: ignore[operator]
    back = any(to <= offset and when >= since for _, to, when in application.seeks(tp))
    return bool(past) and not lower and not back


# --- backpressure ---


def backpressure(told: Told) -> tuple[int, int]:
    found = []
    for application in world(told).application("backpressure"):
        tested, left = _applied(application)
        bound = application.declared.bound
        for name in sorted(application.members) if bound is not None else ():
            counted, most = _in_flight(application, name)
            tested, left = tested + counted, left + (most > bound)
        found.append((tested, left))
    return _summed(found)


def _in_flight(application: Application, name: str) -> tuple[int, int]:
    """How many records an instance was given until its partitions changed, and how many it held at the most."""
    changes = sorted({time for time, member, _ in news(application.world.told) if member.process == name})
    over = changes[1] if len(changes) > 1 else NEVER
    given = [each.poll.ended for each in application.given if each.poll.process == name and each.poll.ended < over]
    done = [each.time for each in application.effects if each.who == name]
    held = [sum(at <= now for at in given) - sum(at < now for at in done) for now in given]
    return len(given), max(held, default=0)


# --- exactly once ---


def exactly_once(told: Told) -> tuple[int, int]:
    applications = world(told).application("exactly-once")
    sinks = [each.declared.sink for each in applications]
    return _summed([_one_output_each(each, sinks.count(each.declared.sink) > 1) for each in applications])


def _one_output_each(application: Application, shared: bool) -> tuple[int, int]:
    all_sends, sink = application.world.sends, application.declared.sink
    outputs = [each for each in all_sends if each.op.op.topic == sink and not each.op.refused]
    isolated = [each for each in application.world.given if each.consumer.isolation == "read_committed"]
    shown = [each for each in isolated if each.record.topic == sink and each.record.value.startswith(OUTPUT)]  # type: ignore[union-attr]
    seen = left = 0
    for send in application.inputs():
        if not application.once(send):
            continue
        value = OUTPUT + send.op.op.value
        mine = [each for each in outputs if each.op.op.value == value]
        if any(each.record.value == value for each in shown):
            seen += 1
        elif not any(_may_yet_show(application.world, each) for each in mine) and _keeps(application):
            left += not application.own_doing(send.place, {each.transaction for each in mine})
    doubled = 0
    for value in {each.record.value for each in shown} if not shared else ():
        places = {each.place for each in shown if each.record.value == value}
        mine = [each for each in outputs if each.op.op.value == value]
        doubled += (len(places) - 1) * _brokers_doing(application, value[len(OUTPUT) :], mine)  # type: ignore[index]
    return max(seen + left, doubled), left + doubled


def _keeps(application: Application) -> bool:
    """Whether the sink keeps what is written into it."""
    deletions = [each for each in application.world.told.of(ops.DeleteRecords) if not each.refused]
    sink = application.declared.sink
    return application.world.told.known(sink) and not any(
        each.op.topic == sink and each.op.before > 0 for each in deletions
    )


def _may_yet_show(world: World, output: Sent) -> bool:
    """Whether it may have been committed, beyond what complete reads reached."""
    if output.transaction is not None and world.asked(output.transaction) == NEVER:
        return False
    if not isinstance(output.op.outcome, Ok):
        return True
    ends = [
        value.end
        for time, who, value in world.seen(Drained)
        if value.isolation == "read_committed" and _tp(value) == output.place[0] and _trusted(world, who, time)
    ]
    return output.place[1] >= max(ends, default=-1)


def _trusted(world: World, who: str, time: int) -> bool:
    """Whether the outcome of each poll of the reader is known: each reads one partition, once."""
    polls = [each for each in world.told.of(ops.Poll) if each.process == who and each.begun < time]
    return all(each.ok or each.refused for each in polls)


def _brokers_doing(application: Application, value: bytes, outputs: list[Sent]) -> bool:
    """Whether the application had the input once, sent each output in a transaction, and nobody moved back since."""
    places = {each.place for each in application.given if each.record.value == value}
    if len(places) != 1 or any(each.transaction is None for each in outputs):
        return False
    ((tp, offset),) = places
    asked = min((application.world.asked(each.transaction) for each in outputs), default=NEVER)
    return not any(to <= offset and when > asked for _, to, when in application.seeks(tp))


ORACLES = {
    "delivery.at-least-once": at_least_once,
    "delivery.at-most-once": at_most_once,
    "delivery.exactly-once": exactly_once,
    "delivery.idempotent-sink": idempotent_sink,
    "delivery.dead-letter": dead_letter,
    "delivery.backpressure": backpressure,
}
