"""`brokerlaw power`: what it says, what it writes, and how it ends."""

import json
from pathlib import Path

from brokerlaw.cli import hunting, main


def test_a_liar_that_is_caught(tmp_path: Path, capsys) -> None:
    chosen = ("--select", "send.answer.offset: one more", "--examples", "0", "--jobs", "1")
    assert main.run(["power", "liars", *chosen, "--reports", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("caught       send.answer.offset: one more by ")
    assert "1 liars: 1 caught; caught after " in told
    assert told.endswith("all caught\n")
    data = json.loads((tmp_path / "liars.json").read_bytes())
    assert data["counts"]["caught"] == 1
    assert data["liars"][0]["operation"] == "send"
    page = (tmp_path / "liars.md").read_text()
    assert "## send" in page
    assert "| answer | offset | one more | caught | " in " ".join(page.split())


def test_a_mutant_that_is_caught(tmp_path: Path, capsys) -> None:
    reports, corpus = tmp_path / "reports", tmp_path / "corpus"
    folders = ("--reports", str(reports), "--corpus", str(corpus))
    assert main.run(["power", "mutants", "--select", "dirty-read", "--examples", "0", *folders]) == 0
    assert capsys.readouterr().out.startswith("dirty-read: transactions.committed-only (")
    assert [path.name for path in corpus.iterdir()] == ["dirty-read.transactions.committed-only.json"]
    assert json.loads((reports / "mutants.json").read_bytes())["caught"][0]["mutant"] == "dirty-read"
    assert "## Caught" in (reports / "mutants.md").read_text()


def test_what_is_not_caught_ends_with_1(monkeypatch, capsys) -> None:
    monkeypatch.setattr(hunting, "liars", lambda *_: False)
    assert main.run(["power", "liars"]) == 1
    assert capsys.readouterr().out == "not all are caught\n"


def test_a_pattern_of_nothing_is_misuse(capsys) -> None:
    assert main.run(["power", "liars", "--select", "sned", "--examples", "0"]) == 2
    assert "--select sned: there is nothing of that name" in capsys.readouterr().err
    assert main.run(["power", "mutants", "--select", "sned", "--examples", "0"]) == 2
