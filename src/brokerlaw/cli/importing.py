"""`brokerlaw import FORMAT FILE… --out FILE`: a history from elsewhere becomes one that can be judged."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

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
created_option = click.option(
    "--created",
    multiple=True,
    metavar="TOPIC=PARTITIONS",
    help="A topic that was created for the run, so that nothing else is in it.",
)
Texts: TypeAlias = tuple[str, ...]


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
    with one_line(ForeignError), foreign_lines(history, "jepsen") as (name, lines):
        recording = read(name, lines, had, options)
    _write(out, recording)


@importing.command("verifiable")
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path))
@out_option
@told_option
@click.option("--group", help="The group of all consumers [each has its own].")
@created_option
def verifiable(logs: tuple[Path, ...], out: Path, settings: Texts, group: str | None, created: Texts) -> None:
    """Import LOGS of Kafka's VerifiableProducer and VerifiableConsumer, one of each client.

    A consumer tells its records with --verbose only. Times are whole milliseconds, of the machine of each client: judge
    with a tolerance for clocks.
    """
    from brokerlaw.conformance.importers.verifiable import Options, read

    had, options = _settings(settings), Options(group, _created(created))
    with one_line(ForeignError), _all_lines(logs, "verifiable") as files:
        recording = read(files, had, options)
    _write(out, recording)


@importing.command("console")
@click.argument("dumps", nargs=-1, required=True, type=click.Path(path_type=Path))
@out_option
@told_option
@click.option("--topic", help="The topic that kafka-console-consumer read, which it does not print.")
@click.option("--headers", is_flag=True, help="kafka-console-consumer printed headers (print.headers=true).")
@click.option("--from-beginning", is_flag=True, help="Each dump begins where its partitions begin.")
@created_option
def console(
    dumps: tuple[Path, ...],
    out: Path,
    settings: Texts,
    topic: str | None,
    headers: bool,
    from_beginning: bool,
    created: Texts,
) -> None:
    """Import DUMPS of `kcat -J` and kafka-console-consumer, one of each reader, and logs of VerifiableProducer.

    kafka-console-consumer needs print.partition=true, print.offset=true and print.key=true. Where a dump of kcat has
    its lines "% Reached end of topic …", and was read --from-beginning, it is a complete read.
    """
    from brokerlaw.conformance.importers.console import Options, read

    had, options = _settings(settings), Options(topic, headers, from_beginning, _created(created))
    with one_line(ForeignError), _all_lines(dumps, "console", "verifiable") as files:
        recording = read(files, had, options)
    _write(out, recording)


@contextmanager
def _all_lines(paths: Iterable[Path], *commands: str) -> Iterator[list[tuple[str, Iterator[bytes]]]]:
    with ExitStack() as stack:
        yield [stack.enter_context(foreign_lines(path, *commands)) for path in paths]


def _created(texts: Texts) -> dict[str, int]:
    """`orders=3` as the partitions of a topic. Usage error on what is no such pair."""
    found: dict[str, int] = {}
    for text in texts:
        topic, _, count = text.rpartition("=")
        if not topic or not (count.isascii() and count.isdecimal() and 0 < int(count[:8]) <= 1_000_000):
            raise click.UsageError(f"--created {shown(text)}: write TOPIC=PARTITIONS, as in orders=3")
        found[topic] = int(count)
    return found


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
