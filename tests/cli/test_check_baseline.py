"""`check --baseline`: what is known does not fail the run, what is gone and what is new do, what is wrong is told."""

import json
import shutil
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tomli_w
from click.testing import CliRunner, Result

from brokerlaw.cli.check import check
from brokerlaw.conformance import trace as traces
from brokerlaw.conformance.features import features
from brokerlaw.conformance.plan import Plan

SEVERAL = f"py:{Path(__file__).parent.parent / 'adapters' / 'mutants.py'}:Mutants"
PROMISE = "transactions.committed-only"
SMALL = ("--examples", "0", "--select", "transactions")


class Gate:
    """A folder with a baseline, and runs that are held to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "known.toml"
        self._runs = len(list(folder.glob("run-*")))

    def run(self, mutants: str, *arguments: str, small: tuple[str, ...] = SMALL, adapter: str = "") -> Result:
        """Check the reference with these mutants, or another adapter."""
        self._runs += 1
        adapter = adapter or (SEVERAL if "," in mutants else "reference")
        name = "mutants" if adapter == SEVERAL else "mutant"
        settings = ("--settings", f"{name}={mutants}") if mutants else ()
        where = ("--out", str(self.out), "--baseline", str(self.file))
        return CliRunner().invoke(check, [adapter, "-q", *where, *small, *settings, *arguments])

    @property
    def out(self) -> Path:
        return self.folder / f"run-{self._runs}"

    @property
    def report(self) -> Any:
        return json.loads((self.out / "report.json").read_text())

    def entries(self) -> list[dict[str, Any]]:
        return list(tomllib.loads(self.file.read_text())["known"])

    def change(self, **changes: object) -> None:
        """Change the first entry, as people do; what is None is taken out."""
        first, *others = self.entries()
        entry = {name: value for name, value in (first | changes).items() if value is not None}
        self.file.write_text(tomli_w.dumps({"version": 1, "known": [entry, *others]}))

    def change_trace(self, **changes: object) -> None:
        path = self.folder / self.entries()[0]["trace"]
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    def traces(self) -> set[str]:
        return {path.relative_to(self.folder).as_posix() for path in self.folder.glob("known.traces/*")}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the baseline of one mutant."""
    gate = Gate(tmp_path_factory.mktemp("recorded"))
    result = gate.run("KAFKA-9807", "--update-baseline")
    assert result.exit_code == 0, result.output
    return gate.folder


@pytest.fixture
def gate(recorded: Path, tmp_path: Path) -> Gate:
    shutil.copytree(recorded, tmp_path / "gate")
    return Gate(tmp_path / "gate")


def test_an_update_writes_each_violation_with_its_trace(gate: Gate) -> None:
    (entry,) = gate.entries()
    assert entry["promise"] == PROMISE
    assert PROMISE not in entry["reason"]
    assert isinstance(entry["since"], date)
    assert gate.traces() == {entry["trace"]}
    assert traces.read(gate.folder / entry["trace"]).invariant == PROMISE


