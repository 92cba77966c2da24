"""Protocols that others have published, with the counts of states that their authors give, in our words."""

from typing import Any

from brokerlaw.spec.language import (
    Bool,
    Enum,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    exists,
    forall,
    implies,
    init,
    invariant,
    ite,
    none,
    require,
    values,
    witness,
)


class Value(Sort):
    pass


class Acceptor(Sort):
    pass


class Ballot(Ordered):
    pass


class Place(Ordered):
    pass


class Colour(Enum):
    black, white = values(2)


class Bid(Enum):
    lost, running, won = values(3)


class Register(Enum):
    low, changing, high = values(3)


class Line(Enum):
    begin_write, end_write, read, finished = values(4)


class Memo(Protocol):
    """A table with a row for every value and one for none, and switches beside it."""

    bounds = {Value: 3}
    picked = Var(Value | None)
    memo = Var(Bool, Value | None)
    red = Var(Bool, Value)
    blue = Var(Bool, Value)

    @action
    def pick(s, v: Value) -> None:
        require(s.picked == none)
        s.picked = v

    @action
    def write_down(s) -> None:
        s.memo[s.picked] = True

    @action
    def turn_red(s, v: Value) -> None:
        s.red[v] = ~s.red[v]

    @action
    def turn_blue(s, v: Value) -> None:
        s.blue[v] = ~s.blue[v]

    @invariant
    def true_memo(s, v: Value) -> Any:
        return implies(s.memo[v], s.picked == v)


class Misremembered(Memo):
    """Whoever writes it down may take another value for it."""

    @action
    def write_down(s, v: Value) -> None:
        s.memo[v] = True


class Paxos(Protocol):
    """One value is chosen at most.  Source: Lamport 2001; MCPaxosTiny of tlaplus/Examples."""

    bounds = {Acceptor: 3, Value: 2, Ballot: 2}
    promised = Var(Ballot | None, Acceptor)
    last_ballot = Var(Ballot | None, Acceptor)
    last_value = Var(Value | None, Acceptor)
    prepare = Var(Bool, Ballot)
    promise = Var(Bool, Acceptor, Ballot, Ballot | None, Value | None)
    accept = Var(Bool, Ballot, Value)
    accepted = Var(Bool, Acceptor, Ballot, Value)

    def free_of(s, a: Any, b: Any) -> Any:
        """The acceptor has promised nothing from this ballot on."""
        return forall(Ballot, lambda c: implies(s.promised[a] == c, c < b))

    @action
    def send_prepare(s, b: Ballot) -> None:
        s.prepare[b] = True

    @action
    def send_promise(s, a: Acceptor, b: Ballot) -> None:
        require(s.prepare[b], s.free_of(a, b))
        s.promise[a, b, s.last_ballot[a], s.last_value[a]] = True
        s.promised[a] = b

    def allows(s, p: Any, q: Any, b: Any, v: Any) -> Any:
        """The promises of two acceptors leave the value open, or the latest vote among them is for it."""

        def told(c: Any, w: Any) -> Any:
            return s.promise[p, b, c, w] | s.promise[q, b, c, w]

        def latest(c: Any) -> Any:
            return told(c, v) & forall(Ballot, Value, lambda d, w: implies(told(d, w), d <= c))

        nothing = forall(Ballot, Value | None, lambda c, w: ~told(c, w))
        return nothing | exists(Ballot, latest)

    def answered(s, a: Any, b: Any) -> Any:
        return exists(Ballot | None, Value | None, lambda c, w: s.promise[a, b, c, w])

    @action
    def send_accept(s, b: Ballot, v: Value) -> None:
        def quorum(p: Any, q: Any) -> Any:
            return (p != q) & s.answered(p, b) & s.answered(q, b) & s.allows(p, q, b, v)

        require(forall(Value, lambda w: ~s.accept[b, w]), exists(Acceptor, Acceptor, quorum))
        s.accept[b, v] = True

    @action
    def send_accepted(s, a: Acceptor, b: Ballot, v: Value) -> None:
        require(s.accept[b, v], s.free_of(a, b) | (s.promised[a] == b))
        s.promised[a] = b
        s.last_ballot[a] = b
        s.last_value[a] = v
        s.accepted[a, b, v] = True

    def chosen(s, v: Any) -> Any:
        def quorum(b: Any, p: Any, q: Any) -> Any:
            return (p != q) & s.accepted[p, b, v] & s.accepted[q, b, v]

        return exists(Ballot, Acceptor, Acceptor, quorum)

    @invariant
    def at_most_one(s, v: Value, w: Value) -> Any:
        return implies(s.chosen(v) & s.chosen(w), v == w)

    @witness
    def some_value(s, v: Value) -> Any:
        return s.chosen(v)


