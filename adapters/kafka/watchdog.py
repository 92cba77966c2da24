"""Outlive the owner of a cluster by a moment: kill its JVMs and remove its folder when it is gone.

Run as `python watchdog.py OWNER FOLDER`, leader of the process group that the JVMs join. Being alive, it
keeps the group's number from being given to anybody else.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path


def watch(owner: int, folder: Path) -> None:
    """Wait until `owner` is no longer our parent, whatever ended it; then clear up."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    while os.getppid() == owner:
        time.sleep(0.2)
    group = os.getpgrp()
    if os.fork() == 0:
        os.setsid()  # leave the group that is about to die
        os.killpg(group, signal.SIGKILL)
        _remove(folder)


def _remove(folder: Path) -> None:
    for _ in range(100):  # a dying JVM may still write
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)


if __name__ == "__main__":
    watch(int(sys.argv[1]), Path(sys.argv[2]))
