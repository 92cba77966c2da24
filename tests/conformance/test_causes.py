"""One cause is told once, by the promise that is nearest to it."""

from pathlib import Path

import msgspec
from click.testing import CliRunner

from brokerlaw.cli.main import main
from brokerlaw.conformance.causes import NEAREST_FIRST, Breach, causes
from brokerlaw.conformance.result import ReportedViolation
from brokerlaw.spec.invariants import INVARIANTS
from brokerlaw.spec.invariants.invariant import Violation


def breach(invariant: str, *rows: int, history: str = "") -> Breach:
    return Breach(invariant, Violation(f"{invariant} {rows}", rows), history)


def test_what_shares_rows_is_one_cause_even_by_way_of_another() -> None:
    lost, moved, late = breach("durability.a", 1, 2), breach("ordering.b", 2, 3), breach("delivery.c", 3, 9)
    apart = breach("integrity.d", 5)
    first, second = causes([lost, late, apart, moved])
    assert (first.told, set(first.others)) == (moved, {lost, late})
    assert (second.told, second.others) == (apart, ())
    assert first.beside == {"durability.a": 1, "delivery.c": 1}


def test_breaches_without_a_row_in_common_stay_apart() -> None:
    several = [breach("ordering.b", n) for n in range(4)]
    assert [cause.told for cause in causes(several)] == several


def test_rows_of_different_histories_have_nothing_in_common() -> None:
    assert len(causes([breach("ordering.b", 1, history="one"), breach("ordering.b", 1, history="other")])) == 2


def test_of_one_promise_the_breach_with_the_fewest_rows_is_told() -> None:
    (cause,) = causes([breach("ordering.b", 1, 2, 3), breach("ordering.b", 2, 3)])
    assert cause.told.violation.witnesses == (2, 3)


def test_each_promise_has_its_distance_and_no_other_is_listed() -> None:
    listed = {name: [each for each in NEAREST_FIRST if f"{name}.".startswith(f"{each}.")] for name in INVARIANTS}
    assert [name for name, each in listed.items() if not each] == []
    assert [each for each in NEAREST_FIRST if not any(each in found for found in listed.values())] == []


def checked(folder: Path, *arguments: str) -> tuple[str, list[ReportedViolation]]:
    done = CliRunner().invoke(main, ["check", "reference", "--out", str(folder), "--shrink-time", "5", *arguments])
    report = msgspec.json.decode((folder / "report.json").read_bytes())
    return done.output, msgspec.convert(report["found"], list[ReportedViolation])


def test_a_check_reduces_what_is_nearest_to_the_cause_and_names_what_else_it_breaks(tmp_path: Path) -> None:
    output, found = checked(tmp_path, "--settings", "mutant=batch-offset", "--examples", "0")
    assert [each.invariant for each in found] == ["ordering.one-record-per-offset"]
    assert "durability.acked-survives" in found[0].also
    assert 0 < found[0].broken <= found[0].cases
    assert f"broken in {found[0].broken} of {found[0].cases} cases" in output
    assert "by the same cause: " in output
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    violated = {each["invariant"] for each in report["verdicts"] if each["status"] == "violated"}
    assert violated == {found[0].invariant, *found[0].also}
