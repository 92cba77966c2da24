"""The program's first step: signals and streams are in order before anything that takes time is imported."""

from collections.abc import Sequence
from typing import NoReturn

from brokerlaw.cli.process import end_with


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and end the process with the exit code of its command."""
    end_with(lambda: _code(arguments))


def _code(arguments: Sequence[str] | None) -> int:
    from brokerlaw.cli import boundary, streams

    def command() -> int:
        streams.prepare()
        from brokerlaw.cli.main import run

        return run(arguments)

    return boundary.answer(command)
