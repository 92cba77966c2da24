"""Markdown of runs: read by a parser, hostile text is text; a summary has first what needs somebody."""

from collections.abc import Callable, Iterator

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from render.runs import ALL_HOSTILE, BROKEN, ENDS, FOLDER, HOSTILE_FAULT, run, verdict, violation

from brokerlaw.conformance.result import RunResult
from brokerlaw.render import gfm, markdown, summary
from brokerlaw.spec.text import shown

PAGES: dict[str, Callable[[RunResult], str]] = {
    "summary": lambda result: summary.render(result, FOLDER),
    "report": markdown.render,
}
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMLESS = {"text", "code_inline", "fence", "inline", "softbreak", "strong_open", "strong_close"}
LAYOUT = {"heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td"}
DETAILS = ("<details><summary>", "</details>")


def leaves(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from leaves(token.children or [])


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("result", [ALL_HOSTILE, HOSTILE_FAULT])
def test_hostile_text_is_nothing_but_text(page: str, result: RunResult) -> None:
    text = PAGES[page](result)
    assert all(char.isprintable() or char == "\n" for char in text)
    for token in leaves(READER.parse(text)):
        layout = token.type.rpartition("_")[0] in LAYOUT
        details = token.type == "html_block" and token.content.startswith(DETAILS)
        assert layout or details or token.type in HARMLESS, (token.type, token.content)


@pytest.mark.parametrize(
    "written",
    [
        "a|b",
        "1. x",
        "1.5",
        "- x",
        "--",
        "===",
        "+",
        "a_b _x_ __y__ ___",
        "<b>",
        "`",
        "\\",
        "a\nb",
        "https://x.y",
        "www.x.y",
        "me@x.y",
        "@me",
        "0@1",
        "\x1b[0m",
    ],
)
def test_text_and_code_are_read_back_as_they_were_written(written: str) -> None:
    for text in (gfm.text(written), f"| h |\n|---|\n| {gfm.text(written)} |\n| {gfm.code(written)} |"):
        read = [token for token in leaves(READER.parse(text)) if token.type in ("text", "code_inline")]
        joined = "".join(token.content for token in read)
        once, cell = shown(written.replace("\n", " ")), shown(written)
        assert joined in (once, f"h{once}{cell}"), text


def test_a_block_is_not_ended_by_what_it_holds() -> None:
    (fence,) = READER.parse(gfm.block(["````", "```", "x"]))
    assert fence.content == "````\n```\nx\n"


@pytest.mark.parametrize("end", ENDS)
def test_the_summary_says_the_conclusion(end: str) -> None:
    assert gfm.text(ENDS[end].conclusion) in summary.render(ENDS[end], FOLDER)


def test_broken_promises_come_first_then_untested_ones_and_the_rest_is_folded() -> None:
    verdicts = (verdict("pass", "a.kept"), verdict("not exercised", "b.untested"), verdict("violated", "c.broken"))
    text = summary.render(run(*verdicts, verdict("not claimed", "d.no"), found=(violation("c.broken"),)), FOLDER)
    places = [
        text.index(each) for each in ("`c.broken`", "`b.untested`", "1 pass, 1 not claimed", "`a.kept`", "`d.no`")
    ]
    assert places == sorted(places)


def test_a_violation_has_its_steps_and_the_command_that_shows_it_again() -> None:
    text = summary.render(BROKEN, FOLDER)
    assert "offset 3 came after 4\n\n```text\n2 steps (from 20 of logs), reproduced 4/5\n  1  send p0\n" in text
    assert "again: brokerlaw replay 'brokerlaw-runs/a folder/trace-1-ordering.offsets-increase.json' --yes\n```" in text


def test_a_long_violation_is_cut_and_keeps_its_command() -> None:
    long = msgspec.structs.replace(violation(), lines=tuple(f"line {number}" for number in range(5_000)))
    text = summary.render(run(verdict("violated"), found=(long,)), FOLDER)
    assert len(text) < 5_000
    assert "… more in the trace file\nagain: brokerlaw replay" in text
