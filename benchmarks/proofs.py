"""What is proved of each protocol, and in what time: each is proved from nothing by `brokerlaw prove`, one at a time.

python benchmarks/proofs.py [--out FOLDER]    writes FOLDER/proofs.md and FOLDER/proofs.json
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tabulate import tabulate

from brokerlaw.spec.language import Ordered, Sort
from brokerlaw.spec.protocols.registry import PROTOCOLS, load, proof

LIMIT = 60
"""Seconds within which all proofs of one protocol must come."""
HEAD = """# What is proved

`python benchmarks/proofs.py`, on {cores} cores. Each protocol by a process of its own, `brokerlaw prove NAME`, from its
start to its end. A claim is proved if it holds at first, and each action keeps it, from any state in which all claims
hold; lemmas are claims like the others. An obligation is one claim at first, or of one action. *Unbounded* sorts are of
any size: no bound of the search counts there.
"""
COLUMNS = ("protocol", "outcome", "claims", "lemmas on a page apart", "obligations", "proved", "seconds", "unbounded")


def measured(name: str) -> dict[str, Any]:
    """Prove one protocol; what is not proved within the limit is unproved, and not left out."""
    text, whole = load(name).spec, proof(load(name)).spec
    claims = [each.name for each in whole.of_kind("invariant")]
    command = [str(Path(sys.executable).with_name("brokerlaw")), "prove", name, "--json"]
    began = time.perf_counter()
    try:
        found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, timeout=LIMIT, check=False).stdout)
    except subprocess.TimeoutExpired:
        found = {"outcome": f"no answer in {LIMIT} s", "sizes": {}, "obligations": []}
    kinds = [sort.__name__ for sort in whole.sorts if issubclass(sort, (Sort, Ordered))]
    return {
        "protocol": name,
        "outcome": found["outcome"],
        "claims": len(claims),
        "lemmas on a page apart": len(claims) - len(list(text.of_kind("invariant"))),
        "obligations": len(found["obligations"]),
        "proved": sum(each["outcome"] == "proved" for each in found["obligations"]),
        "seconds": round(time.perf_counter() - began, 1),
        "unbounded": [kind for kind in kinds if kind not in found["sizes"] and found["obligations"]],
        "bounded": found["sizes"],
    }


def main() -> None:
    """Measure all, and write both reports."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports"), help="the folder of the reports [reports]")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    rows = [measured(name) for name in PROTOCOLS]
    table = [[*(row[each] for each in COLUMNS[:-1]), ", ".join(row["unbounded"])] for row in rows]
    page = HEAD.format(cores=os.cpu_count()) + "\n" + tabulate(table, COLUMNS, tablefmt="github") + "\n"
    (folder / "proofs.md").write_text(page)
    (folder / "proofs.json").write_text(json.dumps(rows, indent=2) + "\n")
    print(page)
    sys.exit(any(row["outcome"] != "proved" for row in rows))


if __name__ == "__main__":
    main()
