"""`brokerlaw import FORMAT FILE… --out FILE`: a history from elsewhere becomes one that can be judged."""

from pathlib import Path

import click

from brokerlaw.cli import streams
from brokerlaw.cli.errors import one_line
from brokerlaw.cli.inputs import foreign_lines
from brokerlaw.cli.settings import parsed
from brokerlaw.conformance.importers.timeline import ForeignError
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history.rows import Recording, write
from brokerlaw.spec.text import shown

out_option = click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The history file to write."
)
told_option = click.option(
    "--settings",
    "-s",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting that its clients or topics had (isolation=read_committed, acks=1, retention.ms=1000).",
)


@click.group("import")
def importing() -> None:
    """Make a history of what other tools recorded.

    What a format does not tell is taken to be as Kafka's clients have it by themselves, and is told with --settings.
    Exit codes: 0 written; 2 a file is not of the format, which is said with its line.
    """


@importing.command("jepsen")
@click.argument("history", type=click.Path(path_type=Path))
@out_option
@told_option
@click.option("--partitions", type=click.IntRange(1, 1_000_000), default=2, show_default=True, help="Of each topic.")
@click.option(
    "--transactions/--no-transactions",
    default=None,
    help="Whether each operation was a transaction (else: if any has several sends or polls).",
)
def jepsen(history: Path, out: Path, settings: tuple[str, ...], partitions: int, transactions: bool | None) -> None:
    """Import HISTORY, the history.edn of Jepsen's Kafka workload.

    Its key k is partition k % PARTITIONS of topic t(k / PARTITIONS).
    """
    from brokerlaw.conformance.importers.jepsen.history import Options, read

    had, options = _settings(settings), Options(partitions, transactions)
    with one_line(ForeignError), foreign_lines(history) as (name, lines):
        recording = read(name, lines, had, options)
    _write(out, recording)


def _settings(texts: tuple[str, ...]) -> UserSettings:
    """Settings of clients and topics. Usage error on any other."""
    had = parsed(texts)
    for name in had.adapter:
        raise click.UsageError(f"--settings {shown(name)}: neither a client nor a topic has this setting")
    return had


def _write(out: Path, recording: Recording) -> None:
    with one_line(OSError):
        write(out, recording)
    streams.say(f"wrote {out}: {len(recording.rows)} rows. Now: brokerlaw judge {out}")
