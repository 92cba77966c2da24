"""Traces as text and as ITF: what changed, by whose step."""

import json
from typing import Any

import pytest

from brokerlaw.render import itf, trace
from brokerlaw.spec.language import (
    Bool,
    Enum,
    Model,
    Ordered,
    Protocol,
    Sort,
    Trace,
    Var,
    action,
    invariant,
    nearest,
    require,
    search,
    values,
)


class Node(Sort):
    pass


class Term(Ordered):
    pass


class Role(Enum):
    follower, leader = values(2)


class Election(Protocol):
    bounds = {Node: 2, Term: 3}
    term = Var(Term)
    head = Var(Node | None)
    role = Var(Role, Node)
    voted = Var(Bool, Term, Node)

    @action
    def elect(s, n: Node) -> None:
        require(s.head == None)  # noqa: E711  # a term
        s.head = n
        s.role[n] = Role.leader
        s.voted[s.term, :] = True
        s.term = s.term + 1

    @action
    def resign(s, n: Node) -> None:
        require(s.head == n, s.voted[0, n])
        s.term = s.term - 2

    @invariant
    def no_second_term(s) -> Any:
        return s.term < 1


MODEL = Model(Election.spec)
BOTH = {violation.name: violation.trace for violation in search(MODEL, every=True).violations}


def test_text_shows_what_each_step_changed_and_no_more() -> None:
    assert trace.render(MODEL, BOTH["no_second_term"]).splitlines() == [
        "  0. initially: every cell has its first value",
        "  1. elect(n=node0)",
        "     term: 0 → 1",
        "     head: none → node0",
        "     role: node0: follower → leader",
        "     voted[0]: node0: False → True, node1: False → True",
    ]


def test_text_says_why_a_last_step_leads_to_no_state() -> None:
    assert trace.render(MODEL, BOTH["resign: below 0"]).splitlines()[-2:] == [
        "  2. resign(n=node0)",
        "     writes a value below 0",
    ]


def test_an_initial_state_is_shown_where_it_is_not_the_default() -> None:
    start = (2, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    assert trace.render(MODEL, Trace(start, ())).splitlines() == [
        "  0. initially",
        "     term: 2",
        "     role: node1: leader",
    ]


def test_a_miss_names_the_guard() -> None:
    run = BOTH["resign: below 0"]
    miss = nearest(MODEL, run.states, lambda state: not MODEL.holds("no_second_term", state))
    assert miss is not None
    shown = trace.miss_line(MODEL, miss)
    assert shown.startswith("nearest miss: after step 1, elect(n=node0) would do it, but for `s.head == None` (line ")


def test_itf_has_variables_types_states_and_what_was_done() -> None:
    found = json.loads(itf.render(MODEL, BOTH["no_second_term"], "broken", loop=1))
    assert found["vars"] == ["term", "head", "role", "voted"]
    assert found["loop"] == 1 and found["#meta"]["description"] == "broken"
    assert found["#meta"]["varTypes"]["voted"] == "<<Int, Str>> -> Bool"
    first, second = found["states"]
    assert first["head"] == {"tag": "None", "value": {"#tup": []}}
    assert second["#meta"] == {"index": 1, "action": "elect", "params": {"n": "node0"}}
    assert second["term"] == {"#bigint": "1"}
    assert second["head"] == {"tag": "Some", "value": "node0"}
    assert second["role"] == {"#map": [["node0", "leader"], ["node1", "follower"]]}
    assert second["voted"]["#map"][0] == [{"#tup": [{"#bigint": "0"}, "node0"]}, True]


@pytest.mark.parametrize("name", BOTH)
def test_itf_has_every_state_of_the_run(name: str) -> None:
    found = itf.data(MODEL, BOTH[name])
    assert len(found["states"]) == len(BOTH[name].states)
    assert ("last" in found["#meta"]) is (name == "resign: below 0")
