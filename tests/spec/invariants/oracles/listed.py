"""Groups that are listed and groups that are gone, read off the statements: every question beside every act."""

from oracles.progress import NEVER, Done, Told

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok

DELETIONS = (ops.DeleteGroup, ops.DeleteOffsets)


def committed_is_listed(told: Told) -> tuple[int, int]:
    found = [
        group not in {each.group for each in asked.outcome.value}
        for asked in told.of(ops.ListGroups)
        for group in ("g", "k")
        if asked.ok and told.calm(0, asked.ended) and _stands(told, group, asked)
    ]
    return len(found), sum(found)


def _stands(told: Told, group: str, asked: Done) -> bool:
    """Whether a commit was certain before, and no deletion that may have come after it, in one partition."""
    commits = [each for each in told.of(ops.ResetOffsets) if each.op.group == group]
    last = max((each.begun for each in commits if each.ok and each.ended < asked.begun), default=-1)
    deleted = [each for each in told.of(*DELETIONS) if each.op.group == group and not each.refused]
    return last >= 0 and all(each.begun > asked.ended or (each.ok and each.ended < last) for each in deleted)


def deleted_is_gone(told: Told) -> tuple[int, int]:
    found = [
        _is_there(each, gone.op.group)
        for gone in told.of(ops.DeleteGroup)
        for each in told.of(ops.ListGroups, ops.DescribeGroup, *DELETIONS)
        if gone.ok and isinstance(each.outcome, Ok | Fail) and (each.ok or isinstance(each.op, DELETIONS))
        if getattr(each.op, "group", gone.op.group) == gone.op.group
        if gone.ended < each.begun and each.ended < _used(told, gone) and told.calm(0, each.ended)
    ]
    return len(found), sum(found)


def _is_there(asked: Done, group: str) -> bool:
    if isinstance(asked.op, ops.ListGroups):
        return any(each.group == group for each in asked.outcome.value)
    if isinstance(asked.op, ops.DescribeGroup):
        state = asked.outcome.value
        return bool(state.members) or state.state not in ("empty", "dead")
    return asked.ok


def _used(told: Told, gone: Done) -> int:
    """Only administrators commit here, and members of one name are opened, subscribe, poll and close."""
    times = [
        max(each.begun, gone.begun)
        for each in told.of(ops.ResetOffsets)
        if each.op.group == gone.op.group and not each.refused
        if each.ended > gone.begun or not each.ok
    ]
    if gone.op.group == "g":
        closes = [each.begun for each in told.of(ops.Close)]
        opens = [each.begun for each in told.of(ops.OpenConsumer)]
        for number, opened in enumerate(opens):
            if (closes[number] if number < len(closes) else NEVER) > gone.begun:
                times.append(max(opened, gone.begun))
        times += [each.begun for each in told.of(ops.Subscribe, ops.Poll, ops.Close) if each.begun > gone.begun]
    return min(times, default=NEVER)


ORACLES = {"groups.committed-is-listed": committed_is_listed, "groups.deleted-is-gone": deleted_is_gone}
