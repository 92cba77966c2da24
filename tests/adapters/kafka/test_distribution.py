"""Provisioning: what is missing is named with its mend, and half a cache is no cache."""

import stat
from pathlib import Path

import pytest

from brokerlaw.adapters.kafka import distribution
from brokerlaw.adapters.kafka.errors import ClusterError


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing but our programs and the basics they need, and an empty cache."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("JAVA_HOME", "KAFKA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return programs


def program(folder: Path, name: str, script: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def java(folder: Path, version: str = "17.0.1") -> None:
    program(folder, "java", f"echo 'Picked up JAVA_TOOL_OPTIONS: x' >&2; echo 'openjdk version \"{version}\"' >&2")


def maven(folder: Path, work: str) -> None:
    """A Maven that does `work` with $out, the folder it is told to fill."""
    find = 'for a; do case "$a" in -DoutputDirectory=*) out="${a#*=}";; esac; done'
    says = '[ "$1" = -version ] && { echo "Apache Maven 3.9.9 (x)"; exit 0; }'
    program(folder, "mvn", f"{says}\n{find}\n{work}")


FETCH = 'mkdir -p "$out"; : > "$out/kafka_2.13-4.3.1.jar"; : > "$out/a.jar"; echo x >> "$out/../../fetches"'


def test_missing_java_is_named_with_its_mend() -> None:
    with pytest.raises(ClusterError, match=r"^no java in PATH: install a Java runtime 17 or newer[^\n]*$"):
        distribution.provision()


def test_java_home_without_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(ClusterError, match=r"no java in JAVA_HOME=.*nowhere"):
        distribution.provision()


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2"])
def test_old_java_is_refused(fresh: Path, version: str) -> None:
    java(fresh, version)
    with pytest.raises(ClusterError, match=f"is Java {version}, too old"):
        distribution.find_java()


@pytest.mark.parametrize("version", ["17.0.15", "21", "25-ea"])
def test_new_java_is_taken(fresh: Path, version: str) -> None:
    java(fresh, version)
    assert distribution.find_java() == (fresh / "java", version)


def test_missing_maven_is_named_with_its_mend(fresh: Path) -> None:
    java(fresh)
    with pytest.raises(ClusterError, match=r"^no mvn in PATH [^\n]*: install Maven 3\.6\.3 [^\n]*KAFKA_HOME[^\n]*$"):
        distribution.provision()


def test_old_maven_is_refused(fresh: Path) -> None:
    program(fresh, "mvn", "echo 'Apache Maven 3.3.9'")
    with pytest.raises(ClusterError, match=r"not Maven 3\.6\.3 or newer"):
        distribution.find_maven()


def test_maven_fetches_once(fresh: Path, tmp_path: Path) -> None:
    java(fresh)
    maven(fresh, FETCH)
    first, second = distribution.provision(), distribution.provision()
    assert first == second
    assert [jar.name for jar in first.jars] == ["a.jar", "kafka_2.13-4.3.1.jar"]
    assert first.version == "4.3.1"
    assert (tmp_path / "cache/brokerlaw/fetches").read_text() == "x\n"


def test_maven_that_fails_leaves_no_cache(fresh: Path, tmp_path: Path) -> None:
    java(fresh)
    maven(fresh, 'mkdir -p "$out"; : > "$out/kafka_2.13-4.3.1.jar"; echo "[ERROR] no network"; exit 1')
    with pytest.raises(ClusterError, match=r"^Maven could not fetch Kafka 4[^\n]*no network[^\n]*$"):
        distribution.provision()
    assert [p.name for p in (tmp_path / "cache/brokerlaw").iterdir() if p.is_dir()] == []


def test_a_half_written_cache_does_not_count(fresh: Path, tmp_path: Path) -> None:
    version = distribution.pom_version()
    partial = tmp_path / f"cache/brokerlaw/kafka-{version}.partial/libs"
    partial.mkdir(parents=True)
    (partial / f"kafka_2.13-{version}.jar").touch()
    java(fresh)
    maven(fresh, FETCH)
    assert len(distribution.provision().jars) == 2
    assert not partial.exists()


def test_kafka_home_needs_no_maven(fresh: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java(fresh)
    libs = tmp_path / "kafka/libs"
    libs.mkdir(parents=True)
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path / "kafka"))
    with pytest.raises(ClusterError, match=r"no kafka_2\.x jar"):
        distribution.provision()
    (libs / "kafka_2.13-4.0.0.jar").touch()
    assert distribution.provision().version == "4.0.0"


def test_kafka_3_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"holds Kafka 3\.9\.1"):
        distribution.kafka_version((tmp_path / "kafka_2.13-3.9.1.jar",), tmp_path)


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    assert distribution.cache_home() == Path.home() / ".cache/brokerlaw"
