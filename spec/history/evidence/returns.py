"""Returns: a static member ends, and a client comes back under its instance id, while its group was at rest.

Kept are those of which it is certain that nothing else can have made the group rebalance, and that the session of the
member that ended had not run out. Sources: KIP-345, KIP-814, KIP-848.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.columns import Ints
from brokerlaw.spec.history.derived import derived
from brokerlaw.spec.history.evidence.assignments import contested, gone, identity
from brokerlaw.spec.history.evidence.comings import comings_and_goings
from brokerlaw.spec.history.evidence.operations import of_kind
from brokerlaw.spec.history.evidence.outages import disturbed
from brokerlaw.spec.history.evidence.relations import among, firsts
from brokerlaw.spec.history.evidence.sessions import in_session
from brokerlaw.spec.history.evidence.settings import consumers, older_kafka
from brokerlaw.spec.history.evidence.shares import Shares, shares, wish
from brokerlaw.spec.history.evidence.waits import members_of
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.numbers import MILLISECOND
from brokerlaw.spec.history.tables import OK, Ownership

LEADERS_TOO: Final = (2, 4)
"""The version of Kafka since which a member that leads its group may come back as well."""


class Return(NamedTuple):
    """Between two rests the member opened by `left` ended (`ending`), and the one opened by `came` took its place."""

    before: Shares
    after: Shares
    ending: int
    left: int
    came: int

    @property
    def group(self) -> str:
        """Whose members they are."""
        return self.before.stable.group


@derived
def returns(h: History) -> tuple[Return, ...]:
    """By groups; of members that all held something at the first of the two rests."""
    return tuple(each for each in _returns(h) if _alone(h, each) and _quiet_before(h, each) and _in_time(h, each))


def told_since(h: History, each: Return) -> Ownership[Ints]:
    """What members of the group were told since the one ended."""
    told = h.ownership[(h.ownership.row > h.operations.row[each.ending]) & (h.ownership.row < each.after.row)]
    return told[among(told.opened, [*members_of(h, each.group)])]


def _returns(h: History) -> Iterator[Return]:
    for group in dict.fromkeys(each.stable.group for each in shares(h)):
        rests = [each for each in shares(h) if each.stable.group == group]
        for before, after in pairwise(rests):
            acts = comings_and_goings(h, group, before.time, after.time)
            if len(acts) == 3 and _is_return(h, acts):
                left, came = h.operations.opened[acts[:2]].tolist()
                yield Return(before, after, int(acts[0]), left, came)


def _is_return(h: History, acts: Ints) -> bool:
    """Whether one client ended, and then another of its instance id was opened, and subscribed."""
    ending, *coming = (type(h.invocations[act].value) for act in acts.tolist())
    left, came, subscriber = h.operations.opened[acts].tolist()
    if consumers(h)[left].protocol == "consumer":
        may = ending is ops.Close
    else:
        may = ending in (ops.Close, ops.Crash) and not older_kafka(h, LEADERS_TOO)
    one = coming == [ops.OpenConsumer, ops.Subscribe] and came == subscriber and identity(h)[left] == identity(h)[came]
    done = (h.operations.status[acts] == OK) & (h.operations.ended[acts] >= 0)
    in_order = h.operations.ended[acts[:-1]] < h.operations.row[acts[1:]]
    return bool(may and one and left != came and done.all() and in_order.all())


def _alone(h: History, each: Return) -> bool:
    """Whether nothing else happened to the group that the history shows, or may have without showing."""
    before, after = each.before, each.after
    left, came = consumers(h)[each.left].client, consumers(h)[each.came].client
    members = {*before.stable.members}
    same = left in members and {*after.stable.members} == members - {left} | {came} and before.busy == members
    fair = same and not before.unfair and not after.unfair and wish(h, each.group, after.time) is not None
    in_vain = any(before.row < row < after.row and wait.group == each.group for row, _, wait in h.timed_out)
    calm = not disturbed(h, np.array([before.time]), np.array([after.time]))[0]
    return fair and calm and not in_vain and _no_strangers(h, each)


def _no_strangers(h: History, each: Return) -> bool:
    """Whether all other clients of the group were missed long before: the end of a session makes it rebalance."""
    members, begun = members_of(h, each.group), each.before.time
    if _change_their_minds(h, [*members]) or (contested(h)[[*members]] <= each.after.time).any():
        return False
    theirs = {int(identity(h)[op]) for op in _stayed(h, each)} | {int(identity(h)[each.left])}
    return all(
        identity(h)[op] in theirs
        or h.operations.invoked[op] > each.after.time
        or gone(h)[op] < begun - 2 * member.session_timeout * MILLISECOND
        for op, member in members.items()
    )


def _change_their_minds(h: History, members: list[int]) -> bool:
    """Whether one of these unsubscribed, or subscribed again: its group may rebalance at any time after that."""
    left_it, joined_it = (of_kind(h, kind, failed=True) for kind in (ops.Unsubscribe, ops.Subscribe))
    joined = h.operations.opened[joined_it]
    once = len(firsts(joined[among(joined, members)])) == among(joined, members).sum()
    return bool(among(h.operations.opened[left_it], members).any() or not once)


def _stayed(h: History, each: Return) -> list[int]:
    """The other members at both rests, by the operations that opened them."""
    lasts = {
        member.client: op
        for op, member in members_of(h, each.group).items()
        if h.operations.invoked[op] < each.before.time and op != each.left
    }
    return [op for client, op in lasts.items() if client in each.before.stable.members]


def _quiet_before(h: History, each: Return) -> bool:
    """Whether nobody was told of anything between the first rest and the end of the one member."""
    told = (h.ownership.row > each.before.row) & (h.ownership.row < h.operations.row[each.ending])
    return not among(h.ownership.opened[told], [*members_of(h, each.group)]).any()


def _in_time(h: History, each: Return) -> bool:
    """Whether it had its place again in half of its session, and all the others were in session all the time."""
    told, stayed = told_since(h, each), _stayed(h, each)
    news, others = told[told.opened == each.came], told[among(told.opened, stayed)]
    back = int(news.time.min(initial=each.after.time))
    in_place = stayed + [each.came] * bool(len(news))
    asked = np.array([each.left, *in_place, *others.opened.tolist()])
    ending = int(h.operations.invoked[each.ending])
    times = np.array([ending, *(each.after.time for _ in in_place), *(others.time - 1).tolist()])
    soon = back - _heard(h, each.left) <= min(_patience(h, each.left), _patience(h, each.came))
    return soon and bool(in_session(h, asked, times).all())


def _heard(h: History, opened: int) -> int:
    """When a member last came back from a poll; -1: never."""
    polls = of_kind(h, ops.Poll)
    polls = polls[(h.operations.opened[polls] == opened) & (h.operations.status[polls] == OK)]
    return int(h.operations.completed[polls].max(initial=-1))


def _patience(h: History, opened: int) -> int:
    member = consumers(h)[opened]
    return min(member.session_timeout, member.max_poll_interval) * MILLISECOND // 2
