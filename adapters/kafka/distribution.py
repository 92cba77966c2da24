"""Find or fetch the jars that are an Apache Kafka broker, and a Java that can run them."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from brokerlaw.adapters.kafka.errors import ClusterError

OLDEST_JAVA = 17  # Kafka 4 brokers need it (KIP-1013)
OLDEST_MAVEN = (3, 6, 3)  # maven-dependency-plugin needs it
POM = Path(__file__).with_name("pom.xml")


@dataclass(frozen=True)
class Distribution:
    """The jars of one Kafka version and the `java` that runs them."""

    version: str
    jars: tuple[Path, ...]
    java: Path
    java_version: str

    @property
    def classpath(self) -> str:
        """The jars in a fixed order: a class-data archive is tied to it."""
        return os.pathsep.join(map(str, self.jars))


def provision() -> Distribution:
    """Take the distribution that `KAFKA_HOME` names, or resolve one by Maven into the user's cache.

    Raises ClusterError if Java, Maven or the distribution is missing or too old.
    """
    java, java_version = find_java()
    home = os.environ.get("KAFKA_HOME")
    libs = Path(home) / "libs" if home else cached_libs()
    jars = tuple(sorted(libs.absolute().glob("*.jar")))
    return Distribution(kafka_version(jars, libs), jars, java, java_version)


def cache_home() -> Path:
    """`$XDG_CACHE_HOME/brokerlaw`, or `~/.cache/brokerlaw` (XDG base directory specification)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    # The specification has relative paths ignored.
    base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return base / "brokerlaw"


def find_java() -> tuple[Path, str]:
    """The `java` of JAVA_HOME or of PATH, and its full version; ClusterError unless it is new enough."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    mend = f"install a Java runtime {OLDEST_JAVA} or newer, or let JAVA_HOME name one"
    if found is None:
        raise ClusterError(f"no java in {'JAVA_HOME=' + home if home else 'PATH'}: {mend}")
    banner = _output([found, "-version"])
    match = re.search(r'version "((\d+)[^"]*)"', banner)
    if match is None:
        raise ClusterError(f"{found} -version does not name a version: {mend}")
    if int(match[2]) < OLDEST_JAVA:
        raise ClusterError(f"{found} is Java {match[1]}, too old for Kafka 4: {mend}")
    return Path(found), match[1]


def find_maven() -> Path:
    """The `mvn` of PATH; ClusterError unless it is new enough."""
    found = shutil.which("mvn")
    oldest = ".".join(map(str, OLDEST_MAVEN))
    mend = f"install Maven {oldest} or newer, or let KAFKA_HOME name an unpacked Kafka 4 distribution"
    if found is None:
        raise ClusterError(f"no mvn in PATH to fetch Kafka with: {mend}")
    match = re.search(r"Apache Maven (\d+)\.(\d+)\.(\d+)", _output([found, "-version"]))
    if match is None or tuple(map(int, match.groups())) < OLDEST_MAVEN:
        raise ClusterError(f"{found} is not Maven {oldest} or newer: {mend}")
    return Path(found)


def kafka_version(jars: tuple[Path, ...], libs: Path) -> str:
    """The version in the name of the broker's jar; ClusterError if there is none or it is not 4 or newer."""
    match = next(filter(None, (re.match(r"kafka_2\.\d+-(\d+[\w.-]*)\.jar$", jar.name) for jar in jars)), None)
    if match is None:
        raise ClusterError(f"no kafka_2.x jar in {libs}: let KAFKA_HOME name an unpacked Kafka 4 distribution")
    if int(match[1].split(".")[0]) < 4:
        raise ClusterError(f"{libs} holds Kafka {match[1]}: brokerlaw starts Kafka 4 or newer")
    return match[1]


def cached_libs() -> Path:
    """The folder of jars in the cache, resolved by Maven the first time."""
    home = cache_home() / f"kafka-{pom_version()}"
    with locked(home.with_name(home.name + ".lock")):
        if not home.is_dir():
            _resolve(home)
    return home / "libs"


def pom_version() -> str:
    """The Kafka version that our pom asks for."""
    version = ElementTree.parse(POM).findtext(".//{*}kafka.version")
    if version is None:
        raise ClusterError(f"{POM} has no kafka.version property: reinstall brokerlaw")
    return version


def _resolve(home: Path) -> None:
    """Fetch into a folder beside `home` and rename it, so that a half-written cache never counts."""
    maven = find_maven()
    partial = home.with_name(home.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed; we hold the lock
    partial.mkdir()
    pom = shutil.copy(POM, partial)
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={partial / 'libs'}"]
    try:
        done = subprocess.run([maven, "-q", "-B", "-f", pom, *goal], capture_output=True, text=True)
        if done.returncode:
            raise ClusterError(_maven_complaint(done.stdout + done.stderr))
        partial.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _maven_complaint(output: str) -> str:
    first = next((line for line in output.splitlines() if "ERROR" in line), "it said nothing")
    mend = "check the network and Maven's settings, or let KAFKA_HOME name an unpacked Kafka 4 distribution"
    return f"Maven could not fetch Kafka {pom_version()} ({first}): {mend}"


def _output(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stderr + done.stdout


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; it ends with the process that holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
