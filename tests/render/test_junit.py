"""JUnit XML: valid by what its schemas have in common, after every end; red exactly when the exit code is not 0."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlschema
from render.runs import ALL_HOSTILE, BROKEN, ENDS, FAULTY, FOLDER, INTERRUPTED, KEPT, NOTHING, UNTESTED, WITHOUT_A_TRACE

from brokerlaw import __version__
from brokerlaw.conformance.result import RunResult
from brokerlaw.render import junit

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "junit.xsd")
ORIGIN = junit.Origin(datetime(2026, 11, 29, 17, 5, 6, 700_000, UTC), "builder-7", FOLDER)


def suite_of(result: RunResult) -> ET.Element:
    document = junit.render(result, ORIGIN)
    SCHEMA.validate(document.decode())
    suite = ET.fromstring(document).find("testsuite")
    assert suite is not None
    return suite


def case_of(result: RunResult, name: str) -> ET.Element:
    (case,) = [each for each in suite_of(result).iter("testcase") if each.get("name") == name]
    return case


@pytest.mark.parametrize("end", ENDS)
def test_every_end_is_valid_and_is_counted(end: str) -> None:
    suite = suite_of(ENDS[end])
    for count, tag in {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        assert suite.get(count) == str(len(list(suite.iter(tag)))), count


@pytest.mark.parametrize("end", ENDS)
def test_it_is_red_exactly_when_the_exit_code_is_not_0(end: str) -> None:
    suite = suite_of(ENDS[end])
    red = suite.get("failures") != "0" or suite.get("errors") != "0"
    assert red == (ENDS[end].exit_code != 0)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('name="ordering.offsets-increase"', ""),
        (' tests="2"', ' tests="two"'),
        ("<system-err />", ""),
        ("<properties>", "<properties><property name='x' />"),
        ("</failure>", "</failure><failure type='x' />"),
        ('timestamp="2026-11-29T17:05:06"', 'timestamp="yesterday"'),
    ],
)
def test_the_schema_refuses_what_is_wrong(wrong: str, right: str) -> None:
    document = junit.render(BROKEN, ORIGIN).decode()
    assert wrong in document
    with pytest.raises(xmlschema.XMLSchemaException):
        SCHEMA.validate(document.replace(wrong, right))


def test_each_promise_is_a_case_of_its_chapter() -> None:
    cases = list(suite_of(KEPT).iter("testcase"))
    assert [(case.get("classname"), case.get("name")) for case in cases] == [
        ("brokerlaw.ordering", "ordering.offsets-increase"),
        ("brokerlaw.commits", "commits.fenced"),
    ]


def test_a_violation_is_a_failure_with_its_reason_steps_and_replay_command() -> None:
    failure = case_of(BROKEN, "ordering.offsets-increase").find("failure")
    assert failure is not None
    assert failure.get("message") == "offset 3 came after 4"
    assert (failure.text or "").splitlines() == [
        "offset 3 came after 4",
        "2 steps (from 20 of logs), reproduced 4/5",
        "  1  send p0",
        "  2  offset 3 came after 4",
        "again: brokerlaw replay 'brokerlaw-runs/a folder/trace-1-ordering.offsets-increase.json' --yes",
    ]


def test_a_violation_that_was_not_reduced_yet_is_a_failure_too() -> None:
    failure = case_of(WITHOUT_A_TRACE, "ordering.offsets-increase").find("failure")
    assert failure is not None
    assert "violated: ordering.offsets-increase" in str(failure.text)


def test_what_was_not_exercised_or_not_claimed_is_skipped_and_says_why() -> None:
    for result, status in ((UNTESTED, "not exercised"), (KEPT, "not claimed")):
        skipped = case_of(result, "commits.fenced").find("skipped")
        assert skipped is not None
        assert (skipped.get("message") or "").startswith(f"{status}: ")


@pytest.mark.parametrize("result", [FAULTY, NOTHING])
def test_a_fault_is_an_error_and_no_promise_passes(result: RunResult) -> None:
    suite = suite_of(result)
    (error,) = suite.iter("error")
    assert "the adapter died" in (error.get("message") or "")
    assert not [case for case in suite.iter("testcase") if not len(case)]


def test_an_interrupt_is_an_error_beside_what_was_judged() -> None:
    (error,) = suite_of(INTERRUPTED).iter("error")
    assert error.get("type") == "interrupted"
    assert not len(case_of(INTERRUPTED, "ordering.offsets-increase"))


def test_the_properties_say_what_was_run_and_no_secret() -> None:
    suite = suite_of(BROKEN)
    facts = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert facts["brokerlaw"] == __version__
    assert (facts["adapter"], facts["broker"], facts["version"], facts["seed"]) == ("toy", "toy", "1.2", "3")
    assert (facts["settings.acks"], facts["settings.sasl.password"]) == ("1", "***")
    assert (suite.get("time"), suite.get("hostname")) == ("12.346", "builder-7")


def test_hostile_text_is_shown_and_does_nothing() -> None:
    document = junit.render(ALL_HOSTILE, ORIGIN).decode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202e]", document)
    failure = case_of(ALL_HOSTILE, "ordering.offsets-increase").find("failure")
    assert failure is not None
    for part in ("]]><!-- & </failure>", "\\x1b[31m", "\\ud800", "\\ufffe", "<script>alert(1)</script>"):
        assert part in (failure.text or ""), part
        assert part in (failure.get("message") or ""), part
