"""A table of adapters that are at fault: each ends `check` with exit 2 and one line that says what is wrong.

The line is the last one, says nothing about the broker, and holds nothing that a terminal would obey.
"""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from brokerlaw.cli.main import main

TRACE = next((Path(__file__).parents[2] / "reports/traces/kafka-unclean").glob("trace-2-*.json"))
HEAD = """
import os, sys, threading, time
from concurrent.futures import Future
from brokerlaw.adapters.contract import Adapter, AdapterError, Description, Fail, Ok, Timed, Unknown
from brokerlaw.adapters.templates.adapter import MyBroker
from brokerlaw.spec.history.observations import Assigned, Drained, Lost
from brokerlaw.spec.history.values import Placed, Record
"""
BODY = "class Bad(MyBroker):\n    "

METHODS: dict[str, tuple[str, str]] = {
    # where it ends the process
    "exits in send": ("def send(self, op): sys.exit(0)", "Bad raised SystemExit: 0 in send"),
    "exits hard in send": ("def send(self, op): os._exit(0)", "Bad exited with code 0 during send (request "),
    "exits hard in poll": ("def poll(self, op): os._exit(1)", "Bad exited with code 1 during poll (request "),
    "is killed": ("def send(self, op): os.kill(os.getpid(), 9)", "Bad was killed by SIGKILL during send"),
    "aborts": ("def flush(self, op): os.abort()", "Bad was killed by SIGABRT during flush"),
    "exits in start": ("def start(self): sys.exit('no')", "Bad raised SystemExit: no in start()"),
    "exits hard in start": ("def start(self): os._exit(0)", "Bad exited with code 0 during hello (request 1)"),
    "exits in a thread": (
        "def send(self, op): threading.Thread(target=os._exit, args=(7,)).start(); time.sleep(60)",
        "Bad exited with code 7 during send",
    ),
    "exits hard in stop": ("def stop(self): os._exit(0)", "Bad exited with code 0 before it had completed stop"),
    # what it raises
    "raises in init": ("def __init__(self, settings): raise ValueError('no')", "raised ValueError: no in __init__()"),
    "raises in start": ("def start(self): raise ConnectionError('no')", "raised ConnectionError: no in start()"),
    "raises in stop": ("def stop(self): raise OSError('in use')", "raised OSError: in use in stop()"),
    "raises in reset": ("def reset(self): raise KeyError('c')", "raised KeyError: 'c' in reset()"),
    "raises in describe": ("def describe(self): 1 / 0", "raised ZeroDivisionError: division by zero in describe()"),
    "raises in wait": ("def wait(self, milliseconds): raise OSError('no')", "raised OSError: no in wait()"),
    "raises in now": ("def now(self): raise OSError('no')", "raised OSError: no in now()"),
    "raises BaseException": ("def send(self, op): raise BaseException('no')", "raised BaseException: no in send"),
    "raises GeneratorExit": ("def send(self, op): raise GeneratorExit", "raised GeneratorExit in send"),
    "escapes": ("def start(self): raise OSError('\\x1b[2J\\n\\u202e')", r"OSError: \x1b[2J \u202e in start()"),
    "gives up": ("def start(self): raise AdapterError('no licence: renew it')", "Bad gave up: no licence: renew it"),
    "signals itself": (
        "def send(self, op): raise KeyboardInterrupt",
        "Bad raised KeyboardInterrupt in send",
    ),
    # what it returns
    "forgets the return": ("def send(self, op): pass", "Bad returned None from send; return Ok(value)"),
    "returns text": ("def send(self, op): return 'ok'", "Bad returned 'ok' from send; return Ok(value)"),
    "returns the class": ("def open_producer(self, op): return Ok", "Bad returned <class"),
    "returns a coroutine": ("async def flush(self, op): return Ok()", "Bad returned <coroutine object"),
    "returns a wrong value": (
        "def send(self, op): return Ok(3)",
        "answered send with a wrong value: Expected `object`",
    ),
    "returns wrong records": ("def poll(self, op): return Ok(None)", "answered poll with a wrong value"),
    "returns bytes for text": (
        "def send(self, op): return Ok(Placed(b'topic', 0, 0))",
        "Expected `str`, got `bytes` - at `$.topic`",
    ),
    "returns text for bytes": (
        "def poll(self, op): return Ok(tuple(Record(r.topic, 0, r.offset, 'text') for r in super().poll(op).value))",
        "Expected `bytes | null`, got `str` - at `$[0].value`",
    ),
    "describes None": ("def describe(self): pass", "Bad returned None from describe(); return a Description"),
    "describes text": ("def describe(self): return 'mine'", "Bad returned 'mine' from describe()"),
    "knows the future": (
        "def send(self, op): return Timed(super().send(op), self.now() + 10**12)",
        "gave the time",
    ),
    "knows the past": (
        "def open_producer(self, op): return Timed(super().open_producer(op), 17)",
        "the time 17, which",
    ),
    "has half a time": ("def send(self, op): return Timed(super().send(op), 1.5)", "the time is in ns, as an int"),
    # what it claims
    "claims what there is not": (
        "def describe(self): return Description('m', '1', {'topiks': 8})",
        "describes itself wrongly: 'topiks' is no capability; did you mean topics?",
    ),
    "claims nothing": ("def describe(self): return Description('m', '1', {})", "no capability is claimed"),
    "claims a bound of 0": (
        "def describe(self): return Description('m', '1', {'topics': 0})",
        "topics has the bound 0",
    ),
    "has no name": ("def describe(self): return Description('', '1', {'topics': 8})", "the name is ''"),
    "has a name that cannot be shown": (
        "def describe(self): return Description('\\x1b]0;x\\x07', '1', {'topics': 8})",
        r"the name is '\\x1b]0;x\\x07', and must be one line of printable text",
    ),
    "has faults for nobody": (
        "def describe(self): return Description('m', '1', {'topics': 8, 'faults.kill': None}, ())",
        "faults.kill is claimed, and brokers names nobody whom it could befall",
    ),
    "has a broker twice": (
        "def describe(self): return Description('m', '1', {'topics': 8}, (1, 2, 1))",
        "a broker's id is there twice: (1, 2, 1)",
    ),
    "does not have what it claims": (
        "def describe(self): return Description('m', '1', {'topics': 8, 'queues': None})",
        "claims a capability that needs create_queue, and refuses it",
    ),
    # time, and what it sees
    "has a clock that stands": ("def now(self): return 17", "has a clock that is none: waited for 20 ms"),
    "has a clock of text": ("def now(self): return 'noon'", "Bad returned 'noon' from now()"),
    "does not wait": ("def wait(self, milliseconds): pass", "has a clock that is none: waited for 20 ms"),
    "observes what it cannot": (
        "def send(self, op): self.observe(op.client, Drained('t', 0, 0, 0, 'read_committed')); return super().send(op)",
        "observed Drained(",
    ),
    "observes strangers": (
        "def send(self, op): self.observe('rdkafka-5f2c', Lost('g', 'm', 1, ())); return super().send(op)",
        "for rdkafka-5f2c, which is not its to see",
    ),
    # how it speaks
    "never returns": ("def send(self, op): time.sleep(600)", "did not complete send (request"),
    "never completes": ("def open_producer(self, op): return Future()", "did not complete"),
    "spins": ("def flush(self, op):\n        while True: pass", "did not complete flush (request"),
    "hangs at start": ("def start(self): time.sleep(600)", "did not complete hello (request 1) within"),
    "prints without an end": ("def send(self, op):\n        while True: print('x' * 1000)", "did not complete send"),
    "flushes too soon": (
        "def flush(self, op): return Ok()",
        "answered flush with ok while 3 of its sends had no outcome",
    ),
    "closes every descriptor": ("def send(self, op): os.closerange(0, 64)", "before it was told to stop"),
}
SLOW = {
    name
    for name, (_, words) in METHODS.items()
    if words.startswith("did not complete") or name in ("closes every descriptor", "exits hard in stop")
}
"""Found out when patience ends, which is short for them."""