class Ewd840(Protocol):
    """Has everybody on the ring come to rest?  Source: Dijkstra, EWD 840; EWD840 of tlaplus/Examples."""

    bounds = {Place: 3}
    busy = Var(Bool, Place)
    colour = Var(Colour, Place)
    holder = Var(Place)
    token = Var(Colour)

    @init
    def anything(s, a: Bool, b: Bool, c: Bool, d: Colour, e: Colour, f: Colour, holder: Place) -> None:
        for place, (busy, colour) in enumerate([(a, d), (b, e), (c, f)]):
            s.busy[Place(place)] = busy
            s.colour[Place(place)] = colour
        s.holder = holder

    @action
    def start_round(s, last: Place) -> None:
        dark = (s.token == Colour.black) | (s.colour[0] == Colour.black)
        require(s.holder == 0, dark, forall(Place, lambda p: p <= last))
        s.holder, s.token = last, Colour.white
        s.colour[0] = Colour.white

    @action
    def hand_on(s, p: Place) -> None:
        black = s.colour[p] == Colour.black
        require(p > 0, s.holder == p, ~s.busy[p] | black | (s.token == Colour.black))
        s.holder, s.token = p - 1, ite(black, Colour.black, s.token)
        s.colour[p] = Colour.white

    @action
    def wake(s, p: Place, q: Place) -> None:
        require(s.busy[p], p != q)
        s.busy[q] = True
        s.colour[p] = ite(p < q, Colour.black, s.colour[p])

    @action
    def stop(s, p: Place) -> None:
        require(s.busy[p])
        s.busy[p] = False

    def over(s) -> Any:
        return (s.holder == 0) & (s.token == Colour.white) & (s.colour[0] == Colour.white) & ~s.busy[0]

    @invariant
    def all_rest(s, p: Place) -> Any:
        return implies(s.over(), ~s.busy[p])

    @witness
    def detected(s) -> Any:
        return s.over()


class ChangRoberts(Protocol):
    """The least candidate on a ring wins.  Source: Chang and Roberts 1979; MCChangRoberts of tlaplus/Examples."""

    bounds = {Place: 3}
    sent = Var(Bool, Place, Place, doc="to whom, about whom")
    awake = Var(Bool, Place)
    candidate = Var(Bool, Place)
    bid = Var(Bid, Place)

    @init
    def any_candidates(s, a: Bool, b: Bool, c: Bool) -> None:
        for place, chosen in enumerate((a, b, c)):
            s.candidate[Place(place)] = chosen
            s.bid[Place(place)] = ite(chosen, Bid.running, Bid.lost)

    def follows(s, p: Any, q: Any) -> Any:
        return ite(exists(Place, lambda r: p < r), q == p + 1, q == 0)

    @action
    def begin(s, p: Place, q: Place) -> None:
        require(~s.awake[p], s.follows(p, q))
        s.awake[p] = True
        s.sent[q, p] = s.sent[q, p] | s.candidate[p]

    @action
    def receive(s, p: Place, q: Place, about: Place) -> None:
        require(s.awake[p], s.follows(p, q), s.sent[p, about])
        lost = s.bid[p] == Bid.lost
        passed = s.sent[q, about] | lost | (about < p)
        outcome = ite(lost | (about < p), Bid.lost, ite(about == p, Bid.won, s.bid[p]))
        s.sent[p, about] = False
        s.sent[q, about] = passed
        s.bid[p] = outcome

    @invariant
    def the_least_wins(s, p: Place, q: Place) -> Any:
        return implies((s.bid[p] == Bid.won) & s.candidate[q], p <= q)

    @witness
    def won(s, p: Place) -> Any:
        return s.bid[p] == Bid.won


class SimpleRegular(Protocol):
    """Each writes 1, then reads its neighbour.  Source: Lamport, Teaching Concurrency; of tlaplus/Examples."""

    bounds = {Place: 8}
    mine = Var(Register, Place)
    seen = Var(Bool, Place)
    line = Var(Line, Place)

    @action
    def begin_write(s, p: Place) -> None:
        require(s.line[p] == Line.begin_write)
        s.mine[p], s.line[p] = Register.changing, Line.end_write

    @action
    def end_write(s, p: Place) -> None:
        require(s.line[p] == Line.end_write)
        s.mine[p], s.line[p] = Register.high, Line.read

    @action
    def read(s, p: Place, left: Place, high: Bool) -> None:
        neighbour = ite(p == 0, forall(Place, lambda r: r <= left), p == left + 1)
        possible = ite(high, s.mine[left] != Register.low, s.mine[left] != Register.high)
        require(s.line[p] == Line.read, neighbour, possible)
        s.seen[p], s.line[p] = high, Line.finished

    @invariant
    def somebody_sees_it(s) -> Any:
        finished = forall(Place, lambda p: s.line[p] == Line.finished)
        return implies(finished, exists(Place, lambda p: s.seen[p]))
