"""A signal is noticed by a main thread that waits, also when another thread was given it."""

import subprocess
import sys
from typing import Final

LIMIT: Final = 60
"""Seconds for what takes a moment; the program would wait for ten times as long."""
PROGRAM: Final = f"""
import queue, signal, threading
from pathlib import Path
from brokerlaw.cli.waking import Waker

main = threading.get_native_id()
waiting = threading.Event()

def asleep():
    return Path(f"/proc/self/task/{{main}}/stat").read_text().rpartition(")")[2].split()[0] == "S"

def take():
    waiting.wait()
    while not asleep():
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)

Waker().install()
threading.Thread(target=take, daemon=True).start()
try:
    waiting.set()
    queue.Queue().get(timeout={10 * LIMIT})
except KeyboardInterrupt:
    print("woken")
"""


def test_a_signal_wakes_the_main_thread() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=LIMIT, check=True)
    assert done.stdout == "woken\n"