def check(name: str, folder: Path, *arguments: str) -> Any:
    """The command's end."""
    return CliRunner().invoke(main, ["check", name, "--examples", "0", "--out", str(folder / "run"), *arguments])


def accused(result: Any, words: str) -> None:
    """Exit 2, and one line, the last, that says so in printable text; a report of it, and no verdict."""
    assert result.exit_code == 2, result.output
    last = (result.output.splitlines() or [""])[-1]
    assert words in last, result.output
    assert last.isprintable()
    assert "Traceback" not in result.stdout or "last words" in result.stdout


@pytest.mark.parametrize("case", METHODS)
def test_a_class_at_fault(case: str, tmp_path: Path) -> None:
    method, words = METHODS[case]
    path = tmp_path / "bad.py"
    path.write_text(f"{HEAD}\n\n{BODY}{method}\n")
    patience = ["--settings", "adapter.timeout=4000"] if case in SLOW else []
    accused(check(f"py:{path}:Bad", tmp_path, "--select", "ordering.offsets-increase", *patience), words)
    assert (tmp_path / "run" / "report.json").exists()


FILES: dict[str, tuple[str, str]] = {
    "exits": ("import sys; sys.exit(0)", "cannot be imported: SystemExit: 0"),
    "exits hard": ("import os; os._exit(0)", "exited with code 0 during hello (request 1)"),
    "raises": ("raise RuntimeError('no')", "cannot be imported: RuntimeError: no"),
    "lacks a module": ("import nowhere_at_all", "cannot be imported: ModuleNotFoundError: No module named 'nowhere_at"),
    "is no Python": ("class Bad(:", "cannot be imported: SyntaxError: invalid syntax"),
    "has another class": (f"{HEAD}class Bat(MyBroker): pass", "has no Bad (did you mean Bat?)"),
    "has no adapter": ("class Bad: pass", "is no adapter: it must be a class derived from"),
    "has nothing": ("", "bad.py has no Bad"),
    "hangs": ("import time; time.sleep(600)", "did not complete hello (request 1) within 1 s"),
    "is abstract": (f"{HEAD}class Bad(Adapter): pass", "Bad does not define describe()"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_at_fault(case: str, tmp_path: Path) -> None:
    source, words = FILES[case]
    path = tmp_path / "bad.py"
    path.write_text(source)
    patience = ["--settings", "adapter.timeout=1000"] if case == "hangs" else []
    accused(check(f"py:{path}:Bad", tmp_path, *patience), words)


NAMES: dict[str, tuple[list[str], str]] = {
    "nobody": (["referense"], "no adapter 'referense' (did you mean reference?)"),
    "no class": (["py:somewhere"], "names no class: write py:package.module:Class"),
    "no file": (["py:nowhere.py:Bad"], "there is no file nowhere.py"),
    "no program": (["cmd:"], "names no program: write cmd:./program args"),
    "an open quote": (["cmd:'open"], "No closing quotation; quote the command as for a shell"),
    "no such program": (["cmd:./nowhere"], "cannot be started: No such file or directory; check its path"),
    "no setting": (["reference", "--settings", "broker=3"], "did you mean brokers?"),
    "no timeout": (["cmd:cat", "--settings", "adapter.timeout=soon"], "this is no positive number of milliseconds"),
    "no process": (["cmd:cat", "--settings", "adapter.process=inside"], "a program has a process of its own"),
    "nowhere": (["reference", "--settings", "adapter.process=up"], "adapter.process=up: write inside or own"),
    "echo": (["cmd:echo hi"], "wrote a line that is not JSON (JSON is malformed: invalid character (byte 0)): «hi»"),
    "yes": (["cmd:yes"], "is not JSON (JSON is malformed: invalid character (byte 0)): «y»"),
    "false": (["cmd:false"], "cmd:false exited with code 1"),
    "true": (["cmd:true"], "cmd:true exited with code 0"),
    "cat": (["cmd:cat"], "wrote what the contract does not allow: Invalid value 'hello' - at `$.type`: «{"),
    "escapes": (["cmd:printf '\\033[2J\\n'"], r"«\x1b[2J»"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_at_fault(case: str, tmp_path: Path) -> None:
    arguments, words = NAMES[case]
    accused(check(arguments[0], tmp_path, *arguments[1:]), words)


@pytest.mark.parametrize(
    "case", ["exits in send", "raises in reset", "forgets the return", "describes None", "claims what there is not"]
)
def test_inside_this_process_it_is_the_same(case: str, tmp_path: Path) -> None:
    method, words = METHODS[case]
    path = tmp_path / "bad.py"
    path.write_text(f"{HEAD}\n\n{BODY}{method}\n")
    accused(check(f"py:{path}:Bad", tmp_path, "--settings", "adapter.process=inside"), words)


def test_its_author_is_shown_where_it_went_wrong(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(f"{HEAD}\n\n{BODY}def start(self): return undefined_name\n")
    result = check(f"py:{path}:Bad", tmp_path)
    accused(result, "raised NameError: name 'undefined_name' is not defined in start()")
    assert "its last words on standard error:" in result.stdout
    assert f'File "{path}", line ' in result.stdout


NOISY = """
    def start(self):
        sys.stdin.read()
        sys.stdin.close()

    def send(self, op):
        print("sending", op.value)
        os.write(1, b"{}\\n")
        return super().send(op)

    def poll(self, op):
        print("x" * 100_000, file=sys.stderr)
        return super().poll(op)
"""


def test_one_that_only_makes_a_noise_is_innocent(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(f"{HEAD}\n\nclass Bad(MyBroker):{NOISY}")
    result = check(f"py:{path}:Bad", tmp_path, "--select", "ordering.offsets-increase")
    assert result.exit_code == 0, result.output


def test_a_program_that_ends_at_once_ends_the_same_each_time(tmp_path: Path) -> None:
    ends = {check("cmd:echo hi", tmp_path / str(number), "--quiet").exit_code for number in range(20)}
    assert ends == {2}


def test_a_trace_is_not_run_on_an_adapter_that_lacks_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "good.py"
    path.write_text(f"{HEAD}\n\nclass Good(MyBroker): pass\n")
    result = CliRunner().invoke(main, ["replay", str(TRACE), "--runs", "1", "--adapter", f"py:{path}:Good"])
    accused(result, "my-broker was asked for ")
    assert "does not claim " in result.output.splitlines()[-1]
    assert "claims a capability" not in result.output
