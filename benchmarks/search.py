"""How fast the compiled search is, beside spin and rumur: the same models, the same counts of states, one thread.

python benchmarks/search.py [--best-of 3] [--large 'isr_update Version=5'] [--out reports]

spin and rumur are Debian's. A time is the processor's, so that what else the machine does counts little, and of the
search alone: of ours the call, of theirs the whole program (which begins in milliseconds); compile times stand beside.
spin checks no invariant, rumur and we check all. Who takes longer than half a minute is run once. `--large` also
searches a protocol by the command, at the same time and in a process of its own, for its memory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tabulate import tabulate

from brokerlaw.spec.language import Model
from brokerlaw.spec.language.compiler import Native, explore
from brokerlaw.spec.language.printers.murphi import murphi
from brokerlaw.spec.protocols.registry import load

MODELS = {
    "two_phase_commit RM=7": ("two_phase_commit", {"RM": 7}),
    "two_phase_commit RM=8": ("two_phase_commit", {"RM": 8}),
    "replication Replica=3 Epoch=3 Offset=3": ("replication", {"Replica": 3, "Epoch": 3, "Offset": 3}),
}
PROMELA = Path(__file__).parent / "two_phase_commit.pml"
CC = ("cc", "-O3", "-march=native", "-w")


@dataclass
class Measured:
    model: str
    tool: str
    states: int
    compiling: float
    seconds: list[float]

    @property
    def rate(self) -> float:
        return self.states / min(self.seconds)


class Tool:
    """One program on one model: prepared once, then run as often as is wanted."""

    def __init__(self, name: str, folder: Path, prepare: list[list[str]], run: list[str]) -> None:
        self.name, self.folder, self.command = name, folder, run
        begun = time.perf_counter()
        for command in prepare:
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        self.compiling = time.perf_counter() - begun

    def run(self) -> tuple[float, int]:
        child = subprocess.Popen(self.command, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        said, seconds, status, _ = finished(child)
        found = re.search(r"(\d+) states, stored", said) or re.search(r"(\d+) states, ", said)
        assert found and status == 0 and "error:" not in said and "aborted" not in said, said
        return seconds, int(found[1])


def finished(child: subprocess.Popen[str]) -> tuple[str, float, int, int]:
    """What it said, its seconds of processor time, its exit code, and its peak of resident bytes."""
    assert child.stdout
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return said, usage.ru_utime + usage.ru_stime, child.returncode, usage.ru_maxrss * 1024


class Ours:
    """The compiled search, under a cache of its own so that its compile time is seen."""

    name = "brokerlaw"

    def __init__(self, model: Model) -> None:
        begun = time.perf_counter()
        self.native = Native(model)
        assert self.native.code
        self.compiling = time.perf_counter() - begun

    def run(self) -> tuple[float, int]:
        begun = time.process_time()
        result = self.native.search(every=False, threads=1, max_states=None, max_bytes=None, progress=None)
        seconds = time.process_time() - begun
        assert result.outcome == "kept", result.outcome
        self.memory = result.bytes / result.distinct - 8 * self.native.packing.words
        return seconds, result.distinct


def spin(managers: int, search: str, folder: Path) -> Tool:
    folder.mkdir()
    options = ["-DBFS"] if search == "breadth-first" else []
    translate = ["spin", f"-DN={managers}", "-a", str(PROMELA)]
    build = [*CC, "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DMEMLIM=4096", *options, "-o", "pan", "pan.c"]
    run = ["./pan", "-w24"] + ([] if options else ["-m5000000"])
    return Tool(f"spin, {search}", folder, [translate, build], run)


def rumur(protocol: str, bounds: dict[str, int], folder: Path) -> Tool:
    folder.mkdir()
    (folder / "model.m").write_text(murphi(load(protocol).spec, bounds))
    off = ["--deadlock-detection", "off", "--symmetry-reduction", "off", "--color", "off", "--threads", "1"]
    translate = ["rumur", *off, "--output", "verifier.c", "model.m"]
    build = [*CC, "-mcx16", "-o", "verifier", "verifier.c", "-lpthread"]
    return Tool("rumur", folder, [translate, build], ["./verifier"])


def measure(name: str, best_of: int, folder: Path) -> tuple[list[Measured], float]:
    """Measure in turns, so that a busy moment of the machine meets all of them."""
    protocol, bounds = MODELS[name]
    ours = Ours(Model(load(protocol).spec, bounds))
    tools: list[Ours | Tool] = [ours, rumur(protocol, bounds, folder / f"rumur-{name}")]
    if protocol == "two_phase_commit":
        tools += [spin(bounds["RM"], each, folder / f"{each}-{name}") for each in ("breadth-first", "depth-first")]
    found = [Measured(name, tool.name, 0, round(tool.compiling, 2), []) for tool in tools]
    for _ in range(best_of):
        for tool, measured in zip(tools, found, strict=True):
            if sum(measured.seconds) < 30:
                seconds, measured.states = tool.run()
                measured.seconds.append(round(seconds, 3))
    assert len({each.states for each in found}) == 1, {each.tool: each.states for each in found}
    return found, ours.memory


def interpreted() -> float:
    """States a second of the search that needs no compiler."""
    begun = time.process_time()
    result = explore(Model(load("two_phase_commit").spec, {"RM": 6}), engine="python")
    return result.distinct / (time.process_time() - begun)


def begin_large(model: str) -> subprocess.Popen[str]:
    """Begin a search of more than a hundred million states, by the command."""
    protocol, *sizes = model.split()
    command = [sys.executable, "-c", "from brokerlaw.cli.main import main; main()", "explore", protocol]
    command += [part for size in sizes for part in ("--set", size)]
    command += ["--memory", "16G", "--engine", "c", "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def end_large(model: str, child: subprocess.Popen[str]) -> dict[str, object]:
    text, seconds, status, resident = finished(child)
    said = json.loads(text)
    counts = {name: said[name] for name in ("outcome", "incomplete", "distinct", "generated", "depth")}
    return {"model": model, "exit": status, "seconds": round(seconds, 1), "peak_resident_bytes": resident} | counts


def machine() -> dict[str, object]:
    def first(*command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).splitlines()[0]

    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "cpu": cpu[1] if cpu else platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "cc": first("cc", "--version"),
        "spin": first("spin", "-V"),
        "rumur": first("rumur", "--version"),
    }


def table(found: list[Measured]) -> str:
    ours = {each.model: each.rate for each in found if each.tool == Ours.name}
    rows = [
        (e.model, e.tool, e.states, min(e.seconds), f"{e.rate / 1e6:.2f}", f"{ours[e.model] / e.rate:.1f}", e.compiling)
        for e in found
    ]
    headers = ("model", "tool", "states", "s", "M states/s", "ours is x times", "compiling s")
    return tabulate(rows, headers, tablefmt="github", intfmt=",")


def markdown(data: dict[str, object], found: list[Measured]) -> str:
    about = data["machine"]
    assert isinstance(about, dict)
    lines = [
        "# The compiled search, measured",
        "Made by `python benchmarks/search.py --out reports`: the same models and counts, one thread, processor "
        f"time, best of {len(found[0].seconds)} in turns (who takes more than half a minute is run once). "
        "spin's model is by hand and checks no invariant; rumur's is printed by "
        "`brokerlaw print`, and both rumur and we check all. Ours is compiled at -O2, the others' verifiers at -O3.",
        "\n".join(f"- {name}: {value}" for name, value in about.items()),
        table(found),
        "Bytes for each state besides the packed state: "
        + ", ".join(f"{value:.1f} ({name})" for name, value in data["bytes_besides_the_state"].items())  # type: ignore[attr-defined]  # a dict
        + ".",
        f"Interpreted, two-phase commit: {data['interpreted_states_per_second']:,} states/s.",
    ]
    if isinstance(big := data.get("large"), dict):
        lines.append(
            f"{big['model']}: {big['outcome']}, {big['distinct']:,} states, {big['generated']:,} generated, in "
            f"{big['seconds']:,} s, at most {big['peak_resident_bytes'] / 2**30:.2f} GiB resident."
        )
    return "\n\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--best-of", type=int, default=3)
    parser.add_argument("--large", metavar="MODEL")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    found: list[Measured] = []
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        child = begin_large(options.large) if options.large else None
        for name in MODELS:
            each, memory[name] = measure(name, options.best_of, Path(folder))
            found += each
        data: dict[str, object] = {
            "machine": machine(),
            "measured": [asdict(each) for each in found],
            "bytes_besides_the_state": memory,
            "interpreted_states_per_second": round(max(interpreted() for _ in range(options.best_of))),
        }
        keep(data, found, options.out)
        if child:
            data["large"] = end_large(options.large, child)
            keep(data, found, options.out)


def keep(data: dict[str, object], found: list[Measured], folder: Path | None) -> None:
    print(markdown(data, found), flush=True)
    if folder:
        folder.mkdir(exist_ok=True)
        (folder / "search.json").write_text(json.dumps(data, indent=1) + "\n")
        (folder / "search.md").write_text(markdown(data, found))


if __name__ == "__main__":
    main()
