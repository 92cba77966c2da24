"""Printed text is as it was, of a protocol made to trouble printers. Renewed by running this file."""

from pathlib import Path

import pytest

from brokerlaw.spec.language import Model, Spec, SpecError, search
from brokerlaw.spec.language.printers.markdown import line, markdown, prose
from brokerlaw.spec.language.printers.murphi import KEYWORDS, murphi
from brokerlaw.spec.language.printers.notation import Names
from brokerlaw.spec.language.printers.tla import module_name, tla, tlc_config
from brokerlaw.spec.language.printers.tla_terms import RESERVED
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, variants

from lamps import Next, Sinks  # isort: skip  # beside this file

GOLDEN = Path(__file__).parent / "golden"
PRINTED = {
    "Next.md": markdown(Next.spec, variants=[Sinks.spec]),
    "Next_.tla": tla(Next.spec),
    "Next_.cfg": tlc_config(Next.spec),
    "Next.m": murphi(Next.spec),
    "Sinks.tla": tla(Sinks.spec),
    "Sinks.m": murphi(Sinks.spec),
}


def of_all() -> list[Spec]:
    return [each.spec for name in PROTOCOLS for each in (load(name), *variants(load(name)).values())]


@pytest.mark.parametrize("name", PRINTED)
def test_printed_text_is_as_it_was(name: str) -> None:
    assert PRINTED[name] == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_protocol_printed_is_sound_and_its_variant_sinks() -> None:
    assert search(Model(Next.spec)).outcome == "kept"
    assert [violation.name for violation in search(Model(Sinks.spec)).violations] == ["dim: below 0"]


@pytest.mark.parametrize("spec", of_all(), ids=lambda spec: spec.name)
def test_every_protocol_and_variant_prints(spec: Spec) -> None:
    assert markdown(spec).count("```") % 2 == 0
    assert tla(spec).splitlines()[0].strip("- ") == f"MODULE {module_name(spec)}"
    assert murphi(spec).count("ruleset ") == murphi(spec).count("endruleset;")


def test_no_line_of_a_comment_leaves_it() -> None:
    for printed, mark in ((PRINTED["Next_.tla"], "\\*"), (PRINTED["Next.m"], "--")):
        hostile = [line for line in printed.splitlines() if "*)" in line]
        assert hostile
        assert all(mark in line and line.index(mark) < line.index("*)") for line in hostile)


@pytest.mark.parametrize(("language", "words"), [("Murphi", KEYWORDS), ("TLA+", RESERVED)])
def test_a_reserved_word_is_no_name(language: str, words: list[str]) -> None:
    names = Names(words)
    for word in words:
        assert names.give("local", word) not in words
        assert names.give("local", word) == names.give("local", word)


def test_two_things_of_one_name_get_two() -> None:
    names = Names([])
    given = [names.give(kind, "é") for kind in ("variable", "local", "sort")] + [names.give("local", "_")]
    assert len(set(given)) == 4
    assert all(name.isascii() and name[0].isalpha() for name in given)


@pytest.mark.parametrize(
    ("doc", "printed"),
    [
        ("a `<b>` is <b>", "a `<b>` is \\<b\\>"),
        ("# no heading\n- no item\n\n> no quote", "\\# no heading\n\\- no item\n\n\\> no quote"),
        ("``` no fence", "\\`\\`\\` no fence"),
        ("[no](link) ![no](image)", "\\[no\\](link) \\!\\[no\\](image)"),
    ],
)
def test_what_a_docstring_says_is_not_taken_for_markdown(doc: str, printed: str) -> None:
    assert prose(doc) == printed


def test_a_cell_of_a_table_is_one_line_without_bars() -> None:
    assert line("a | b\n`c|d`") == "a \\| b `c\\|d`"


def test_bounds_that_a_protocol_lacks_are_refused() -> None:
    with pytest.raises(SpecError, match="has no sort 'Lamp'"):
        murphi(Next.spec, {"Lamp": 2})
    with pytest.raises(SpecError, match="has no sort 'Lamp'"):
        tlc_config(Next.spec, {"Lamp": 2})


if __name__ == "__main__":
    for name, text in PRINTED.items():
        (GOLDEN / name).write_text(text, encoding="utf-8")
