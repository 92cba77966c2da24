"""`brokerlaw adapter list|init|schemas`: what there is, how to begin a new one, what goes over the wire."""

import shlex
from pathlib import Path
from typing import cast

import click

from brokerlaw.cli import streams
from brokerlaw.cli.errors import one_line


@click.group("adapter")
def adapter() -> None:
    """Write, list and describe adapters."""


@adapter.command("list")
def list_() -> None:
    """List the installed adapters, and what those that cannot be used lack."""
    from tabulate import tabulate

    from brokerlaw.adapters.registry import installed

    rows = [(each.name, "no" if each.fault else "yes", each.fault or each.about) for each in installed()]
    streams.say(tabulate(rows, headers=("adapter", "usable", "")))
    streams.say("\nBesides these: py:MODULE:CLASS, py:FILE.py:CLASS, cmd:PROGRAM ARGS.")


@adapter.command("init")
@click.argument("name")
@click.option("--language", type=click.Choice(["python", "node"]), default="python", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write to [./NAME].")
def init(name: str, language: str, out: Path | None) -> None:
    """Write a working adapter called NAME, an in-memory toy to be filled with your broker."""
    from brokerlaw.adapters.contract import AdapterError
    from brokerlaw.adapters.skeleton import FILES, Language, write

    folder = out or Path(name)
    chosen = cast(Language, language)  # click has seen to it
    with one_line(AdapterError, OSError):
        target = write(name, chosen, folder)
    for file in FILES[chosen]:
        streams.say(f"wrote {folder / file}")
    streams.say("It is a toy that works. Put your broker into it step by step, and after each step:\n")
    streams.say(f"    brokerlaw smoke {shlex.quote(target)}    # is the adapter sane?")
    streams.say(f"    brokerlaw check {shlex.quote(target)}    # does the broker keep its promises?")


@adapter.command("schemas")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Write the files there instead.")
def schemas(out: Path | None) -> None:
    """Print the JSON Schemas of every message between brokerlaw and an adapter's program, as one object."""
    from brokerlaw.adapters.schema import schemas as build

    texts = build()
    if out is None:
        streams.say("{" + ",\n".join(f'"{name.removesuffix(".json")}": {text}' for name, text in texts.items()) + "}")
        return
    with one_line(OSError):
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text)
            streams.say(f"wrote {out / name}")
