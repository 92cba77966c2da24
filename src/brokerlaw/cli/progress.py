"""Progress while a check works: one line that renews itself on a terminal, a line now and then elsewhere."""

import sys

from brokerlaw.cli import streams
from brokerlaw.conformance import events as ev
from brokerlaw.render.remarks import told_timeout
from brokerlaw.spec.text import printable

EVERY = 40
"""Cases between two lines where there is no terminal."""


class Progress:
    """Shows events on stderr, so that stdout holds the verdicts alone."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._operations = 0
        self._exercised = 0
        self._open = False

    def show(self, event: ev.AnyEvent) -> None:
        """Tell what happened."""
        if self._quiet:
            return
        match event:
            case ev.RunStarted():
                self._started(event)
            case ev.PhaseStarted():
                count = "as many" if event.cases is None else event.cases
                what = "is the adapter sane?" if event.phase == "smoke" else f"{count} plans"
                self._line(f"{event.phase}: {what}")
            case ev.AdapterChecked(check, "unsure", reason):
                self._line(f"  unsure: {check}: {reason}")
                self._line("  this is the broker's doing or the adapter's; brokerlaw smoke tells more")
            case ev.KnownChecked():
                known = event.known
                self._line(f"  {known.promise}: {known.status} ({known.trace})")
            case ev.CaseFinished():
                self._case(event)
            case ev.ShrinkStarted():
                self._line(f"broken: {event.invariant}: {event.reason}")
                self._line(f"  reducing {event.steps} steps …")
            case ev.ViolationFound():
                found = event.found
                self._line(f"  {found.steps} steps, reproduced {found.reproduced}/{found.runs}: {found.trace}")
            case ev.AdapterChecked() | ev.RunFinished():
                pass

    def close(self) -> None:
        """End the line that renews itself."""
        if self._open:
            self._open = False
            streams.complain("")

    def _started(self, event: ev.RunStarted) -> None:
        broker = event.description
        bounds = (f"{name}≤{bound}" if bound else name for name, bound in sorted(broker.capabilities.items()))
        self._line(f"{broker.name} {broker.version}, seed {event.seed}, {len(event.invariants)} invariants")
        self._line(f"capabilities: {', '.join(bounds)}")
        self._line(f"timeouts: {', '.join(map(told_timeout, event.timeouts))}")

    def _case(self, event: ev.CaseFinished) -> None:
        self._operations += event.operations
        self._exercised += event.exercised
        counts = f"{event.number} cases, {self._operations} operations, {self._exercised} tests of a promise"
        if self._terminal:
            self._open = True
            streams.renew(f"{counts}: {event.plan}")
        elif event.number % EVERY == 0:
            self._line(counts)

    def _line(self, text: str) -> None:
        self.close()
        streams.complain(printable(text))
