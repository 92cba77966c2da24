"""`--settings KEY=VALUE`, shared by all commands that talk to a broker."""

from collections.abc import Iterable

import click

from brokerlaw.conformance.overrides import SettingsError, UserSettings, sort

settings_option = click.option(
    "--settings",
    "-s",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of the adapter (bootstrap=…), or one of clients and topics that overrides every plan (acks=1).",
)


def parsed(texts: Iterable[str]) -> UserSettings:
    """Overrides and adapter settings. Usage error on what is no pair, is given twice, or has an impossible value."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise click.UsageError(f"--settings {text}: this is no KEY=VALUE")
        if key in pairs:
            raise click.UsageError(f"--settings {key} is given twice")
        pairs[key] = value
    return sorted_settings(pairs)


def sorted_settings(pairs: dict[str, str]) -> UserSettings:
    """Overrides and adapter settings. Usage error on an impossible value."""
    try:
        return sort(pairs)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
