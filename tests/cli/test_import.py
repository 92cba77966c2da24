"""`brokerlaw import`: what is written can be judged; what is wrong is one line; `judge` knows a foreign file."""

import gzip
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jepsen_files import FOLDER

from brokerlaw.cli.main import main
from brokerlaw.spec.history.rows import read

LOST = FOLDER / "lost-write.guilty.edn"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_what_was_imported_is_judged(tmp_path: Path) -> None:
    out = tmp_path / "history.jsonl"
    done = run("import", "jepsen", LOST, "--out", out)
    assert (done.exit_code, done.output.count("\n")) == (0, 1)
    assert done.output.endswith(f"rows. Now: brokerlaw judge {out}\n")
    judged = run("judge", out)
    assert judged.exit_code == 1
    assert "durability.acked-survives" in judged.output
    assert "consumer-5" in judged.output


def test_a_compressed_history(tmp_path: Path) -> None:
    packed = tmp_path / "history.edn.gz"
    packed.write_bytes(gzip.compress(LOST.read_bytes()))
    assert run("import", "jepsen", packed, "--out", tmp_path / "out").exit_code == 0
    assert run("import", "jepsen", LOST, "--out", tmp_path / "plain").exit_code == 0
    assert read(tmp_path / "out") == read(tmp_path / "plain")


def test_options_and_settings(tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--partitions", 1, "--transactions", "--settings", "isolation=read_committed", "-s", "linger=7")
    assert run("import", "jepsen", LOST, "--out", out, *options).exit_code == 0
    text = out.read_text()
    for part in ('"topic":"t3"', '"transactional_id":"process-0"', '"isolation":"read_committed"', '"linger":7'):
        assert part in text


def test_a_foreign_file_is_known_where_a_history_is_wanted() -> None:
    done = run("judge", LOST)
    assert done.exit_code == 2
    mend = f"brokerlaw import jepsen {LOST} --out FILE"
    assert done.output == f"Error: {LOST} looks like a history of Jepsen's, in EDN: {mend}\n"


def test_logs_of_several_clients(tmp_path: Path) -> None:
    logs, out = sorted((FOLDER.parent / "verifiable").iterdir()), tmp_path / "out"
    assert run("import", "verifiable", *logs, "--group", "g", "--created", "orders=1", "--out", out).exit_code == 0
    assert run("judge", out).exit_code == 0


def test_dumps_beside_a_log(tmp_path: Path) -> None:
    files = [*sorted((FOLDER.parent / "console").iterdir()), FOLDER.parent / "verifiable" / "producer.log"]
    options = ("--topic", "orders", "--headers", "--from-beginning", "--created", "orders=1")
    assert run("import", "console", *files, *options, "--out", tmp_path / "out").exit_code == 0
    assert run("judge", tmp_path / "out").exit_code == 0


@pytest.mark.parametrize(
    ("file", "about"),
    [
        ("verifiable/consumer.log", "a log of Kafka's verifiable clients: brokerlaw import verifiable"),
        ("console/kcat.json", "a dump of kcat -J: brokerlaw import console"),
        ("console/console-consumer.txt", "a dump of kafka-console-consumer: brokerlaw import console"),
    ],
)
def test_logs_and_dumps_are_known(file: str, about: str) -> None:
    done = run("judge", FOLDER.parent / file)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert about in done.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("jepsen", "none.edn", "--out", "x"), "Error: none.edn: No such file or directory"),
        (("jepsen", LOST, "--out", "no/folder"), "Error: no/folder: No such file or directory"),
        (("jepsen", LOST), "Missing option '--out'"),
        (("jepsen", LOST, "--out", "x", "-s", "bootstrap=here"), "neither a client nor a topic has this setting"),
        (("jepsen", LOST, "--out", "x", "-s", "acks=2"), "--settings acks=2: Invalid enum value '2'"),
        (("jepsen", LOST, "--out", "x", "--partitions", "0"), "0 is not in the range"),
        (("verifiable", LOST, "--out", "x"), "looks like a history of Jepsen's, in EDN: brokerlaw import jepsen"),
        (("console", LOST, "--out", "x", "--created", "orders"), "--created orders: write TOPIC=PARTITIONS"),
        (("jepsn", LOST), "No such command 'jepsn'"),
        (("jepsen", __file__, "--out", "x"), "test_import.py:1: "),
    ],
)
def test_misuse_is_one_line(
    arguments: tuple[object, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("import", *arguments)
    assert done.exit_code == 2
    assert complaint in done.output
    assert "Traceback" not in done.output
