"""Names that are near, and text of others that is fit to be shown."""

from brokerlaw.spec.text import did_you_mean, quoted, shown


def test_names_that_are_near_are_asked_for() -> None:
    assert did_you_mean("replicaton", ["replication", "queue"]) == "did you mean replication?"
    assert did_you_mean("Two-Phase-Commit", ["two_phase_commit"]) == "did you mean two_phase_commit?"
    assert did_you_mean("elekt", ["elect", "elected"], "there is nothing") == "did you mean elect or elected?"


def test_where_nothing_is_near_what_there_is_is_said() -> None:
    assert did_you_mean("x", ["replication"], "there is replication") == "there is replication"
    assert did_you_mean("x", []) == ""


def test_what_cannot_be_printed_is_escaped() -> None:
    assert shown("a\x1b[31m\n\t\x00\u202eb\ud800") == r"a\x1b[31m\n\t\x00\u202eb\ud800"
    assert shown("Grüße, 訊息 — “fine”") == "Grüße, 訊息 — “fine”"


def test_what_is_too_long_is_cut() -> None:
    assert shown("x" * 200) == "x" * 200
    assert shown("x" * 201) == "x" * 200 + "…"
    assert len(shown("\x1b" * 1000)) == 201


def test_bytes_are_quoted_whatever_they_are() -> None:
    assert quoted(b"\xff{\x1b}") == r"«\xff{\x1b}»"
    assert quoted(b"\xff" * 1_000_000, 8) == r"«\xff\xff…»"
