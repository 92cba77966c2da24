"""`brokerlaw smoke`: sound adapters exit with 0, all others with 2 and the cause, whatever they do."""

import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.cli.smoke import smoke

TESTS = Path(__file__).parent.parent
ROGUE = TESTS / "adapters" / "rogue.py"
SKELETON = TESTS.parent / "adapters" / "templates" / "adapter.py"

CAUSES = {
    "hang": "did not complete send (request ",
    "exit": "exited with code 3",
    "exit_at_start": "exited with code 1",
    "deaf_from_the_start": "did not complete hello",
    "garbage": r"is not JSON (JSON is malformed: invalid character (byte 0)): «Connecting to broker...\t\x1b[31m",
    "junk_flood": "is not JSON",
    "observation_flood": "more than 10000 observations within a second",
    "twice": "twice: «{",
    "unknown_request": "which was never made: «{",
    "refuse": "claims a capability that needs send, and refuses it: no",
    "wrong_value": "Expected `int`, got `str` - at `$.outcome.value.partition`",
    "wrong_capability": "'topiks'",
    "in_the_past": "gave the time 17",
    "fault": "gave up: the licence has expired: renew it",
}
PATIENCE = {"hang": 5000, "deaf_from_the_start": 500}
"""Found out when patience ends, the others at once; what comes before the silence must come in time."""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(smoke, arguments)


def rogue(kind: str) -> str:
    return f"cmd:{sys.executable} -I -S {shlex.quote(str(ROGUE))} {kind}"


@pytest.mark.parametrize("kind", CAUSES)
def test_what_an_adapter_does_wrong_is_its_own_fault(kind: str) -> None:
    settings = ("--settings", f"adapter.timeout={PATIENCE[kind]}") if kind in PATIENCE else ()
    result = run(rogue(kind), *settings)
    assert CAUSES[kind] in result.output
    assert "is its fault, and no verdict about the broker" in result.output
    assert result.exit_code == 2


def test_a_sound_adapter() -> None:
    result = run(f"py:{SKELETON}:MyBroker")
    assert result.exit_code == 0
    assert " pass, " in result.output
    assert "not claimed: " in result.output
    assert "The adapter is sound. Now judge the broker: brokerlaw check py:" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "no adapter 'nobody'"),
        (["cmd:"], "names no program"),
        (["cmd:./nowhere"], "cannot be started: No such file or directory"),
        ([rogue("sound"), "--settings", "adapter.timeout=soon"], "no positive number of milliseconds"),
        ([rogue("sound"), "--settings", "acks=1"], "--settings acks is for check"),
        ([rogue("sound"), "--settings", "acks"], "this is no KEY=VALUE"),
        ([rogue("sound"), "--timeout", "0"], "--timeout"),
    ],
)
def test_what_is_wrong_with_the_command(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert words in result.output
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_an_interrupt_ends_it_with_130() -> None:
    command = [sys.executable, "-m", "brokerlaw", "smoke", rogue("hang")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "A topic with two partitions" in line:  # the next check hangs
            break
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in rest


def test_what_may_be_the_brokers_is_not_said_to_be_the_adapters() -> None:
    result = run("reference", "--settings", "mutant=dirty-read")
    assert result.exit_code == 2
    assert "unsure      transactions          What is committed is read" in result.output
    assert "if it is the adapter: pass op.isolation on to the client" in result.output
    assert "the adapter's doing or the broker's. To tell which," in result.output
    assert "its fault" not in result.output


def test_the_reference_is_sound() -> None:
    result = run("reference")
    assert result.exit_code == 0, result.output
    assert "The adapter is sound." in result.output


STUCK = """
import time
from brokerlaw.adapters.templates.adapter import MyBroker

class Stuck(MyBroker):
    def send(self, op):
        time.sleep(600)
"""


def test_an_interrupt_ends_a_class_that_hangs_in_its_own_process(tmp_path: Path) -> None:
    (tmp_path / "stuck.py").write_text(STUCK)
    command = [sys.executable, "-m", "brokerlaw", "smoke", f"py:{tmp_path / 'stuck.py'}:Stuck"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "A topic with two partitions" in line:  # the next check hangs
            break
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in rest
