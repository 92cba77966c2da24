"""The command line: `brokerlaw COMMAND`. Commands are imported when they are called, so that `--help` is quick."""

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import click
from click.exceptions import Exit

from brokerlaw import __version__
from brokerlaw.cli import boundary, streams
from brokerlaw.cli.errors import CliError
from brokerlaw.cli.process import end_with

COMMANDS: Final = {
    "check": "Hold a broker to its promises.",
    "replay": "Run a trace file again, and say how often it reproduces.",
    "judge": "Judge a recorded history.",
    "import": "Make a history of what other tools recorded.",
    "convert": "Write a history as columns, which are judged many times faster.",
    "explain": "Explain an invariant, or a protocol.",
    "protocols": "List the protocols, their bounds and their variants.",
    "explore": "Search every state of a protocol within bounds.",
    "trace": "Show the shortest run to a violation or a witness, in words or as a diagram.",
    "guards": "Drop each guard of a protocol, and say what breaks.",
    "prove": "Prove a protocol's invariants, for sorts of any size.",
    "print": "Print a protocol: as Markdown, for TLC, for rumur.",
    "power": "Measure the suite: which mutants and liars does it catch?",
    "smoke": "Tell whether an adapter is sound, before its broker is judged.",
    "adapter": "Write, list and describe adapters.",
    "cluster": "Start and stop a local broker cluster by hand.",
}
"""Each command, in `cli.<name>` under its own name, and its help in one line."""
ELSEWHERE: Final = {"print": "printing", "import": "importing"}
"""The module, and the command in it, where the name is a word of Python's."""


class LazyGroup(click.Group):
    """A group whose commands are modules, and whose exit codes are true."""

    def __call__(self, args: Sequence[str] | None = None) -> NoReturn:
        """Run as the program does."""

        def command() -> int:
            streams.prepare()
            return run(args)

        end_with(lambda: boundary.answer(command))

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> NoReturn:
        """Run inside the boundary; click's own would end with 1 when a pipe breaks."""
        raise SystemExit(boundary.answer(lambda: run(args)))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a newcomer's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is wanted."""
        if cmd_name not in COMMANDS:
            return None
        name = ELSEWHERE.get(cmd_name, cmd_name)
        command: click.Command = getattr(import_module(f"brokerlaw.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="brokerlaw")
def main() -> None:
    """Bring your broker before the law: hold a message broker to what it owes its users.

    Exit codes: 0 kept; 1 a promise broken; 2 usage, adapter or suite at fault; 3 not everything owed was judged;
    130 interrupted.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, and give its exit code. Errors that click foresees, or a command, are told here."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        with main.make_context("brokerlaw", words) as context:
            main.invoke(context)
    except Exit as ending:
        return ending.exit_code
    except click.Abort:
        return _told(CliError("a question was left without an answer"))
    except click.ClickException as error:
        return _told(error)
    return 0


def _told(error: click.ClickException) -> int:
    text = io.StringIO()
    error.show(text)
    streams.complain(text.getvalue().rstrip("\n"))
    return boundary.FAULT  # also where click has another
