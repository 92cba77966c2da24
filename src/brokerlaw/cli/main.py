"""The command line: `brokerlaw COMMAND`. Commands are imported when they are called, so that `--help` is quick."""

from importlib import import_module
from typing import Final

import click

from brokerlaw import __version__

COMMANDS: Final = {
    "check": "Hold a broker to its promises.",
    "replay": "Run a trace file again, and say how often it reproduces.",
    "judge": "Judge a recorded history.",
    "explain": "Explain an invariant, or a protocol.",
    "protocols": "List the protocols, their bounds and their variants.",
    "explore": "Search every state of a protocol within bounds.",
    "trace": "Show the shortest run to a violation or a witness, in words or as a diagram.",
    "guards": "Drop each guard of a protocol, and say what breaks.",
    "prove": "Prove a protocol's invariants, for sorts of any size.",
    "print": "Print a protocol: as Markdown, for TLC, for rumur.",
    "smoke": "Tell whether an adapter is sound, before its broker is judged.",
    "adapter": "Write, list and describe adapters.",
    "cluster": "Start and stop a local broker cluster by hand.",
}
"""Each command, in `cli.<name>` under its own name, and its help in one line."""
ELSEWHERE: Final = {"print": "printing"}
"""The module of a command whose name is a word of Python's."""


class LazyGroup(click.Group):
    """A group whose commands are modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a newcomer's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that is wanted."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"brokerlaw.cli.{ELSEWHERE.get(cmd_name, cmd_name)}"), cmd_name)
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
