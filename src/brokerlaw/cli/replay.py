"""`brokerlaw replay TRACE`: run a saved plan again, without Hypothesis."""

import time
from pathlib import Path

import click
from click.exceptions import Exit

from brokerlaw.adapters.contract import Adapter, AdapterError
from brokerlaw.adapters.registry import resolve
from brokerlaw.cli import streams
from brokerlaw.cli.consent import consent
from brokerlaw.cli.errors import one_line
from brokerlaw.cli.inputs import read_trace
from brokerlaw.cli.settings import parsed, settings_option, sorted_settings
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.result import BROKEN, KEPT
from brokerlaw.conformance.trace import SavedTrace, TraceError, invariant_of
from brokerlaw.render.narration import narrate
from brokerlaw.spec.history.history import History
from brokerlaw.spec.history.validate import HistoryError
from brokerlaw.spec.text import printable


@click.command()
@click.argument("trace", type=click.Path(path_type=Path))
@click.option("--runs", type=click.IntRange(min=1), default=5, show_default=True, help="How often to run it.")
@click.option("--adapter", "name", help="Another adapter than the trace's own.")
@click.option("--yes", "-y", is_flag=True, help="Run what the trace names: its program, its cluster.")
@settings_option
def replay(trace: Path, runs: int, name: str | None, yes: bool, settings: tuple[str, ...]) -> None:
    """Run the plan of TRACE again, and say how often it breaks the same invariant: exit code 1 if ever, 0 if never.

    The trace's settings hold unless --settings says otherwise; with another adapter, only those of clients and topics.
    A trace that names a program to run, or a cluster to talk to, needs --yes or another --adapter. - is standard input.
    """
    saved = read_trace(trace)
    with one_line(TraceError):
        invariant_of(saved)
    adapter, chosen = name or saved.adapter, _settings(saved, name, settings)
    given = parsed(settings).adapter
    foreign = {key: value for key, value in chosen.adapter.items() if key not in given}
    if not yes:
        consent(saved, name, foreign)
    with one_line(AdapterError, HistoryError):
        reproduced = _runs(resolve(adapter, chosen.adapter), saved, chosen, runs)
    streams.say(f"{saved.invariant}: reproduced {reproduced}/{runs} on {printable(adapter)}")
    raise Exit(BROKEN if reproduced else KEPT)


def _settings(saved: SavedTrace, name: str | None, texts: tuple[str, ...]) -> UserSettings:
    """The trace's settings under the user's. A secret is not in the trace: it has to be given again."""
    own = sorted_settings(saved.settings)
    given = parsed(texts)
    kept = own.adapter if name in (None, saved.adapter) else {}
    adapter = kept | given.adapter
    hidden = sorted(key for key, value in adapter.items() if value == "***")
    if hidden:
        raise click.UsageError(f"the trace keeps no secrets: give --settings {hidden[0]}=… again")
    return UserSettings(own.overrides | given.overrides, adapter)


def _runs(adapter: Adapter, saved: SavedTrace, settings: UserSettings, runs: int) -> int:
    invariant, reproduced = invariant_of(saved), 0
    run_id = f"{time.time_ns() // 1_000_000 % 10**8:08d}"
    with adapter:
        description = adapter.describe()
        streams.say("\n".join(narrate(saved)))
        for number in range(1, runs + 1):
            recording = execute(saved.plan, adapter, description, settings, f"bl{saved.seed}-{run_id}-{number}-")
            violations = invariant.judge(History(recording)).violations
            reproduced += bool(violations)
            streams.say(f"run {number}: {printable(violations[0].reason) if violations else 'kept'}")
    return reproduced
