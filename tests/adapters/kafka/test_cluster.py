"""The real cluster: it starts, breaks as told, heals, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from brokerlaw.adapters.kafka.cluster import KafkaCluster
from brokerlaw.adapters.kafka.errors import ClusterError, wait_until
from brokerlaw.adapters.kafka.metadata import answers, registered

LIMIT = 60.0  # seconds
ALL = {1, 2, 3}


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_cluster_needs_a_broker_and_a_controller() -> None:
    with pytest.raises(ClusterError, match="at least one broker"):
        KafkaCluster(brokers=0)


def test_a_cluster_not_started_has_no_nodes() -> None:
    with pytest.raises(ClusterError, match="has no node 1; its nodes are: none"):
        KafkaCluster().kill(1)


def listens(port: int) -> bool:
    """Even a paused process listens; a dead one does not, though nobody may have reaped it."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.kafka
def test_every_broker_knows_every_other(cluster: KafkaCluster) -> None:
    ports = cluster.ports()
    assert [registered(ports[broker]) for broker in cluster.brokers] == [ALL] * 3
    assert cluster.alive() == ALL | {101}
    assert cluster.paused() == frozenset()
    assert cluster.bootstrap == ",".join(f"127.0.0.1:{ports[broker]}" for broker in cluster.brokers)


@pytest.mark.kafka
def test_a_killed_broker_is_fenced_and_comes_back(cluster: KafkaCluster) -> None:
    ports, before = cluster.ports(), cluster.processes()[2]
    cluster.kill(2)
    assert not runs(before)
    assert cluster.alive() == {1, 3, 101}
    assert wait_until(lambda: registered(ports[1]) == {1, 3}, LIMIT)
    cluster.restart(2)
    assert cluster.processes()[2] != before
    assert wait_until(lambda: registered(ports[1]) == ALL, LIMIT)


@pytest.mark.kafka
def test_a_broker_that_shuts_down_is_gone_for_the_others_at_once_and_comes_back(cluster: KafkaCluster) -> None:
    ports, before = cluster.ports(), cluster.processes()[2]
    cluster.shut_down(2)
    assert not runs(before)
    assert cluster.alive() == {1, 3, 101}
    assert wait_until(lambda: registered(ports[1]) == {1, 3}, LIMIT)
    with pytest.raises(ClusterError, match="node 2 is down: restart it"):
        cluster.shut_down(2)
    cluster.restart(2)
    assert wait_until(lambda: registered(ports[1]) == ALL, LIMIT)


@pytest.mark.kafka
def test_what_keeps_a_broker_from_shutting_down_is_named(cluster: KafkaCluster) -> None:
    cluster.pause(1)
    with pytest.raises(ClusterError, match="node 1 is paused and cannot shut down: resume it"):
        cluster.shut_down(1)
    cluster.pause(101)
    with pytest.raises(ClusterError, match="broker 2 cannot hand over without a controller"):
        cluster.shut_down(2)
    cluster.heal()


@pytest.mark.kafka
def test_a_paused_broker_is_alive_and_silent(cluster: KafkaCluster) -> None:
    ports = cluster.ports()
    cluster.pause(3)
    assert cluster.paused() == {3}
    assert 3 in cluster.alive()
    assert not answers(ports[3], timeout=0.3)
    cluster.resume(3)
    assert cluster.paused() == frozenset()
    assert wait_until(lambda: answers(ports[3]), LIMIT)


@pytest.mark.kafka
def test_heal_mends_everything_at_once(cluster: KafkaCluster) -> None:
    cluster.pause(1)
    cluster.kill(2)
    cluster.kill(101)
    with pytest.raises(ClusterError, match="broker 2 cannot register without a controller"):
        cluster.restart(2)
    cluster.heal()
    assert cluster.alive() == ALL | {101}
    assert cluster.paused() == frozenset()
    assert all(registered(cluster.ports()[broker]) == ALL for broker in cluster.brokers)


@pytest.mark.kafka
def test_a_dead_node_takes_no_signal_and_an_unknown_one_is_named(cluster: KafkaCluster) -> None:
    cluster.kill(1)
    with pytest.raises(ClusterError, match="node 1 is down: restart it"):
        cluster.pause(1)
    with pytest.raises(ClusterError, match="no node 7; its nodes are: 101, 1, 2, 3"):
        cluster.kill(7)


@pytest.mark.kafka
def test_stop_ends_all_processes_paused_ones_too_and_removes_all_files() -> None:
    cluster = KafkaCluster(brokers=1)
    with cluster:
        folder, processes = cluster.folder, cluster.processes()
        cluster.pause(1)
    assert not folder.exists()
    assert not any(runs(pid) for pid in processes.values())
    cluster.stop()  # harmless


@pytest.mark.kafka
def test_a_setting_the_broker_refuses_is_quoted_from_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ClusterError, match=r"(?s)cannot format node.*num\.io\.threads"):
        KafkaCluster(brokers=1, broker_settings={"num.io.threads": "none"}).start()
    assert list(tmp_path.iterdir()) == []


OWNER = """
import sys
from brokerlaw.adapters.kafka.cluster import KafkaCluster
cluster = KafkaCluster(brokers=1).start()
cluster.pause(1)
print(cluster.folder, *cluster.ports().values(), flush=True)
sys.stdin.read()
"""


@pytest.mark.kafka
def test_an_owner_that_is_killed_leaves_no_process_and_no_file() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=pipe, stdout=pipe, text=True) as owner:
        assert owner.stdout is not None
        folder, *ports = owner.stdout.readline().split()
        assert len(ports) == 2
        assert all(listens(int(port)) for port in ports)
        owner.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not any(listens(int(port)) for port in ports), LIMIT)
    assert wait_until(lambda: not Path(folder).exists(), LIMIT)


@pytest.mark.kafka
def test_up_status_and_down_by_hand(tmp_path: Path) -> None:
    start = "from brokerlaw.cli.cluster import cluster; cluster()"

    def brokerlaw(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", start, "kafka", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=90)

    if brokerlaw("status").returncode == 0:
        pytest.skip("somebody's own cluster is up")
    up = brokerlaw("up", "--brokers", "1", "--settings", "unclean.leader.election.enable=true")
    try:
        assert (up.returncode, up.stderr) == (0, "")
        port = int(up.stdout.strip().removeprefix("127.0.0.1:"))
        assert registered(port) == {1}
        again = brokerlaw("up")
        assert again.returncode == 2
        assert "is up already" in again.stderr
        status = brokerlaw("status")
        assert status.returncode == 0
        assert f"node 1: port {port}" in status.stdout
        assert status.stdout.count(", answers") == 2
    finally:
        down = brokerlaw("down")
    assert down.stdout == "the cluster is down\n"
    assert not answers(port)
    assert brokerlaw("status").returncode == 3
