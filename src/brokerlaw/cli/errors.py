"""One clear line for what is wrong, and the exit code that goes with it."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from brokerlaw.cli.boundary import FAULT


class CliError(click.ClickException):
    """Usage, the adapter or the suite is at fault; never a verdict about the broker."""

    exit_code = FAULT


@contextmanager
def one_line(*kinds: type[Exception]) -> Iterator[None]:
    """Errors of these kinds become one line and exit code 2."""
    try:
        yield
    except kinds as error:
        raise CliError(_said(error)) from error


def _said(error: Exception) -> str:
    """What went wrong with which file, without the system's number for it."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
