"""A class-data archive: the JVM maps the broker's classes ready-made, which halves its start on two cores.

See https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html, dynamic archives.
"""

import hashlib
import shutil
import signal
from dataclasses import replace
from pathlib import Path

from brokerlaw.adapters.kafka.distribution import Distribution, cache_home, locked
from brokerlaw.adapters.kafka.errors import wait_until
from brokerlaw.adapters.kafka.group import ProcessGroup
from brokerlaw.adapters.kafka.metadata import answers
from brokerlaw.adapters.kafka.node import Node
from brokerlaw.adapters.kafka.settings import for_node, for_testing, free_ports, properties, quorum

TRAINING_LIMIT = 60.0  # seconds


def java_options(distribution: Distribution) -> tuple[str, ...]:
    """The option that maps the archive of this distribution, made the first time; none if it cannot be made."""
    archive = cache_home() / "archives" / f"{_identity(distribution)}.jsa"
    with locked(archive.with_suffix(".lock")):
        if not archive.exists():
            _train(distribution, archive)
    return (f"-XX:SharedArchiveFile={archive}",) if archive.exists() else ()


def _identity(distribution: Distribution) -> str:
    """An archive fits one Java and one class path, jar for jar."""
    jars = [(str(jar), jar.stat().st_size, jar.stat().st_mtime_ns) for jar in distribution.jars]
    return hashlib.sha256(repr((str(distribution.java), distribution.java_version, jars)).encode()).hexdigest()[:16]


def _train(distribution: Distribution, archive: Path) -> None:
    """Run a node that is broker and controller in one until it serves, and end it gently: it then dumps."""
    group = ProcessGroup.open()
    try:
        dumped = group.folder / "classes.jsa"
        node = _trainee(distribution, group)
        if node.format("brokerlaw-training-0000").wait(TRAINING_LIMIT) == 0:
            trainee = replace(node, java_options=(f"-XX:ArchiveClassesAtExit={dumped}",))
            trainee.start()
            wait_until(lambda: answers(node.port) or not trainee.alive, TRAINING_LIMIT)
            if trainee.alive and trainee.process is not None:
                trainee.process.send_signal(signal.SIGTERM)
                wait_until(lambda: not trainee.alive, TRAINING_LIMIT)
        if dumped.exists():
            _move(dumped, archive)
    finally:
        group.close()


def _trainee(distribution: Distribution, group: ProcessGroup) -> Node:
    port, controller = free_ports(2)
    node = Node(1, port, group.folder / "trainee", distribution, group.id)
    ports = {"broker": str(port), "controller": str(controller)}
    own = for_node(1, ("broker", "controller"), ports, quorum({1: controller}), node.folder / "data")
    node.write(properties(for_testing(1, own)))
    return node


def _move(source: Path, target: Path) -> None:
    """Across file systems, and still at once."""
    partial = target.with_suffix(".partial")
    shutil.copyfile(source, partial)
    partial.rename(target)
