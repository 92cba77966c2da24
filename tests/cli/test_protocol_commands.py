"""The commands about protocols, as a newcomer meets them: what they print, and with which exit code."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.main import main
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.protocols.registry import PROTOCOLS, load

UNSOUND = '''
from brokerlaw.spec.language import Bool, Protocol, Sort, Var, action, invariant, require

class Node(Sort):
    """A node."""

class Lock(Protocol):
    """Whoever asks gets it."""
    bounds = {Node: 2}
    held = Var(Bool, Node)

    @action
    def take(s, n: Node):
        """Take it."""
        s.held[n] = True

    @invariant
    def exclusive(s, a: Node, b: Node):
        """One holds it."""
        return ~(s.held[a] & s.held[b]) | (a == b)
'''


def run(*args: str) -> Result:
    return CliRunner().invoke(main, list(args))


@pytest.fixture
def lock(tmp_path: Path) -> str:
    path = tmp_path / "lock.py"
    path.write_text(UNSOUND)
    return str(path)


def test_guards_prints_the_table() -> None:
    result = run("guards", "two_phase_commit")
    assert result.exit_code == 0
    assert "tm_commit:1" in result.output and "breaks commit_was_unanimous" in result.output
    assert "needed for safety 7, needed for liveness 1" in result.output


def test_guards_in_json() -> None:
    result = run("guards", "two-phase-commit", "--set", "RM=2", "--every", "--json")
    data = json.loads(result.output)
    assert (result.exit_code, data["bounds"]) == (0, {"RM": 2})
    commit = next(row for row in data["guards"] if (row["action"], row["number"]) == ("tm_commit", 1))
    assert len(commit["breaks"]["consistent"]) == 3


def test_guards_of_a_broken_protocol_or_of_an_unfinished_search(lock: str) -> None:
    result = run("guards", lock)
    assert (result.exit_code, "Lock with all its guards breaks exclusive" in result.output) == (1, True)
    result = run("guards", "two_phase_commit", "--max-states", "20")
    assert (result.exit_code, "not known" in result.output) == (3, True)


def test_trace_of_a_variant_is_of_what_it_is_known_to_break() -> None:
    result = run("trace", "groups_next", "--variant", "grants-before-release", "--set", "Partition=1")
    assert result.exit_code == 1
    assert (
        result.output.startswith("GroupsNext, GrantsBeforeRelease (") and "✗ exclusive is violated for" in result.output
    )
    assert "  8. accept(m=member1, p=partition0)" in result.output


@pytest.mark.parametrize("drop", ["tm_commit:1", "tm_commit: forall(RM, lambda r: s.heard[r])"])
def test_trace_without_a_guard(drop: str) -> None:
    result = run("trace", "two_phase_commit", "consistent", "--drop", drop)
    assert result.exit_code == 1
    assert "tm_commit()" in result.output and "✗ consistent is violated" in result.output


def test_trace_without_several_guards() -> None:
    result = run("trace", "two_phase_commit", "--drop", "tm_commit:0", "--drop", "tm_commit:1")
    assert result.exit_code == 1
    assert "`s.tm == TMState.undecided`" in result.output and "`forall(RM, lambda r: s.heard[r])`" in result.output


def test_trace_to_a_witness_and_of_a_promise() -> None:
    result = run("trace", "two_phase_commit", "all_abort")
    assert (result.exit_code, "✓ all_abort is reached" in result.output) == (0, True)
    result = run("trace", "two_phase_commit", "all_decide")
    assert (result.exit_code, "comes again in every fair run of all 288 states" in result.output) == (0, True)
    result = run("trace", "two_phase_commit", "all_decide", "--drop", "rm_prepare:0")
    assert (result.exit_code, "and so for ever" in result.output) == (1, True)


def test_trace_of_what_is_kept_says_so() -> None:
    result = run("trace", "two_phase_commit")
    assert result.exit_code == 0
    assert "violates nothing in all 288 states with RM=3; its witnesses: all_commit" in result.output
    result = run("trace", "two_phase_commit", "consistent", "--max-states", "10")
    assert (result.exit_code, "search stopped at the limit" in result.output) == (3, True)
    result = run("trace", "two_phase_commit", "one_commits_first", "--set", "RM=1")
    assert (result.exit_code, "one_commits_first is not reached in all" in result.output) == (3, True)


def test_trace_as_diagrams_and_data(tmp_path: Path) -> None:
    out = tmp_path / "trace.svg"
    result = run("trace", "two_phase_commit", "all_commit", "--format", "svg", "--out", str(out))
    assert result.exit_code == 0
    assert ElementTree.parse(out).getroot().tag.endswith("svg")
    assert run("trace", "two_phase_commit", "all_commit", "--format", "mermaid").output.startswith("sequenceDiagram\n")
    itf = json.loads(run("trace", "two_phase_commit", "all_commit", "--format", "itf").output)
    shown = json.loads(run("trace", "two_phase_commit", "all_commit", "--format", "json").output)
    assert len(itf["states"]) == len(shown["steps"]) + 1 == 11


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (("guards", "replicaton"), "no protocol is called 'replicaton'; did you mean replication?"),
        (("guards", "queue", "--set", "Broker=2"), "Queue has no sort 'Broker' to set"),
        (("guards", "queue", "--set", "Broker"), "--set Broker: write SORT=N"),
        (("guards", "queue", "--variant", "ForgetsAck"), "did you mean ForgetsAcks"),
        (("trace", "two_phase_commit", "consistant"), "did you mean consistent?"),
        (("trace", "two_phase_commit", "--drop", "tm_commit"), "write ACTION:K, as in rm_prepare:0"),
        (("trace", "two_phase_commit", "--drop", "commit:0"), "has no action 'commit'; did you mean tm_commit"),
        (("trace", "two_phase_commit", "--drop", "tm_commit:2"), "tm_commit has no such guard; it has 0 `s.tm =="),
        (
            ("trace", "two_phase_commit", "all_abort", "--out", "/nowhere/x"),
            "/nowhere/x cannot be written",
        ),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(args: tuple[str, ...], line: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert line in result.output and result.output.count("\n") == 1


def test_protocols_lists_each_with_its_variants() -> None:
    result = run("protocols")
    assert result.exit_code == 0
    for name in PROTOCOLS:
        assert f"\n{name}: " in f"\n{result.output}"
    assert "  bounds    RM=3" in result.output
    assert "GrantsBeforeRelease: breaks exclusive" in result.output


def test_explain_a_protocol_names_all_that_is_in_it() -> None:
    result = run("explain", "groups-next")
    assert result.exit_code == 0
    spec = load("groups_next").spec
    for name in (*spec.variables, *spec.actions, *spec.properties, "RejoinsHolding"):
        assert f"\n  {name}" in result.output


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("groups_next.exclusive", ["clients see  ownership.exclusive", "broken by    GrantsBeforeRelease", "KIP-848"]),
        (
            "groups_next.grant",
            ["grant(m: Member, p: Partition)", "requires     0  s.target[p] == m", "s.granted[p] = m"],
        ),
        ("groups_next.expire", ["s.offered[m, each_partition] = False  for every", "need never happen", "KIP-848"]),
        ("groups_next.all_owned", ["in some reachable state"]),
        ("groups_next.stable_and_complete", ["in every fair run", "clients see  ownership.complete"]),
        ("groups_next.owns", ["owns[Member, Partition]: Bool", "member: reads and processes"]),
        ("queue.DropsTheDead", ["variant of   Queue", "breaks       nothing_vanishes", "set_aside is otherwise"]),
        ("delivery", ["delivery: One partition", "delivery.at-least-once: An application"]),
        ("delivery.at-least-once", ["protocol      delivery.nothing_skipped"]),
        ("durability", ["durability.acked-survives: ", "durability.min-isr-refuses: "]),
    ],
)
def test_explain_tells_what_a_name_stands_for(name: str, told: list[str]) -> None:
    result = run("explain", name)
    assert result.exit_code == 0
    for each in told:
        assert each in result.output


def test_explain_reads_a_file_of_the_users_own(lock: str) -> None:
    assert "take(n: Node)" in run("explain", lock).output
    assert "One holds it." in run("explain", f"{lock}:Lock.exclusive").output
    assert "did you mean exclusive?" in run("explain", f"{lock}:Lock.exclusiv").output


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("replicaton", "no invariant or protocol is called 'replicaton'; did you mean replication"),
        ("durability.acked-survive", "did you mean durability.acked-survives"),
        ("groups_next.grants", "groups_next has no 'grants'; did you mean grant"),
        ("nothing.py:Such", "there is no file nothing.py"),
    ],
)
def test_explain_of_an_unknown_name_is_one_line(name: str, line: str) -> None:
    result = run("explain", name)
    assert result.exit_code == 2
    assert line in result.output and result.output.count("\n") == 1


def test_the_promises_that_clients_see_are_backed_by_what_protocols_say() -> None:
    backed = [each for entry in INVARIANTS.values() for each in entry.protocols]
    assert backed
    for each in backed:
        protocol, _, name = each.partition(".")
        assert load(protocol).spec.properties[name].kind in ("invariant", "eventually")


def test_explore_judges_what_is_promised_in_the_end() -> None:
    result = run("explore", "two_phase_commit", "--quiet")
    assert (result.exit_code, "✓ all_decide comes again in every fair run" in result.output) == (0, True)
    result = run("explore", "two_phase_commit", "--quiet", "--max-states", "20")
    assert (result.exit_code, "? all_decide was not checked: the search did not" in result.output) == (3, True)
    data = json.loads(run("explore", "two_phase_commit", "--quiet", "--json").output)
    assert data["liveness"] == {"outcome": "kept", "reason": "", "cut": 0, "lassos": {}}


def test_explore_shows_the_fair_run_that_never_comes_to_it(tmp_path: Path) -> None:
    path = tmp_path / "idle.py"
    path.write_text(
        UNSOUND.split("    @invariant")[0].replace("import Bool", "import eventually, Bool")
        + "    @eventually\n    def freed(s, n: Node):\n        return ~s.held[n]\n"
    )
    result = run("explore", str(path), "--quiet")
    assert result.exit_code == 1
    assert "✗ freed never comes again, as a fair run goes round for ever" in result.output
    assert result.output.splitlines()[-1] == "but what is promised in the end does not come in every fair run"
