"""`brokerlaw print PROTOCOL`: the protocol for people, or for another checker."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from brokerlaw.cli import selection
from brokerlaw.cli.errors import CliError, one_line

if TYPE_CHECKING:
    from brokerlaw.spec.language import Spec

ENDINGS = {"md": ".md", "tla": ".tla", "murphi": ".m"}


@click.command("print")
@click.argument("protocol")
@click.option("--to", "language", type=click.Choice(list(ENDINGS)), default="md", show_default=True, help="Language.")
@click.option("--variant", help="Take this variant of the protocol.")
@click.option("--set", "sizes", multiple=True, metavar="SORT=N", help="Bound a sort (Broker=3).")
@click.option("--out", type=click.Path(path_type=Path), help="Write this file, or into this folder.")
def printing(protocol: str, language: str, variant: str | None, sizes: tuple[str, ...], out: Path | None) -> None:
    """Print PROTOCOL as Markdown, as a TLA+ module, or as a Murphi model.

    PROTOCOL is a name, or FILE.py:CLASS. With TLA+ comes the configuration for TLC: beside the module, or after its
    end. A Murphi model is for `rumur --deadlock-detection off`. Exit codes: 0 printed; 2 misuse.
    """
    from brokerlaw.spec.language import SpecError

    with one_line(SpecError):
        spec = selection.chosen(protocol, variant)
        texts = _texts(spec, language, selection.sizes(sizes), protocol if variant is None else "")
    if out is None:
        click.echo(texts[0][1], nl=False)
        for name, text in texts[1:]:
            click.echo(f"\n\\* {name}:\n\n{text}", nl=False)
        return
    folder = out.is_dir()
    path = out / texts[0][0] if folder else out
    if language == "tla" and path.name != texts[0][0]:
        mend = f"write {path.with_name(texts[0][0])}"
        raise CliError(f"--out {out}: the file of a TLA+ module is called after it: {mend}")
    with one_line(OSError):
        for name, text in [(path.name, texts[0][1]), *texts[1:]]:
            path.with_name(name).write_text(text, encoding="utf-8")
            click.echo(f"wrote {path.with_name(name)}")


def _texts(spec: Spec, language: str, sizes: dict[str, int], protocol: str) -> list[tuple[str, str]]:
    """Each file's name and text."""
    if language == "tla":
        from brokerlaw.spec.language.printers.tla import module_name, tla, tlc_config

        name = module_name(spec)
        return [(f"{name}.tla", tla(spec)), (f"{name}.cfg", tlc_config(spec, sizes))]
    if language == "murphi":
        from brokerlaw.spec.language.printers.murphi import murphi

        return [(f"{spec.name}.m", murphi(spec, sizes))]
    from brokerlaw.spec.language.printers.markdown import markdown
    from brokerlaw.spec.protocols import registry

    variants = registry.variants(registry.load(protocol)).values() if protocol else ()
    return [(f"{spec.name}.md", markdown(spec, sizes, [each.spec for each in variants]))]
