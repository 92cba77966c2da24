"""Stories: a run as text, JSON, a Mermaid and an SVG sequence diagram; names are data, and come out as such."""

import json
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from brokerlaw.render import mermaid, story, svg
from brokerlaw.spec.language import (
    Bool,
    Enum,
    Model,
    Ordered,
    Protocol,
    Sort,
    Var,
    action,
    eventually,
    invariant,
    liveness,
    require,
    shortest,
    values,
    witness,
)


class Node(Sort):
    pass


class Disk(Sort):
    pass


class Term(Ordered):
    pass


class Role(Enum):
    follower, leader = values(2)


class Votes(Protocol):
    """Nodes vote, and write to disks."""

    bounds = {Node: 2, Disk: 2, Term: 3}
    term = Var(Term)
    role = Var(Role, Node)
    kept = Var(Bool, Node, Disk)
    quiet = Var(Bool)

    @action
    def elect(s, old: Node, new: Node, t: Term) -> None:
        require(old != new, t == s.term, s.term < 1)
        s.role[new] = Role.leader
        s.term = s.term + 1

    @action
    def store(s, d: Disk, n: Node, m: Node) -> None:
        require(s.role[n] == Role.leader, n != m)
        s.kept[n, d] = True

    @action
    def resign(s, n: Node) -> None:
        require(s.role[n] == Role.leader)
        s.role[n] = Role.follower

    @action(fair=False)
    def hush(s) -> None:
        s.quiet = True

    @action
    def fall(s) -> None:
        require(s.quiet & (s.term > 5))
        s.term = s.term - 1

    @invariant
    def nothing_kept(s, n: Node, d: Disk) -> Any:
        """No node <keeps> anything; "ever" & #never."""
        return ~s.kept[n, d]

    @witness
    def a_leader(s, n: Node) -> Any:
        """Some node leads."""
        return s.role[n] == Role.leader

    @witness
    def silence(s) -> Any:
        """It is quiet."""
        return s.quiet

    @eventually
    def noise(s) -> Any:
        """There is noise in the end."""
        return ~s.quiet


class Falls(Votes):
    @action
    def fall(s) -> None:
        s.term = s.term - 1


def told(goal: str | None = None, protocol: type[Protocol] = Votes) -> story.Story:
    run = shortest(protocol.spec, goal=goal)
    assert run.violation is not None
    return story.of_goal(run.model, run.violation.trace, run.goal)


def stalled() -> story.Story:
    model = Model(Votes.spec)
    lasso = liveness(model).promises["noise"]
    assert lasso is not None
    return story.of_lasso(model, lasso, Votes.spec.properties["noise"])


def test_a_violation_says_for_which_values() -> None:
    found = told("nothing_kept")
    assert found.ending.startswith("nothing_kept is violated for n=node1, d=disk0: No node <keeps>")
    assert not found.good and found.title == "Votes"


def test_a_witness_is_reached_by_the_shortest_run() -> None:
    found = told("a_leader")
    assert found.ending == "a_leader is reached for n=node1: Some node leads." and found.good
    assert [each.action for each in story.events(found)] == ["elect"]
    assert told("silence").ending == "silence is reached: It is quiet."


def test_a_number_below_0_ends_a_story_too() -> None:
    found = told(protocol=Falls)
    assert (found.title, found.ending) == ("Votes, Falls", "a number below 0 is written")
    assert story.events(found)[-1].changes == ("writes a value below 0",)
    assert "writes a value below 0" in story.text(found)


def test_an_event_names_its_actors_and_what_else_was_chosen() -> None:
    elect, store = story.events(told("nothing_kept"))
    assert (elect.actors, elect.rest) == (("node0", "node1"), "t=0")
    assert (store.actors, store.rest) == (("disk0", "node1", "node0"), "")
    assert store.changes == ("kept[node1]: disk0: False → True",)
    actors = [(actor.name, actor.kind) for actor in story.actors(told("nothing_kept"))]
    assert actors == [("node0", 0), ("node1", 0), ("disk0", 1)]


