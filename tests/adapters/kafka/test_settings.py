"""Ports and settings of a test cluster."""

import socket
from pathlib import Path

import pytest

from brokerlaw.adapters.kafka import settings


def test_ports_are_distinct_and_below_the_range_of_outgoing_connections() -> None:
    ports = settings.free_ports(20)
    assert len(set(ports)) == 20
    assert set(ports) <= set(settings.PORTS)


def test_a_port_in_use_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(settings, "PORTS", range(port, port + 1))
        assert settings.free_ports(1) == []
    assert settings.free_ports(1) == [port]


def test_the_callers_settings_win() -> None:
    own = {"replica.lag.time.max.ms": "5", "x.y": "z"}
    merged = settings.for_testing(3, own)
    assert own.items() <= merged.items()
    assert merged["broker.session.timeout.ms"] == "1000"


@pytest.mark.parametrize(("brokers", "replicas", "in_sync"), [(1, "1", "1"), (2, "2", "2"), (5, "3", "2")])
def test_internal_topics_fit_the_cluster(brokers: int, replicas: str, in_sync: str) -> None:
    table = settings.replication(brokers)
    assert table["offsets.topic.replication.factor"] == replicas
    assert table["transaction.state.log.min.isr"] == in_sync


def test_listeners_are_loopback_only() -> None:
    node = settings.for_node(1, ("broker",), {"broker": "20001"}, settings.quorum({101: 20000}), Path("data"))
    assert node["listeners"] == "BROKER://127.0.0.1:20001"
    assert node["controller.quorum.voters"] == "101@127.0.0.1:20000"


def test_a_backslash_survives_a_properties_file() -> None:
    assert settings.properties({"a": r"b\c"}) == "a=b\\\\c\n"
