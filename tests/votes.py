"""A protocol of majorities: it counts, compares counts with numbers and with each other, and adds them."""

# ruff: noqa: N805  # a function takes the state s

from typing import Any

from brokerlaw.spec.language import (
    Bool,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    count,
    forall,
    implies,
    invariant,
    ite,
    none,
    require,
    size,
    witness,
)


class Voter(Sort):
    pass


class Term(Ordered):
    pass


class Votes(Protocol):
    """Each voter votes once in a term, for itself or another; whoever has a majority leads."""

    bounds = {Voter: 3, Term: 2}
    vote = Var(Voter | None, Voter, Term)
    leader = Var(Voter | None, Term)
    away = Var(Bool, Voter)
    present = Var(Term)

    def votes(s, v: Any, t: Any) -> Any:
        return count(Voter, lambda w: s.vote[w, t] == v)

    @action
    def cast(s, v: Voter, w: Voter, t: Term) -> None:
        require(s.vote[v, t] == none, ~s.away[v], forall(Term, lambda u: implies(u < t, s.leader[u] != none)))
        s.vote[v, t] = w

    @action
    def win(s, v: Voter, t: Term) -> None:
        require(s.leader[t] == none, s.votes(v, t) * 2 > size(Voter))
        s.leader[t] = v

    @action
    def leave(s, v: Voter) -> None:
        require(2 * count(Voter, lambda w: s.away[w]) + 2 < size(Voter))
        s.away[v] = True

    @action
    def note(s, n: Term) -> None:
        require(n == count(Voter, lambda w: s.away[w]), count(Voter, Term, lambda v, t: s.vote[v, t] == v) >= 1)
        s.present = n

    @invariant
    def one_leader(s, v: Voter, w: Voter, t: Term) -> Any:
        """Two majorities have a voter in common."""
        return implies((s.votes(v, t) * 2 > size(Voter)) & (s.votes(w, t) * 2 > size(Voter)), v == w)

    @invariant
    def led_by_a_majority(s, v: Voter, t: Term) -> Any:
        return implies(s.leader[t] == v, s.votes(v, t) >= size(Voter) - s.votes(v, t) + 1)

    @invariant
    def few_are_away(s) -> Any:
        away = count(Voter, lambda w: s.away[w])
        return (
            (away <= size(Voter) - 2) & (s.present <= away) & (ite(s.present == 0, 0, away) == s.present + away - away)
        )

    @witness
    def two_terms(s) -> Any:
        return count(Term, lambda t: s.leader[t] != none) == size(Term)


class Half(Votes):
    """Half of the votes are taken for a majority."""

    breaks = ("led_by_a_majority",)

    @action
    def win(s, v: Voter, t: Term) -> None:
        require(s.leader[t] == none, s.votes(v, t) * 2 >= size(Voter))
        s.leader[t] = v
