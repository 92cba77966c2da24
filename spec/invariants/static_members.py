"""Static members: one that comes back within its session finds what it had, and the others do not notice."""

from brokerlaw.spec.history.evidence.relations import among
from brokerlaw.spec.history.evidence.returns import Return, returns, told_since
from brokerlaw.spec.history.evidence.settings import consumers
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.tables import ASSIGNED
from brokerlaw.spec.invariants.invariant import Finding, Violation, invariant
from brokerlaw.spec.invariants.wording import partition, violation


@invariant(
    "groups.static-return-is-quiet",
    statement="A static member that comes back within its session is given what it had, and no other member is told of "
    "any partition.",
    formal="∀ rests r, s of g, one after the other, static member m that ended between, n that came with its instance"
    " id in m's session, partition p: owner(p, s) = owner(p, r), but n for m; nobody else is told of p between",
    source='Kafka documentation, "Static Membership" and group.instance.id; KIP-345; KIP-848: leaving with epoch -2',
    capabilities=("topics", "groups", "groups.static"),
    mutants=("static-return-rebalances", "static-leave-is-final"),
    covers=("groups.cooperative", "groups.next"),
)
def static_return_is_quiet(h: History) -> Finding:
    """Counted are the partitions of the group. By KIP-848 the member must have closed: who vanished blocks its place.

    It was back in half of its session. The other members held something, and were in session all the time; nobody else
    came or went, or had left so lately that its session might end.
    """
    found = returns(h)
    breaches = (broken for each in found if (broken := _noticed(h, each)) is not None)
    return Finding(sum(len(each.before.owners) for each in found), tuple(breaches))


def _noticed(h: History, each: Return) -> Violation | None:
    """What became of the others, or of its partitions, if anything did."""
    left, came = consumers(h)[each.left].client, consumers(h)[each.came].client
    told = told_since(h, each)
    told = told[~among(told.opened, (each.left, each.came))]
    owners = ((tp, *there, *each.after.owners[tp]) for tp, there in each.before.owners.items())
    moved = [(tp, here, there) for tp, here, there in owners if there != (came if here == left else here)]
    if not len(told) and not moved:
        return None
    back = f"{came} took the place of {left} in group {each.group} within its session"
    if not len(told):
        moves = ", ".join(f"{tp} from {here} to {there}" for tp, here, there in moved)
        rests, names = (each.before, each.after), [tp for tp, *_ in moved]
        rows = [row for rest in rests for tp in names for row in rest.owners[tp].values()]
        return violation(h, f"{back}, and there moved {moves}", (each.ending, each.came), rows)
    who, tp = h.processes[int(told.process[0])], partition(h, int(told.tp[0]))
    how = "given" if told.kind[0] == ASSIGNED else "told that it no longer had"
    shown = (each.before.row, *told.row[:1].tolist())
    return violation(h, f"{back}, and {who} was {how} {tp}", (each.ending, each.came), shown)
