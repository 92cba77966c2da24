"""Transitions: which actions of each protocol the cases of a run have exercised, as far as a client can see them.

An action is seen by its sign: an operation that came to an outcome, or something that was observed. An action without a
sign happens inside the broker, and is said to be out of sight.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple

from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.operation import Operation
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome
from brokerlaw.spec.history.rows import Complete, Invoke, Observe, Recording
from brokerlaw.spec.history.values import PartitionState, Placed, Struct


class Sight(NamedTuple):
    """An operation with its outcome, or an observation; `opened` is how the client that it concerns was opened."""

    op: Operation | None
    outcome: Outcome | None
    observed: seen.Observation | None
    opened: Operation | None

    @property
    def ok(self) -> bool:
        return isinstance(self.outcome, Ok)

    def refused(self, *errors: str) -> bool:
        """Whether something failed with one of these errors, or with any."""
        return isinstance(self.outcome, Fail) and (not errors or self.outcome.error in errors)


class Sign(NamedTuple):
    """How an action is seen: by an operation or an observation of these kinds of which `shows` is true."""

    kinds: tuple[type, ...]
    shows: Callable[[Sight], bool]


class Transitions(Struct, frozen=True, omit_defaults=False):
    """One protocol: how often each action was seen, which never were, and which no client can see."""

    protocol: str
    exercised: dict[str, int]
    never: tuple[str, ...]
    out_of_sight: tuple[str, ...]

    @property
    def told(self) -> str:
        """`groups_classic: 8 of 9 actions exercised; never: replace; out of sight: assign`."""
        parts = [f"{len(self.exercised)} of {len(self.exercised) + len(self.never)} actions exercised"]
        parts += [f"never: {', '.join(self.never)}"] if self.never else []
        parts += [f"out of sight: {', '.join(self.out_of_sight)}"] if self.out_of_sight else []
        return f"{self.protocol}: {'; '.join(parts)}"


def _done(*kinds: type[Operation]) -> Sign:
    return Sign(kinds, lambda s: s.ok)


def _asked(*kinds: type[Operation]) -> Sign:
    return Sign(kinds, lambda s: True)


def _refused(*errors: str, kind: type[Operation] = Operation) -> Sign:
    return Sign((kind,), lambda s: s.refused(*errors))


def _saw(*kinds: type[seen.Observation]) -> Sign:
    return Sign(kinds, lambda s: True)


def _some_records(*kinds: type[Operation]) -> Sign:
    return Sign(kinds, lambda s: isinstance(s.outcome, Ok) and bool(s.outcome.value))


def _fenced() -> Sign:
    return Sign((Operation, seen.Lost), lambda s: s.observed is not None or s.refused(*FENCED))


def _classic(sign: Sign) -> Sign:
    return _member("classic", sign)


def _next(sign: Sign) -> Sign:
    return _member("consumer", sign)


def _member(protocol: str, sign: Sign) -> Sign:
    """Of a member of a group that speaks the protocol."""

    def shows(s: Sight) -> bool:
        it = s.opened
        return isinstance(it, ops.OpenConsumer) and it.group is not None and it.protocol == protocol and sign.shows(s)

    return Sign(sign.kinds, shows)


def _producer(transactional: bool, sign: Sign) -> Sign:
    """Of a producer with a transactional id, or of one that only numbers its records."""

    def shows(s: Sight) -> bool:
        it = s.opened
        if not isinstance(it, ops.OpenProducer) or not it.idempotent:
            return False
        return (it.transactional_id is not None) is transactional and sign.shows(s)

    return Sign(sign.kinds, shows)


def _acknowledged(acks: str | None = None) -> Sign:
    def shows(s: Sight) -> bool:
        return s.ok and isinstance(s.opened, ops.OpenProducer) and (acks is None or s.opened.acks == acks)

    return Sign((ops.Send,), shows)


def _described(shows: Callable[[PartitionState], bool]) -> Sign:
    return Sign((ops.DescribePartition,), lambda s: isinstance(s.outcome, Ok) and shows(s.outcome.value))


def _recognised(s: Sight) -> bool:
    return isinstance(s.outcome, Ok) and isinstance(s.outcome.value, Placed) and s.outcome.value.offset < 0


def _as_an_instance(s: Sight) -> bool:
    return isinstance(s.op, ops.OpenConsumer) and s.op.instance_id is not None


def _not_the_first(s: Sight) -> bool:
    return isinstance(s.observed, seen.Assigned) and s.observed.generation > 1


FENCED: Final = ("FENCED_INSTANCE_ID", "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_MEMBER_EPOCH")
FENCED_PRODUCER: Final = ("PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")

SIGNS: Final[Mapping[str, Mapping[str, Sign]]] = {
    "delivery": {
        "append": _acknowledged(),
        "take_over": _saw(seen.Assigned),
        "crash": _done(ops.Crash),
        "poll": _some_records(ops.Poll),
        "process_first": _saw(seen.Applied),
        "commit_last": _done(ops.Commit),
        "transact": _done(ops.CommitTransaction),
        "refused": _refused(kind=ops.Commit),
    },
    "groups_classic": {
        "configure": _classic(Sign((ops.OpenConsumer,), _as_an_instance)),
        "join": _classic(_done(ops.Subscribe)),
        "replace": _classic(_refused("FENCED_INSTANCE_ID")),
        "rejoin": _classic(Sign((seen.Assigned,), _not_the_first)),
        "sync": _classic(_saw(seen.Assigned)),
        "expire": _classic(_saw(seen.Lost)),
        "learn_fenced": _classic(_fenced()),
        "commit": _classic(_done(ops.Commit)),
        "settle": _classic(_saw(seen.Stable)),
    },
    "groups_next": {
        "join": _next(_done(ops.Subscribe)),
        "accept": _next(_saw(seen.Assigned)),
        "release": _next(_saw(seen.Revoked)),
        "expire": _next(_saw(seen.Lost)),
        "learn_fenced": _next(_fenced()),
        "leave": _next(_done(ops.Close, ops.Unsubscribe)),
        "send_commit": _next(_asked(ops.Commit)),
        "commit": _next(_done(ops.Commit)),
        "settle": _next(_saw(seen.Stable)),
    },
    "replication": {
        "write": _acknowledged(),
        "commit": _acknowledged("all"),
        "fail": _done(ops.KillBroker, ops.StopBroker),
        "elect": _done(ops.ElectLeader),
        "lead": _described(lambda state: state.epoch > 0),
        "shrink": _described(lambda state: len(state.isr) < len(state.replicas)),
        "fetch": _some_records(ops.ReadReplica),
    },
    "isr_update": {
        "append": _acknowledged(),
        "advance": _acknowledged("all"),
        "dismiss": _described(lambda state: len(state.isr) < len(state.replicas)),
        "fence": _done(ops.KillBroker, ops.PauseBroker),
        "unfence": _done(ops.RestartBroker, ops.ResumeBroker),
        "restart": _done(ops.RestartBroker),
        "elect": _described(lambda state: state.epoch > 0),
    },
    "idempotence": {
        "send": _producer(False, _asked(ops.Send)),
        "acknowledge": _producer(False, _done(ops.Send)),
        "retry": _producer(False, Sign((ops.Send,), _recognised)),
        "retain": _done(ops.DeleteRecords),
    },
    "transactions": {
        "init": _producer(True, _done(ops.OpenProducer)),
        "begin": _producer(True, _done(ops.BeginTransaction)),
        "send": _producer(True, _asked(ops.Send)),
        "append": _producer(True, _done(ops.Send)),
        "ask_commit": _producer(True, _asked(ops.CommitTransaction)),
        "ask_abort": _producer(True, _asked(ops.AbortTransaction)),
        "answer": _producer(True, _done(ops.CommitTransaction, ops.AbortTransaction)),
        "hear_of_fence": _producer(True, _refused(*FENCED_PRODUCER)),
    },
}
"""By protocol and action, its sign."""
OUT_OF_SIGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "delivery": ("fail", "dead_letter", "commit_first", "process_last"),
    "groups_classic": ("all_joined", "assign", "all_assigned", "next_round"),
    "groups_next": ("assign", "reassign", "grant", "ask", "collect", "hear"),
    "replication": ("follow", "learn", "expand"),
    "isr_update": (
        *("fetch", "propose_in", "propose_out", "admit", "refuse", "hear", "fence_other", "restart_other"),
        *("elect_eligible", "force"),
    ),
    "idempotence": ("lose", "append", "replicate", "change_leader", "change_leader_at_watermark"),
    "transactions": ("add", "end", "mark", "complete", "time_out"),
}
"""Actions without a sign of their own: inside the broker, or told from another only by what the application knows."""


@cache
def _signs_of(kind: type) -> tuple[tuple[tuple[str, str], Callable[[Sight], bool]], ...]:
    """What such an operation or observation may show, by protocol and action."""
    return tuple(
        ((protocol, action), sign.shows)
        for protocol, signs in SIGNS.items()
        for action, sign in signs.items()
        if issubclass(kind, sign.kinds)
    )


class TransitionCounts:
    """Counts over the cases of a run."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, recording: Recording) -> None:
        """Count one case."""
        invoked: dict[int, Operation] = {}
        opened: dict[str, Operation] = {}
        for row in recording.rows:
            match row:
                case Invoke():
                    invoked[row.op] = row.value
                    if isinstance(row.value, ops.OpenProducer | ops.OpenConsumer):
                        opened[row.value.client] = row.value
                case Complete():
                    op = invoked[row.op]
                    self._count(Sight(op, row.outcome, None, opened.get(ops.client_of(op) or "")))
                case Observe():
                    self._count(Sight(None, None, row.value, opened.get(row.process)))

    def _count(self, sight: Sight) -> None:
        kind: type = type(sight.observed if sight.op is None else sight.op)
        for key, shows in _signs_of(kind):
            if shows(sight):
                self._counts[key] += 1

    @property
    def told(self) -> tuple[Transitions, ...]:
        """What came of it, for each protocol."""
        return tuple(map(self._of, SIGNS))

    def _of(self, protocol: str) -> Transitions:
        exercised = {action: self._counts[protocol, action] for action in SIGNS[protocol]}
        return Transitions(
            protocol,
            {action: count for action, count in exercised.items() if count},
            tuple(action for action, count in exercised.items() if not count),
            OUT_OF_SIGHT[protocol],
        )
