"""`brokerlaw explore`: its counts, traces and exit codes, and one clear line for each misuse."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.explore import explore

OWN = '''
from brokerlaw.spec.language import *
class Count(Ordered):
    """A number."""
class Up(Protocol):
    """It counts."""
    bounds = {Count: 4}
    n = Var(Count)
    @action
    def up(s):
        """One more."""
        s.n = s.n + 1
    @action
    def leap(s, k: Count):
        """Never."""
        require(s.n == 2, k == 3, s.n == 1)
        s.n = k
    @invariant
    def small(s):
        """It stays small."""
        return s.n < MOST
    @witness
    def large(s):
        """It grows."""
        return s.n == 3
'''


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "own.py"
    path.write_text(OWN.replace("MOST", "4"))
    yield path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(explore, [*map(str, arguments), "--quiet"])


def test_a_sound_protocol_is_kept() -> None:
    result = run("two_phase_commit")
    assert result.exit_code == 0
    assert result.output.startswith("TwoPhaseCommit with RM=3: 288 states, 1,146 generated, depth 10 (")
    assert "✓ all_commit is reached in 10 steps" in result.output
    assert result.output.splitlines()[-1].startswith("kept: 7 invariants in every reachable state")


@pytest.mark.parametrize("engine", ["c", "python"])
def test_the_engine_may_be_chosen(engine: str) -> None:
    result = run("two_phase_commit", "--set", "RM=5", "--engine", engine)
    assert "8,832 states, 58,146 generated, depth 16" in result.output
    assert ("(compiled)" in result.output) is (engine == "c")


def test_a_variant_is_violated_by_its_shortest_trace() -> None:
    result = run("transactions", "--variant", "torn-markers")
    assert result.exit_code == 1
    assert "✗ told_is_true is violated after 10 steps" in result.output
    assert "  9. complete()\n     state: prepare_abort → empty\n" in result.output
    assert (
        "nearest miss: after step 6, answer(t=0) would do it, but for `s.state == State.empty` (line" in result.output
    )
    assert result.output.splitlines()[-1] == "violated: told_is_true"


def test_symmetry_counts_classes() -> None:
    result = run("two_phase_commit", "--symmetry", "--set", "RM=5")
    assert result.exit_code == 0
    assert "314 states, up to which RM is which" in result.output


def test_what_never_fired_is_said_with_the_guard_that_stopped_it(own: Path) -> None:
    result = run(own)
    assert result.exit_code == 3
    assert result.output.splitlines()[-1] == "vacuous: 1 invariant kept, but leap never fired"
    assert "leap never fired; leap(k=3) came nearest, stopped by `s.n == 2` (line " in result.output


def test_a_premise_that_never_holds_is_named(own: Path) -> None:
    text = own.read_text().replace("require(s.n == 2, k == 3, s.n == 1)", "require(s.n == 2, k == 3)")
    own.write_text(text.replace("return s.n < 4", "return implies(s.n > 3, s.n < 9)"))
    result = run(own)
    assert result.exit_code == 3
    assert "? small was asked of nothing where it says `3 < s.n`: that never holds" in result.output
    assert result.output.splitlines()[-1] == "vacuous: 1 invariant kept, but a premise of small never held"
    told = json.loads(run(own, "--json").output)
    assert (told["outcome"], told["never_fired"]) == ("vacuous", [])
    assert told["premises_never_held"] == [{"invariant": "small", "premise": "3 < s.n"}]
    own.write_text(text.replace("return s.n < 4", "return implies(s.n > 2, s.n < 9)"))
    assert run(own).exit_code == 0


STATED = "    @invariant\n    def small(s):"


def test_a_file_without_invariants_keeps_nothing(own: Path) -> None:
    whole = own.read_text().replace("require(s.n == 2, k == 3, s.n == 1)", "require(s.n == 2, k == 3)")
    own.write_text(whole.replace(STATED, "    def small(s):"))
    for engine in ("c", "python"):
        result = run(own, "--engine", engine)
        assert result.exit_code == 3
        assert result.output.splitlines()[-1] == "vacuous: no invariant is stated, so that nothing can be violated"
    own.write_text(whole.replace(STATED, "    @eventually\n    def small(s):"))
    result = run(own)
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "kept: what is promised in the end; no invariant is stated"


def test_a_witness_that_is_not_reached_is_no_success(own: Path) -> None:
    result = run(own, "--set", "Count=3")
    assert result.exit_code == 3
    assert "? large was not reached" in result.output
    assert result.output.splitlines()[-1] == "vacuous: 1 invariant kept, but never was there large"


@pytest.mark.parametrize(("option", "limit"), [("--max-states", "1000"), ("--memory", "20k")])
def test_a_limit_ends_it_as_incomplete(option: str, limit: str) -> None:
    for engine in ("c", "python"):
        result = run("two_phase_commit", "--set", "RM=6", option, limit, "--engine", engine)
        assert result.exit_code == 3
        assert result.output.splitlines()[-1].startswith("incomplete: stopped at the limit of ")


def test_json_is_for_programs(own: Path) -> None:
    own.write_text(OWN.replace("MOST", "2"))
    result = run(f"{own}:Up", "--json", "--every")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert (found["outcome"], found["distinct"], found["generated"]) == ("violated", 4, 4)
    assert found["violated"] == {"small": ["up()", "up()"]}
    assert found["actions"]["up"] == {"tried": 4, "fired": 3, "cut": 1}


def test_a_trace_is_written_as_itf(tmp_path: Path) -> None:
    path = tmp_path / "trace.itf.json"
    assert run("transactions", "--variant", "TornMarkers", "--itf", path).exit_code == 1
    found = json.loads(path.read_text())
    assert found["#meta"]["format"] == "ITF" and found["#meta"]["description"] == "told_is_true"
    assert len(found["states"]) == 11


MISUSES = {
    "sort": (["two_phase_commit", "--set", "XX=2"], "TwoPhaseCommit has no sort 'XX' to set; it has RM"),
    "size": (["two_phase_commit", "--set", "RM=many"], "--set RM=many: write SORT=N, as in Broker=3"),
    "protocol": (["two_phase_comit"], "no protocol is called 'two_phase_comit'; did you mean two_phase_commit?"),
    "no file": (["nowhere.py:Up"], "there is no file nowhere.py"),
    "no protocol": ([__file__], "is no protocol: it defines no subclass of brokerlaw.spec.language.Protocol"),
    "variant": (["two_phase_commit", "--variant", "x"], "TwoPhaseCommit has no variant 'x'; it has none"),
    "memory": (["two_phase_commit", "--memory", "lots"], "lots: write a size as in 512M or 8G"),
    "symmetry": (["idempotence", "--symmetry"], "has no interchangeable sort"),
    "itf": (["two_phase_commit", "--set", "RM=2", "--itf", "/nowhere/x.json"], "No such file or directory"),
}


@pytest.mark.parametrize(("arguments", "line"), MISUSES.values(), ids=MISUSES)
def test_misuse_is_one_clear_line_and_exit_2(arguments: list[str], line: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert line in result.output.splitlines()[-1]
    assert "Traceback" not in result.output


def test_a_missing_compiler_is_said_and_the_counts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = run("two_phase_commit", "--set", "RM=6", "--max-states", "12000")
    monkeypatch.setenv("CC", "no-such-cc")
    interpreted = run("two_phase_commit", "--set", "RM=6", "--max-states", "12000")
    assert "(interpreted: there is no C compiler `no-such-cc`)" in interpreted.output
    assert interpreted.stdout.partition("(")[0] == compiled.stdout.partition("(")[0]
    assert interpreted.exit_code == 3
    demanded = run("two_phase_commit", "--engine", "c")
    assert demanded.exit_code == 2
    assert demanded.output == "Error: there is no C compiler `no-such-cc`\n"


def test_ctrl_c_ends_it_cleanly_with_what_was_seen() -> None:
    code = (
        "import os, signal; from brokerlaw.cli import watch; from brokerlaw.cli.main import main\n"
        "tell = watch.Watch.progress\n"
        "def progress(self, depth, distinct, level):\n"
        "    if distinct > 50_000: os.kill(os.getpid(), signal.SIGINT)\n"
        "    tell(self, depth, distinct, level)\n"
        "watch.Watch.progress = progress\n"
        "main(['explore', 'two_phase_commit', '--set', 'RM=8', '--engine', 'c'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 130
    assert done.stdout.splitlines()[-1].startswith("incomplete: interrupted; 7 invariants kept as far as was seen")
    assert "Traceback" not in done.stderr and " states/s" in done.stderr
