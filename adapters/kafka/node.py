"""One JVM of a cluster, a broker or a controller, and what can be done to its process."""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brokerlaw.adapters.kafka.distribution import Distribution
from brokerlaw.adapters.kafka.errors import ClusterError, wait_until

LOG4J = Path(__file__).with_name("log4j2.properties")
# A test cluster is young, small and short-lived: the quick compiler and the plain collector suit it.
JVM = (
    "-Xms48m",
    "-Xmx256m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # it would write to the system's temporary folder
    "-Xshare:auto",
)
TAIL = 15  # lines of a log that an error quotes
SIGNAL_LIMIT = 10.0  # seconds


@dataclass(eq=False)
class Node:
    """A node with a folder of its own: settings, data, logs. Its JVM joins the process group `group`."""

    id: int
    port: int
    folder: Path
    distribution: Distribution
    group: int
    java_options: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def write(self, settings: str) -> None:
        """Make the folder and its settings file."""
        (self.folder / "tmp").mkdir(parents=True)
        self._settings.write_text(settings)

    def format(self, cluster_id: str) -> subprocess.Popen[bytes]:
        """Start to format the data folder."""
        tool = ("kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", self._settings)
        return self._java("format", *tool)

    def start(self) -> None:
        """Start the JVM; it is not ready yet."""
        self.process = self._java("server", "kafka.Kafka", self._settings)

    @property
    def alive(self) -> bool:
        """Whether the JVM runs or is stopped, but is not dead."""
        return self.process is not None and self.process.poll() is None

    @property
    def paused(self) -> bool:
        """Whether the JVM is stopped by a signal."""
        return self.alive and self._state() == os.CLD_STOPPED

    def signal(self, number: signal.Signals, limit: float = SIGNAL_LIMIT) -> None:
        """SIGKILL, SIGTERM, SIGSTOP or SIGCONT, and wait until it has taken effect."""
        if self.process is None or not self.alive:
            raise ClusterError(f"node {self.id} is down: restart it before it can be sent {number.name}")
        self.process.send_signal(number)
        match number:
            case signal.SIGSTOP:
                done = wait_until(lambda: self.paused or not self.alive, limit)
            case signal.SIGCONT:
                done = wait_until(lambda: not self.paused, limit)
            case _:
                done = wait_until(lambda: not self.alive, limit)
        if not done:
            raise ClusterError(f"node {self.id} did not heed {number.name} within {limit:g} s")

    def tail(self) -> str:
        """The last lines that the node wrote."""
        files = [self.folder / f"{run}.{kind}" for run in ("format", "server") for kind in ("out", "log")]
        lines = [line for file in files if file.exists() for line in file.read_text("utf-8", "replace").splitlines()]
        return "\n".join(lines[-TAIL:])

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    def _state(self) -> int:
        """CLD_STOPPED, CLD_CONTINUED or 0, without consuming the news: Popen reaps the process."""
        assert self.process is not None
        options = os.WSTOPPED | os.WCONTINUED | os.WNOHANG | os.WNOWAIT
        try:
            news = os.waitid(os.P_PID, self.process.pid, options)
        except ChildProcessError:  # it died just now
            return 0
        return news.si_code if news else 0

    def _java(self, run: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        files = (f"-Dlog4j2.configurationFile={LOG4J}", f"-Dbrokerlaw.log={self.folder / run}.log")
        options = (*JVM, *self.java_options, *files, f"-Djava.io.tmpdir={self.folder / 'tmp'}")
        with (self.folder / f"{run}.out").open("ab") as out:
            return subprocess.Popen(
                [self.distribution.java, *options, "-cp", self.distribution.classpath, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                process_group=self.group,
            )
