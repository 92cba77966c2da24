"""`brokerlaw smoke ADAPTER`: tell whether an adapter is sound, before its broker is judged."""

import secrets
import shlex
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from brokerlaw.cli import streams
from brokerlaw.cli.errors import one_line
from brokerlaw.cli.interrupts import INTERRUPTED, INTERRUPTS
from brokerlaw.cli.settings import parsed, settings_option

if TYPE_CHECKING:
    from brokerlaw.conformance.smoke import CheckResult

SOUND, NOT_SOUND = 0, 2
CONCLUSION = {
    "fail": "The adapter is not sound: what failed above is its fault, and no verdict about the broker.",
    "unsure": """\
Not sure: what is unsure above is the adapter's doing or the broker's. To tell which, ask the broker for the same with
another client, such as its own tools. If it answers the same, the adapter is sound and the bug is the broker's, for
check to judge. Else mend the adapter.""",
    "not reached": "The adapter is not sound: not all checks were reached.",
}
"""What is said, by the worst end that a check came to."""


@click.command("smoke")
@click.argument("adapter")
@settings_option
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60, help="Seconds for each check [60].")
def smoke(adapter: str, settings: tuple[str, ...], timeout: float) -> None:
    """Tell whether an adapter is sound, before its broker is judged.

    Makes small checks of everything that ADAPTER claims. What fails is the adapter's fault; what is unsure may be the
    adapter's or the broker's. Neither is a verdict about the broker. Exit codes: 0 sound; 2 not, or unsure; 130
    interrupted.
    """
    from brokerlaw.adapters.contract import AdapterError
    from brokerlaw.adapters.registry import resolve
    from brokerlaw.conformance.smoke import smoke as run

    chosen = parsed(settings)
    if chosen.overrides:
        raise click.UsageError(f"--settings {next(iter(chosen.overrides))} is for check: smoke sets its clients itself")
    with one_line(AdapterError):
        broker = resolve(adapter, chosen.adapter)
    try:
        with closing(run(broker, f"smoke-{secrets.token_hex(3)}-", timeout)) as results:  # or it ends when Python does
            worst = _show(results)
    except KeyboardInterrupt:
        INTERRUPTS.noticed()
        streams.say("interrupted: nothing is said about the adapter")
        raise Exit(INTERRUPTED) from None
    if worst is None:
        streams.say(f"The adapter is sound. Now judge the broker: brokerlaw check {shlex.quote(adapter)}")
    else:
        streams.say(CONCLUSION[worst])
    raise Exit(SOUND if worst is None else NOT_SOUND)


def _show(results: Iterable["CheckResult"]) -> str | None:
    """Print each result as it comes; the worst of them, None if all is well."""
    counts = {"pass": 0, "fail": 0, "unsure": 0, "not claimed": 0, "not reached": 0}
    unclaimed: dict[str, None] = {}
    for result in results:
        counts[result.status] += 1
        if result.status == "not claimed":
            unclaimed |= dict.fromkeys(result.needs)
            continue
        streams.say(f"{result.status:<12}{' '.join(result.needs):<21} {result.name}")
        for word, text in (("", result.reason), ("if it is the adapter: ", result.mend)):
            for line in text.splitlines():
                streams.say(f"{'':<12}{word}{line}")
    streams.say("\n" + ", ".join(f"{count} {status}" for status, count in counts.items() if count))
    if unclaimed:
        streams.say(f"not claimed: {', '.join(unclaimed)}")
    return next((status for status in CONCLUSION if counts[status]), None if counts["pass"] else "not reached")
