"""The same seed, the same plans: in every process, and wherever the suite is installed."""

import os
import shutil
import subprocess
import sys
from importlib import import_module
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from brokerlaw.adapters.contract import CAPABILITIES, Description
from brokerlaw.conformance.machines import MACHINES, plans
from brokerlaw.conformance.machines.base import PlanMachine
from brokerlaw.conformance.profiles import LOG

ABLE = Description("able", "1", dict.fromkeys(CAPABILITIES) | {"replication": 3}, brokers=(0, 1, 2))
COUNT = 40
SCRIPT = f"""
import sys
from itertools import islice
import msgspec
import brokerlaw.conformance.machines as machines
from brokerlaw.conformance.profiles import LOG
from brokerlaw.adapters.contract import CAPABILITIES, Description
assert machines.__file__.startswith(sys.argv[1]), machines.__file__
able = Description("able", "1", dict.fromkeys(CAPABILITIES) | {{"replication": 3}}, brokers=(0, 1, 2))
sys.stdout.buffer.write(msgspec.json.encode(list(islice(LOG.draw(able, 5, 8), {COUNT}))))
"""


@pytest.mark.parametrize("place", ["lib/site-packages", "src"])
def test_plans_do_not_depend_on_where_the_suite_is_installed(place: str, tmp_path: Path) -> None:
    """Hypothesis takes what lies in site-packages for a library's, and what lies elsewhere for the user's own."""
    root = tmp_path / place
    for room in ("", "spec", "adapters", "conformance"):
        source = Path(str(import_module(f"brokerlaw.{room}".rstrip(".")).__file__)).parent
        shutil.copytree(source, root / "brokerlaw" / room, dirs_exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONHASHSEED": str(len(place))}
    command = [sys.executable, "-c", SCRIPT, str(root)]
    drawn = subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True, timeout=60).stdout
    assert drawn == msgspec.json.encode(list(islice(LOG.draw(ABLE, 5, 8), COUNT)))


@pytest.mark.parametrize("kind", MACHINES)
def test_plans_are_many_and_long(kind: type[PlanMachine]) -> None:
    drawn = plans(kind, ABLE, 0, 30)
    assert len(drawn) == 30
    assert len({msgspec.json.encode(plan) for plan in drawn}) == 30
    assert sum(len(plan.steps) for plan in drawn) > 30 * 10


def test_a_machine_that_draws_something_else_is_told_so() -> None:
    class Floats(PlanMachine):
        name = "floats"

        @rule(number=st.floats())
        def step(self, number: float) -> None:
            """Draw what no plan needs."""

    with pytest.raises(ExceptionGroup) as caught:
        plans(Floats, ABLE, 0, 1)
    assert caught.group_contains(NotImplementedError, match="integers between two bounds")
