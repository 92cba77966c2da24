"""A finished run as JUnit XML, for the test reports of a CI: each promise is a test case.

There is no standard. This keeps to what the schemas in use have in common: `junit-10.xsd` of Jenkins' xUnit plugin, and
the schema of Ant's JUnit tasks, which wants an id, a host and both outputs. The file has a failure or an error
exactly when the exit code is not 0: what fails the run as a whole is a test case of its own.
"""

import xml.etree.ElementTree as ET
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from brokerlaw import __version__
from brokerlaw.conformance.result import BROKEN, FAULT, KEPT, RunResult, Verdict
from brokerlaw.render.narration import told
from brokerlaw.render.remarks import known_line, remarks
from brokerlaw.spec.text import shown

_LINE: Final = 4_000
"""The most characters of one line of text."""


class Origin(NamedTuple):
    """When and where a run was, and where it left its traces."""

    began: datetime
    host: str
    folder: Path


def render(result: RunResult, origin: Origin) -> bytes:
    """One suite of one run, as UTF-8."""
    suite = ET.Element("testsuite", {"name": _text(f"brokerlaw check {result.adapter}")})
    suite.append(_properties(result))
    suite.extend(_case(each, result, origin.folder) for each in result.verdicts)
    if result.exit_code not in (KEPT, BROKEN):
        suite.append(_unfinished(result))
    ET.SubElement(suite, "system-out").text = _text(
        "\n".join([*remarks(result), result.conclusion, f"report in {origin.folder}"])
    )
    ET.SubElement(suite, "system-err")
    suite.attrib |= _counts(suite) | _circumstances(result, origin)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _counts(suite: ET.Element) -> dict[str, str]:
    counted = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    return {name: str(sum(1 for _ in suite.iter(tag))) for name, tag in counted.items()}


def _circumstances(result: RunResult, origin: Origin) -> dict[str, str]:
    began = origin.began.isoformat(timespec="seconds")[:19]
    return {
        "time": f"{result.seconds:.3f}",
        "timestamp": began,
        "hostname": _text(origin.host) or "localhost",
        "package": "brokerlaw",
        "id": "0",
    }


def _properties(result: RunResult) -> ET.Element:
    facts = {
        "brokerlaw": __version__,
        "adapter": result.adapter,
        "broker": result.description.name,
        "version": result.description.version,
        "seed": str(result.seed),
        "profile": result.profile,
        **{f"settings.{key}": value for key, value in result.settings.items()},
        "cases": str(result.cases),
        "operations": str(result.operations),
        "exit_code": str(result.exit_code),
    }
    properties = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(properties, "property", {"name": _text(name), "value": _text(value)})
    return properties


def _case(verdict: Verdict, result: RunResult, folder: Path) -> ET.Element:
    """A promise. It has no time of its own: each case of the run is judged by every promise."""
    chapter = verdict.invariant.partition(".")[0]
    case = _test(f"brokerlaw.{chapter}", verdict.invariant)
    if verdict.status == "violated":
        found = [each for each in result.found if verdict.invariant in (each.invariant, *each.also)]
        reason = found[0].reason if found else result.conclusion
        text = "\n\n".join("\n".join([each.reason, *told(each, result, folder)]) for each in found)
        _outcome(case, "failure", "violated", reason, text or reason)
    elif verdict.status != "pass":
        _skipped(case, _why(verdict, result))
    elif result.exit_code == FAULT:
        _skipped(case, "no verdict: the adapter or the suite failed before the end")
    return case


def _why(verdict: Verdict, result: RunResult) -> str:
    match verdict.status:
        case "known":
            known = [known_line(each) for each in result.known if each.promise == verdict.invariant]
            return "; ".join(["known: it is broken as the baseline says", *known])
        case "undecided":
            return "undecided: it is broken, and the time did not suffice to tell whether in a known way only"
        case "not judged":
            return "not judged: the judge of this promise failed"
        case "not claimed":
            return "not claimed: the broker does not say that it can do this"
        case _:
            return "not exercised: the promise was never put to the test"


def _unfinished(result: RunResult) -> ET.Element:
    """What fails the run though no promise was broken."""
    kind = result.conclusion.partition(":")[0]
    case = _test("brokerlaw.run", "the run says something about every promise")
    _outcome(case, "error", kind, result.conclusion, result.conclusion)
    return case


def _test(classname: str, name: str) -> ET.Element:
    return ET.Element("testcase", {"classname": classname, "name": _text(name), "time": "0"})


def _skipped(case: ET.Element, why: str) -> None:
    ET.SubElement(case, "skipped", {"message": _text(why)})


def _outcome(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, tag, {"type": _text(kind), "message": _text(message)}).text = _text(text)


def _text(text: str) -> str:
    """Text as XML 1.0 can hold it: what cannot be printed is escaped as for a terminal, but for ends of lines."""
    return "\n".join(shown(line, _LINE) for line in text.split("\n"))
