"""`brokerlaw cluster kafka up|down|status`: a local Apache Kafka cluster for use by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from click.exceptions import Exit

from brokerlaw.cli import streams
from brokerlaw.cli.errors import CliError

NOT_UP = 3  # as `systemctl status` has it


@click.group("cluster")
def cluster() -> None:
    """Start and stop a local broker cluster by hand."""


@cluster.group("kafka")
def kafka() -> None:
    """A three-broker Apache Kafka cluster on loopback ports; needs Java 17, and Maven the first time."""


@kafka.command("up")
@click.option("--brokers", type=click.IntRange(1, 100), default=3, show_default=True, help="How many brokers.")
@click.option("--controllers", type=click.IntRange(1, 9), default=1, show_default=True, help="How many controllers.")
@click.option("--settings", metavar="KEY=VALUE", multiple=True, help="A broker setting; repeatable.")
@click.option("--as-shipped", is_flag=True, help="With Kafka's own timeouts, not the short ones for testing.")
def up(brokers: int, controllers: int, settings: tuple[str, ...], as_shipped: bool) -> None:
    """Start it, and print its bootstrap servers when it serves."""
    from brokerlaw.adapters.kafka import detached

    with _complaints():
        streams.say(detached.up(brokers, controllers, _pairs(settings), as_shipped).bootstrap)


@kafka.command("status")
def status() -> None:
    """Say what runs and which brokers answer; exits with 3 if none is up."""
    from brokerlaw.adapters.kafka import detached
    from brokerlaw.adapters.kafka.metadata import answers

    with _complaints():
        state = detached.current()
    if state is None:
        streams.say("no cluster is up")
        raise Exit(NOT_UP)
    streams.say(f"Apache Kafka {state.version}, bootstrap {state.bootstrap}, logs and data in {state.folder}")
    for node, port in state.ports.items():
        word = "answers" if answers(port) else "does not answer"
        streams.say(f"node {node}: port {port}, process {state.processes.get(node, '?')}, {word}")


@kafka.command("down")
def down() -> None:
    """End it, with everything it wrote."""
    from brokerlaw.adapters.kafka import detached

    with _complaints():
        streams.say("the cluster is down" if detached.down() else "no cluster was up")


def _pairs(settings: tuple[str, ...]) -> dict[str, str]:
    for setting in settings:
        if not setting.partition("=")[0] or "=" not in setting:
            raise click.UsageError(f"--settings {setting!r} is not of the form KEY=VALUE")
    return {key: value for key, _, value in (setting.partition("=") for setting in settings)}


@contextmanager
def _complaints() -> Iterator[None]:
    from brokerlaw.adapters.kafka.errors import ClusterError

    try:
        yield
    except ClusterError as error:
        raise CliError(str(error)) from error
