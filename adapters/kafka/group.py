"""A process group and a folder that both end with the process that opened them, even if it is killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from brokerlaw.adapters.kafka.errors import ClusterError, wait_until

WATCHDOG = Path(__file__).with_name("watchdog.py")


@dataclass
class ProcessGroup:
    """Processes join it by `process_group=group.id`; what they write belongs into `folder`."""

    watchdog: subprocess.Popen[bytes]
    folder: Path

    @classmethod
    def open(cls) -> "ProcessGroup":
        """Make the folder and start the watchdog, the group's leader."""
        folder = Path(tempfile.mkdtemp(prefix="brokerlaw-kafka-"))
        command = [sys.executable, "-I", "-S", str(WATCHDOG), str(os.getpid()), str(folder)]
        null = subprocess.DEVNULL
        return cls(subprocess.Popen(command, stdin=null, stdout=null, stderr=null, cwd="/", process_group=0), folder)

    @property
    def id(self) -> int:
        """The group's number."""
        return self.watchdog.pid

    def close(self) -> None:
        """Kill every process of the group, stopped ones too, and remove the folder; harmless when repeated."""
        if self.watchdog.returncode is None:
            os.killpg(self.id, signal.SIGKILL)
            self.watchdog.wait()
        if not wait_until(self._removed, 10.0):
            raise ClusterError(f"cannot remove {self.folder}: remove it by hand")

    def _removed(self) -> bool:
        shutil.rmtree(self.folder, ignore_errors=True)  # a dying JVM may still write
        return not self.folder.exists()
