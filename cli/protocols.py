"""`brokerlaw protocols`: which there are, how large they are searched, and what their variants break."""

import click


@click.command()
def protocols() -> None:
    """List the protocols: what each is about, its bounds, and its variants with what they break."""
    from brokerlaw.cli.explain import subject
    from brokerlaw.report import protocol as report
    from brokerlaw.spec.protocols.registry import PROTOCOLS

    click.echo(report.overview(subject(name) for name in PROTOCOLS))
