"""`brokerlaw protocols`: which there are, how large they are searched, and what their variants break."""

from pathlib import Path

import click

from brokerlaw.cli import streams
from brokerlaw.cli.errors import one_line


@click.command()
@click.argument("names", nargs=-1)
@click.option("--write", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write a page of each here.")
def protocols(names: tuple[str, ...], folder: Path | None) -> None:
    """List the protocols NAMES, or all: what each is about, its bounds, and its variants with what they break.

    With --write, each becomes a page, with what goes wrong in its variants, what each guard is for, what is proved.
    Exit codes: 0 listed or written; 2 misuse.
    """
    from brokerlaw.cli.explain import subject
    from brokerlaw.render import protocol as report
    from brokerlaw.spec.language import SpecError
    from brokerlaw.spec.protocols.registry import PROTOCOLS, load

    with one_line(SpecError, OSError):
        for name in names:
            load(name)
        wanted = {name.replace("-", "_").lower() for name in names}
        chosen = [name for name in PROTOCOLS if name in wanted or not names]
        if folder is None:
            streams.say(report.overview(subject(name) for name in chosen))
            return
        from brokerlaw.cli.pages import write

        for path in write(chosen, folder):
            streams.say(f"wrote {path}")