def test_the_known_violation_does_not_fail_the_run(gate: Gate) -> None:
    before = gate.file.read_bytes()
    result = gate.run("KAFKA-9807", "--junit", str(gate.folder / "junit.xml"))
    assert result.exit_code == 0, result.output
    assert f"~ known    {PROMISE}" in result.output
    assert f"but as the baseline knows: {PROMISE}" in result.output.splitlines()[-1]
    assert gate.file.read_bytes() == before
    cases = {case.get("name"): case for case in ET.parse(gate.folder / "junit.xml").getroot().iter("testcase")}
    skipped = cases[PROMISE].find("skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("known: ")


def test_what_no_longer_comes_back_fails_the_run_but_breaks_no_promise(gate: Gate) -> None:
    result = gate.run("")
    assert result.exit_code == 3, result.output
    assert f"{PROMISE} no longer breaks as in known.traces/" in result.output.splitlines()[-1]
    assert "take it out of the baseline" in result.output.splitlines()[-1]


def test_an_update_takes_out_what_is_gone(gate: Gate) -> None:
    result = gate.run("", "--update-baseline")
    assert result.exit_code == 0, result.output
    assert f"removed {PROMISE}" in result.output
    assert gate.entries() == []
    assert gate.traces() == set()
    assert gate.run("").exit_code == 0


def test_another_way_to_break_the_same_promise_fails_the_run(gate: Gate) -> None:
    result = gate.run("dirty-read")
    assert result.exit_code == 1, result.output
    assert result.output.splitlines()[-1].startswith(f"violated: {PROMISE}")


def test_what_is_gone_is_told_beside_what_is_new(gate: Gate) -> None:
    result = gate.run("torn-markers")
    assert result.exit_code == 1, result.output
    assert result.output.splitlines()[-1].startswith(f"violated: transactions.atomic; {PROMISE} no longer breaks")


def test_the_known_way_does_not_hide_another_one(gate: Gate) -> None:
    """The known one needs a reader that looks into an open transaction, the other one does not."""
    assert gate.run("dirty-read,KAFKA-9807").exit_code == 1
    (found,) = [each for each in gate.report["found"] if each["invariant"] == PROMISE]
    plan = traces.read(gate.out / found["trace"]).plan
    known = traces.read(gate.folder / gate.entries()[0]["trace"]).plan
    assert "poll" in features(known.steps) - features(plan.steps)


def test_both_are_known_after_an_update_and_one_may_go_again(gate: Gate) -> None:
    first = gate.entries()
    assert gate.run("dirty-read,KAFKA-9807", "--update-baseline").exit_code == 0
    assert gate.entries()[:1] == first
    assert [each["promise"] for each in gate.entries()].count(PROMISE) == 2
    assert gate.run("dirty-read,KAFKA-9807").exit_code == 0
    assert gate.run("KAFKA-9807", adapter=SEVERAL).exit_code == 3
    assert gate.run("KAFKA-9807", "--update-baseline", adapter=SEVERAL).exit_code == 0
    assert gate.entries() == first


def test_a_violation_of_another_promise_fails_the_run(gate: Gate) -> None:
    result = gate.run("KAFKA-9807,torn-markers")
    assert result.exit_code == 1, result.output
    assert result.output.splitlines()[-1].startswith("violated: transactions.atomic;")
    assert {each["invariant"] for each in gate.report["found"]} == {"transactions.atomic"}


def test_what_people_wrote_stays(gate: Gate) -> None:
    words = {"reason": "billing's «old» clients", "note": "until March\nreally", "since": date(2020, 2, 29)}
    gate.change(**words)
    assert gate.run("dirty-read,KAFKA-9807", "--update-baseline").exit_code == 0
    assert {name: gate.entries()[0][name] for name in words} == words


def test_what_is_not_selected_says_nothing_and_stays(gate: Gate) -> None:
    few = ("--examples", "0", "--select", "ordering")
    assert gate.run("", small=few).exit_code == 0
    assert [each["status"] for each in gate.report["known"]] == ["not judged"]
    before = gate.file.read_bytes()
    assert gate.run("", "--update-baseline", small=few).exit_code == 0
    assert gate.file.read_bytes() == before


def test_a_run_that_did_not_end_changes_nothing(gate: Gate) -> None:
    before = gate.file.read_bytes()
    result = gate.run("", "--update-baseline", adapter="cmd:false")
    assert result.exit_code == 2, result.output
    assert gate.file.read_bytes() == before
    assert gate.traces()


def test_a_baseline_that_cannot_be_written_costs_the_verdict_nothing(gate: Gate) -> None:
    (gate.folder / ".known.toml.new").mkdir()  # in the way of the file that is to take the other's place
    result = gate.run("", "--update-baseline")
    assert result.exit_code == 2, result.output
    verdict, error = result.output.splitlines()[-2:]
    assert verdict.startswith("incomplete: ")
    assert error == f"Error: {gate.file} cannot be written: Is a directory"


def test_under_other_settings_it_is_not_the_same(gate: Gate) -> None:
    """Whatever comes back then comes back under settings that nobody has accepted it for."""
    result = gate.run("KAFKA-9807", "--settings", "linger=5")
    assert result.exit_code == 1, result.output
    assert "recorded under other settings" in result.output


def test_a_plan_that_no_longer_tests_the_promise_is_not_gone(gate: Gate) -> None:
    path = gate.folder / gate.entries()[0]["trace"]
    saved = traces.read(path)
    traces.write(path, msgspec.structs.replace(saved, plan=Plan("nothing", saved.plan.steps[:1])))
    result = gate.run("")
    assert result.exit_code == 3, result.output
    assert "did not put the promise to the test" in result.output


def test_a_trace_that_the_adapter_cannot_run_is_not_gone(gate: Gate) -> None:
    path = gate.folder / gate.entries()[0]["trace"]
    saved = traces.read(path)
    able = {"topics": None, "idempotence": None}
    toy = gate.folder / "toy.py"
    toy.write_text(
        f"from brokerlaw.adapters.contract import Description\n"
        f"from brokerlaw.reference.adapter import ReferenceAdapter\n"
        f"class Toy(ReferenceAdapter):\n"
        f"    def describe(self): return Description('toy', '1', {able!r})\n"
    )
    adapter = f"py:{toy}:Toy"
    name = "ordering.offsets-increase"
    traces.write(path, msgspec.structs.replace(saved, adapter=adapter, invariant=name))
    gate.change(promise=name)
    result = gate.run("", adapter=adapter, small=("--examples", "0", "--select", "ordering"))
    assert result.exit_code == 3, result.output
    assert "the adapter has no" in result.output.splitlines()[-1]


WRONG: dict[str, tuple[Callable[[Gate], object], str]] = {
    "no TOML": (lambda gate: gate.file.write_text("known = ["), "known.toml: "),
    "no UTF-8": (lambda gate: gate.file.write_bytes(b"\xff\xfe"), "known.toml: "),
    "nested too deep": (lambda gate: gate.file.write_text("a = " + "[" * 100_000), "known.toml: "),
    "no version": (lambda gate: gate.file.write_text(""), "version = 1 is needed"),
    "another version": (lambda gate: gate.file.write_text("version = 9"), "version = 1 is needed"),
    "a table instead of a list": (lambda gate: gate.file.write_text("version = 1\n[known]\nx = 1"), "known.toml: "),
    "an unknown key": (lambda gate: gate.change(raeson="x"), "raeson"),
    "no reason": (lambda gate: gate.change(reason=None), "reason"),
    "no date": (lambda gate: gate.change(since="last year"), "since"),
    "an unknown promise": (lambda gate: gate.change(promise="transactions.comitted-only"), f"did you mean {PROMISE}"),
    "no trace": (lambda gate: gate.change(trace="known.traces/none.json"), "none.json: No such file"),
    "an absolute trace": (lambda gate: gate.change(trace="/etc/passwd"), "must be a path below the folder"),
    "a trace elsewhere": (lambda gate: gate.change(trace="../x.json"), "must be a path below the folder"),
    "a trace that is none": (lambda gate: gate.change(trace="known.toml"), "known.toml: "),
    "a trace of another promise": (lambda gate: gate.change(promise="transactions.atomic"), f"shows {PROMISE}, not"),
    "a trace that was cut": (
        lambda gate: (gate.folder / gate.entries()[0]["trace"]).write_text('{"format": "brokerlaw.trace"'),
        "known.traces/",
    ),
    "a trace under settings that cannot be": (
        lambda gate: gate.change_trace(
            header={"format": "brokerlaw.history", "version": 1, "overrides": {"acks": "7"}}
        ),
        "acks=7",
    ),
    "twice the same trace": (
        lambda gate: gate.file.write_text(tomli_w.dumps({"version": 1, "known": gate.entries() * 2})),
        "entry 2: ",
    ),
    "no file": (lambda gate: gate.file.unlink(), "there is no such file; --update-baseline writes it"),
    "a folder": (lambda gate: (gate.file.unlink(), gate.file.mkdir()), "Is a directory"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_baseline_is_one_line_and_nothing_is_run(what: str, gate: Gate) -> None:
    spoil, words = WRONG[what]
    spoil(gate)
    result = gate.run("KAFKA-9807")
    assert result.exit_code == 2, result.output
    assert words in result.output
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: {gate.file}: ")
    assert not gate.out.exists()


def test_a_trace_of_another_program_is_refused_and_the_program_is_not_run(gate: Gate) -> None:
    gate.change_trace(adapter=f"cmd:touch {gate.folder}/ran")
    result = gate.run("KAFKA-9807")
    assert result.exit_code == 2
    assert "was recorded on cmd:touch" in result.output
    assert len(result.output.splitlines()) == 1
    assert not (gate.folder / "ran").exists()


def test_an_update_needs_a_baseline_to_update() -> None:
    result = CliRunner().invoke(check, ["reference", "--update-baseline"])
    assert result.exit_code == 2
    assert "--update-baseline needs the file: --baseline FILE" in result.output