def test_text_ends_with_what_it_came_to() -> None:
    lines = story.text(told("nothing_kept")).splitlines()
    assert lines[0].startswith("Votes (") and "Term=3" in lines[0]
    assert lines[-1].startswith("✗ nothing_kept is violated")
    assert story.text(told("a_leader")).splitlines()[-1].startswith("✓ ")


def test_a_lasso_says_from_where_it_goes_on_for_ever() -> None:
    found = stalled()
    assert "noise never comes again" in found.ending
    data = json.loads(story.json_text(found))
    assert data["loop"] == found.loop and len(data["steps"]) >= data["loop"]


def test_json_has_every_state() -> None:
    data = json.loads(story.json_text(told("nothing_kept")))
    assert [step["action"] for step in data["steps"]] == ["elect", "store"]
    assert data["steps"][0]["params"] == {"old": "node0", "new": "node1", "t": "0"}
    assert data["steps"][1]["state"]["kept"]["node1"]["disk0"] == "True"
    assert (data["good"], data["loop"], data["start"]["term"]) == (False, None, "0")


def test_mermaid_draws_arrows_and_notes() -> None:
    lines = mermaid.render(told("nothing_kept")).splitlines()
    assert lines[:4] == [
        "sequenceDiagram",
        "    participant p0 as node0",
        "    participant p1 as node1",
        "    participant p2 as disk0",
    ]
    assert lines[5].startswith("    p0->>p1: 1. elect(old=node0, new=node1, t=0)<br/>")
    assert lines[6].startswith("    Note over p0,p2: 2. store(")
    assert "    Note over all: 1. hush()<br/>quiet: False → True" in mermaid.render(told("silence"))


def test_mermaid_takes_names_as_data() -> None:
    last = mermaid.render(told("nothing_kept")).splitlines()[-1]
    assert "<keeps>" not in last and "#60;keeps#62;" in last and "#34;ever#34; #38; #35;never" in last
    assert ";" not in re.sub(r"#\d+;", "", last)


def test_mermaid_encloses_what_goes_on_for_ever() -> None:
    class Turning(Votes):
        @action
        def look(s, n: Node) -> None:
            require(s.quiet)
            s.role[n] = Role.follower

    model = Model(Turning.spec)
    lasso = liveness(model).promises["noise"]
    assert lasso is not None and lasso.cycle
    found = story.of_lasso(model, lasso, Turning.spec.properties["noise"])
    lines = mermaid.render(found).splitlines()
    assert lines.count("    loop for ever") == lines.count("    end") == 1
    assert f"as after step {found.loop}, and so for ever" in story.text(found)
    assert "for ever" in svg.render(found)


@pytest.mark.parametrize("goal", ["nothing_kept", "a_leader", "silence"])
def test_svg_is_well_formed_and_says_it_all(goal: str) -> None:
    found = told(goal)
    root = ElementTree.fromstring(svg.render(found))
    texts = " ".join(root.itertext())
    for event in story.events(found):
        assert event.call in texts and event.action in texts
        assert all(change in texts for change in event.changes)
    assert (found.title in texts and "<keeps>" in texts) or goal != "nothing_kept"


def test_svg_draws_inside_its_frame() -> None:
    root = ElementTree.fromstring(svg.render(told("nothing_kept")))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for element in root.iter("{http://www.w3.org/2000/svg}rect"):
        if element.get("width") != "100%":
            x, y, w, h = (float(element.attrib[name]) for name in ("x", "y", "width", "height"))
            assert x >= 0 and y >= 0 and x + w <= width and y + h <= height


def test_a_story_of_no_step_can_be_drawn() -> None:
    class Wrong(Votes):
        @invariant
        def nothing_kept(s) -> Any:
            """It is quiet from the beginning."""
            return s.quiet

    found = told("nothing_kept", Wrong)
    assert found.trace.steps == ()
    ElementTree.fromstring(svg.render(found))
    assert "participant all as Wrong" in mermaid.render(found)
