"""`--settings KEY=VALUE`, shared by all commands that talk to a broker."""

from collections.abc import Sequence

import click

from brokerlaw.conformance.overrides import Settings, SettingsError, sort


class _Pairs(click.ParamType[tuple[str, str]]):
    name = "KEY=VALUE"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split at the first `=`."""
        key, equals, text = value.partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is no KEY=VALUE", param, ctx)
        return key, text


settings_option = click.option(
    "--settings",
    "-s",
    "pairs",
    type=_Pairs(),
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of the adapter (bootstrap=…), or one of clients and topics that overrides every plan (acks=1).",
)


def sorted_settings(pairs: Sequence[tuple[str, str]]) -> Settings:
    """Overrides and adapter settings. Usage error on a setting given twice or with an impossible value."""
    keys = [key for key, _ in pairs]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        raise click.UsageError(f"--settings {twice} is given twice")
    try:
        return sort(dict(pairs))
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
