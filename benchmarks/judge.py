"""How fast recorded histories are judged: records read a second and bytes an operation, from a file to the verdicts.

python benchmarks/judge.py [OPERATIONS] [--before COMMIT]

A synthetic run of a sound broker is written as JSON lines and in columns, and each file is read and judged by the whole
book in a process of its own. Times are of that process alone, so that a busy machine does not count. With --before an
older commit writes and judges the same run as well, in turn, and the ratio is shown, of the promises that both have.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from tabulate import tabulate

SLOWEST = 20
"""Judges that are shown."""
FORMS = {"JSON lines": "history.jsonl", "columns": "columns"}
"""The files by their form."""
ROOT = Path(__file__).parent.parent


def measure(path: Path) -> dict[str, Any]:
    """What it takes to read and judge the history at `path`. Runs with older commits, too."""
    from brokerlaw.spec.history import column_files, rows
    from brokerlaw.spec.history.fold import folded
    from brokerlaw.spec.history.history import History
    from brokerlaw.spec.invariants import INVARIANTS

    memory, begun = _peak(), time.process_time()
    if path.is_dir():
        history = History(column_files.read(path))
    else:
        with path.open("rb") as file:
            history = History(folded(rows.stream(str(path), file)))
    read, held = time.process_time() - begun, _peak() - memory
    judges = {}
    for name, invariant in INVARIANTS.items():
        before = time.process_time()
        finding = invariant.judge(history)
        judges[name] = (time.process_time() - before, finding.exercised)
        assert not finding.violations, (name, finding.violations[:3])
    return {
        "operations": len(history.operations),
        "records": len(history.reads),
        "read": read,
        "judge": sum(spent for spent, _ in judges.values()),
        "held": held,
        "peak": _peak() - memory,
        "judges": judges,
    }


def write(folder: Path, operations: int) -> None:
    """Write the run in both forms."""
    from sound_run import SoundRun

    from brokerlaw.spec.history import column_files, rows
    from brokerlaw.spec.history.fold import folded

    folder.mkdir()
    lines = folder / FORMS["JSON lines"]
    with lines.open("wb") as file:
        SoundRun(operations, file)
    with lines.open("rb") as file:
        column_files.write(folder / FORMS["columns"], folded(rows.stream(str(lines), file)))


def _peak() -> int:
    """The most bytes that this process has held."""
    status = Path("/proc/self/status").read_text()  # getrusage tells that of the parent, where it had more
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _told(site: Path | None, *arguments: object) -> Any:
    """What this program says in a process of its own, with the package as it is, or as it is installed in `site`."""
    environment = os.environ | ({} if site is None else {"PYTHONPATH": str(site)})
    program = [sys.executable, __file__, *map(str, arguments)]
    return json.loads(subprocess.run(program, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def _install(commit: str, folder: Path) -> Path:
    """The package as it was at a commit, without what it needs."""
    source, site = folder / "source", folder / "site"
    subprocess.run(["git", "-C", ROOT, "worktree", "add", "--quiet", "--detach", source, commit], check=True)
    try:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", site, source]
        subprocess.run(install, check=True)
    finally:
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", source], check=True)
    return site


def _row(name: str, told: dict[str, Any]) -> tuple[Any, ...]:
    read, judge, records, operations = (told[key] for key in ("read", "judge", "records", "operations"))
    bytes_held, bytes_peak = (round(told[key] / operations) for key in ("held", "peak"))
    return name, read, judge, read + judge, f"{records / (read + judge):,.0f}", bytes_held, bytes_peak


@click.command()
@click.argument("operations", type=int, default=200_000)
@click.option("--before", metavar="COMMIT", help="An older commit, whose judge is measured as well.")
@click.option("--measure", "history", type=click.Path(path_type=Path), hidden=True)
@click.option("--write", "target", type=click.Path(path_type=Path), hidden=True)
def main(operations: int, before: str | None, history: Path | None, target: Path | None) -> None:
    """Print what reading and judging takes."""
    if history is not None or target is not None:
        print(json.dumps(measure(history) if history else write(target, operations) if target else None))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        sites = ({} if before is None else {"before": _install(before, folder)}) | {"now": None}
        for when, site in sites.items():
            _told(site, operations, "--write", folder / when)
        told = {
            (form, when): _told(site, "--measure", folder / when / file)
            for form, file in FORMS.items()
            for when, site in sites.items()
        }
    now = told["columns", "now"]
    print(f"{now['operations']:,} operations, {now['records']:,} records read")
    heads = ("", "read s", "judge s", "s", "records/s", "bytes an operation, read", "at most")
    print(tabulate([_row(" ".join(key), each) for key, each in told.items()], heads, floatfmt=".2f"))
    if before is not None:
        for form in FORMS:
            both = told[form, "before"]["judges"].keys() & now["judges"].keys()
            spent = [
                each["read"] + sum(each["judges"][promise][0] for promise in both)
                for each in (told[form, when] for when in sites)
            ]
            print(f"{form}: {spent[0] / spent[1]:.2f} times as fast as {before}, by the {len(both)} promises of both")
    judges = now["judges"]
    slowest = sorted(((name, exercised, spent) for name, (spent, exercised) in judges.items()), key=lambda row: -row[2])
    print(tabulate(slowest[:SLOWEST], ("judge", "exercised", "s"), floatfmt=".3f"))
    idle = [name for name, (_, exercised) in judges.items() if not exercised]
    print(f"not exercised: {', '.join(idle)}")


if __name__ == "__main__":
    main()
