"""Incarnations: a topic that is deleted is gone, and one that is created anew is another topic of the same name."""

from typing import Final, NamedTuple

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.relations import NEVER
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import SECOND
from brokerlaw.spec.history.tables import OK

SETTLING: Final = SECOND
"""Time (ns) after which no broker takes a topic for the one that had its name before."""


class Incarnation(NamedTuple):
    """What a name stands for once `op` certainly created a topic of it, or deleted it (`created`: which).

    `begun` is when that was confirmed, `over` when the name was next to be deleted or created. What was sent and
    confirmed before `cleared` was in an earlier topic of the name, which is gone; -1: there was none.
    """

    op: int
    topic: str
    created: bool
    begun: int
    over: int
    cleared: int

    @property
    def settled(self) -> int:
        """From when on nobody takes it for an earlier one."""
        return self.begun if self.cleared < 0 else self.begun + SETTLING


@derived
def incarnations(h: History) -> tuple[Incarnation, ...]:
    """By every creation and deletion that was confirmed, in the order in which they were asked for."""
    acts, confirmed = _acts(h), h.operations.status == OK
    numbers = of_kind(h, ops.CreateTopic, ops.DeleteTopic)
    return tuple(_incarnation(h, number, acts) for number in numbers[confirmed[numbers]].tolist())


def _incarnation(h: History, number: int, acts: dict[str, list[int]]) -> Incarnation:
    op = h.invocations[number].value
    assert isinstance(op, ops.CreateTopic | ops.DeleteTopic)
    invoked, asked = h.operations.invoked, h.operations.invoked[number]
    deletions = [each for each in acts[op.topic] if isinstance(h.invocations[each].value, ops.DeleteTopic)]
    cleared = max((int(invoked[each]) for each in deletions if each == number or invoked[each] < asked), default=-1)
    over = min((int(invoked[each]) for each in acts[op.topic] if invoked[each] > asked), default=NEVER)
    begun = int(h.operations.completed[number])
    return Incarnation(number, op.topic, isinstance(op, ops.CreateTopic), begun, over, cleared)


def _acts(h: History) -> dict[str, list[int]]:
    """By topic, the operations that may have created or deleted it."""
    acts: dict[str, list[int]] = {}
    for number in of_kind(h, ops.CreateTopic, ops.DeleteTopic).tolist():
        op = h.invocations[number].value
        assert isinstance(op, ops.CreateTopic | ops.DeleteTopic)
        acts.setdefault(op.topic, []).append(number)
    return acts
