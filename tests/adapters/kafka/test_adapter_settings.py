"""What a user may set, and the one line that says what is wrong with it."""

from pathlib import Path

import pytest

pytest.importorskip("confluent_kafka")

from click.testing import CliRunner

from brokerlaw.adapters.contract import AdapterError
from brokerlaw.adapters.kafka import adapter as adapter_module
from brokerlaw.adapters.kafka.adapter import KafkaAdapter
from brokerlaw.cli.check import check


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"bootstap": "localhost:9092"},
            "there is no such setting (did you mean bootstrap?); there are",
        ),
        ({"nonsense": "1"}, "there is no such setting; there are"),
        ({"bootstrap": "b:1", "broker.log.dirs": "x"}, "the brokers at b:1 are not ours to configure"),
    ],
)
def test_a_setting_that_nobody_heeds_is_refused(settings: dict[str, str], said: str) -> None:
    with pytest.raises(AdapterError) as error:
        KafkaAdapter(settings)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_property_that_librdkafka_does_not_have_is_named() -> None:
    adapter = KafkaAdapter({"bootstrap": "127.0.0.1:1", "client.no.such": "1"})
    with pytest.raises(AdapterError, match=r'--settings client\.….*"no\.such"'):
        adapter.start()
    adapter.stop()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:no", "no.such.host.invalid"])
def test_nobody_at_the_address_is_one_line_and_exit_2(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_module, "REACH", 0.3)
    out = tmp_path / "run"
    result = CliRunner().invoke(check, ["kafka", "--settings", f"bootstrap={address}", "--out", str(out)])
    assert result.exit_code == 2
    line = result.output.strip()
    assert line.startswith("no verdict: the adapter or the suite is at fault, not the broker: no broker answers at")
    assert "\n" not in line
    assert (out / "report.json").exists()


def test_addresses_need_no_port() -> None:
    adapter = KafkaAdapter({"bootstrap": "one:19092, two"})
    adapter._bootstrap = adapter.settings["bootstrap"]
    assert adapter._addresses() == [("one", 19092), ("two", 9092)]
