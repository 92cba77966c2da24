"""`brokerlaw prove`: exit code 0 says that everything the protocol claims is proved, and nothing else does."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.main import main

HEAD = """
from brokerlaw.spec.language import *

class Node(Sort):
    pass

class Number(Ordered):
    pass

class Lock(Protocol):
    bounds = {Node: 2, Number: 3}
    held = Var(Bool, Node)
    term = Var(Number)
"""
TAKE = """
    @action
    def take(s, n: Node):
        require(forall(Node, lambda m: ~s.held[m]))
        s.held[n], s.term = True, s.term + 1
"""
RELEASE = """
    @action
    def release(s, n: Node):
        require(s.held[n])
        s.held[n] = False
"""
CLAIM = """
    @invariant
    def exclusive(s, a: Node, b: Node):
        return implies(s.held[a] & s.held[b], a == b)
"""
SOUND = HEAD + TAKE + RELEASE + CLAIM
NOBODY = CLAIM + "\n    @invariant\n    def nobody(s, a: Node):\n        return ~s.held[a]\n"
TEXTS = {
    "sound": (SOUND, 0, "proved: 1 claims are inductive"),
    "no claim": (HEAD + TAKE, 2, "Error: Lock has no invariant, so there is nothing to prove"),
    "only a witness": (
        HEAD + TAKE + "\n    @witness\n    def held_(s, n: Node):\n        return s.held[n]\n",
        2,
        "Error: Lock has no invariant, so there is nothing to prove",
    ),
    "no start": (
        SOUND + "\n    @init\n    def start(s, n: Node):\n        require(s.held[n])\n",
        2,
        "Error: Lock has no initial state: its @init requires what never holds",
    ),
    "a start below 0": (
        SOUND + "\n    @init\n    def start(s, n: Number):\n        s.term = n - 1\n",
        2,
        "Error: Lock starts with a value below 0: its @init, start, subtracts too much",
    ),
    "an action that never happens": (
        SOUND.replace("require(s.held[n])", "require(s.held[n], ~s.held[n])"),
        3,
        "release can never happen",
    ),
    "a premise that never holds": (
        SOUND + CLAIM.replace("exclusive", "of_two").replace("s.held[b], a == b", "s.held[b] & (a != b), s.term > 9"),
        3,
        "of_two is vacuous",
    ),
    "false": (SOUND.replace("require(forall(Node, lambda m: ~s.held[m]))", "pass"), 1, "violated: exclusive"),
    "a lemma that is false": (HEAD + TAKE + RELEASE + NOBODY, 1, "violated: nobody"),
    "no lemma": (
        HEAD + TAKE + RELEASE + "\n    @invariant\n    def counted(s):\n        return s.term != 7\n",
        3,
        "not proved: ",
    ),
}


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["prove", *args])


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock.py"
    path.write_text(SOUND)
    return path


@pytest.mark.parametrize("name", TEXTS)
def test_the_exit_code_and_the_last_line_say_what_is_proved(name: str, lock: Path) -> None:
    text, code, said = TEXTS[name]
    lock.write_text(text)
    result = run(str(lock))
    assert result.exit_code == code, result.output
    assert said in result.output
    if code == 2:
        assert result.output.count("\n") == 1
    if code:
        assert "\nproved" not in result.output


def test_a_claim_that_leans_on_a_false_lemma_has_no_tick(lock: Path) -> None:
    lock.write_text(HEAD + TAKE.replace("require(forall(Node, lambda m: ~s.held[m]))", "pass") + RELEASE + NOBODY)
    result = run(str(lock))
    assert result.exit_code == 1
    assert "✓" not in result.output
    assert "exclusive leans on nobody" in result.output


@pytest.mark.parametrize(
    "part", [("--action", "take"), ("--action", "@init"), ("--invariant", "exclusive", "--action", "release")]
)
def test_a_part_is_not_the_whole(lock: Path, part: tuple[str, ...]) -> None:
    result = run(str(lock), *part)
    assert result.exit_code == 3
    assert result.output.splitlines()[-1].startswith("incomplete: what was asked for is proved, but 1 of 1 claims are ")
    assert "✓" not in result.output


def test_a_part_that_is_the_whole_is_the_whole(lock: Path) -> None:
    result = run(str(lock), "--invariant", "exclusive")
    assert "promised in the end" not in result.output
    assert (result.exit_code, "\nproved: 1 claims" in result.output) == (0, True)


def test_one_claim_of_several_is_incomplete() -> None:
    result = run("two_phase_commit", "--invariant", "consistent")
    assert result.exit_code == 3
    assert "incomplete: what was asked for is proved, but 7 of 7 claims are not" in result.output
    assert "8 of 56 obligations" in result.output


def test_what_a_proof_is_not_about_is_said() -> None:
    assert "what is promised in the end (all_decide) is not proved but explored" in run("two_phase_commit").output


def test_an_altered_proof_is_refused(lock: Path) -> None:
    lock.write_text(SOUND + "\n\nclass LockProof(Lock):\n    release = None\n")
    for name in ("Lock", "LockProof"):
        result = run(f"{lock}:{name}")
        assert result.exit_code == 2
        assert result.output == "Error: LockProof is no proof of Lock: it drops the action `release`\n"
    lock.write_text(SOUND + "\n\nclass LockProof(Lock):\n" + CLAIM.replace("exclusive", "lemma"))
    result = run(f"{lock}:Lock")
    assert (result.exit_code, "proved: 2 claims" in result.output) == (0, True)


def test_every_obligation_is_listed_with_what_it_assumes(lock: Path) -> None:
    result = run(str(lock), "--time")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert any(line.startswith("✓ proved take exclusive") for line in lines)
    assert any(line.startswith("✓ possible an initial state") for line in lines)
    assert any(line.startswith("✓ possible release") for line in lines)
    assert any("the premise `exists(Node, Node, lambda a, b: s.held[a] & s.held[b])` of exclusive" in x for x in lines)


def test_every_question_becomes_a_file(lock: Path, tmp_path: Path) -> None:
    folder = tmp_path / "smt" / "here"
    result = run(str(lock), "--smt", str(folder), "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0
    assert f"7 questions are in {folder}" in result.stderr
    texts = [path.read_text("utf-8") for path in sorted(folder.iterdir())]
    assert len(texts) == len(data["obligations"]) + len(data["contexts"]) == 7
    assert all("(set-logic ALL)" in text and text.endswith("(check-sat)\n") for text in texts)
    assert [("status unsat" in text) for text in texts] == [True] * 3 + [False] * 4


def test_a_folder_that_cannot_be_written_is_one_line(lock: Path) -> None:
    result = run(str(lock), "--smt", str(lock / "folder"))
    assert result.exit_code == 2
    assert result.output.count("Error") == 1
