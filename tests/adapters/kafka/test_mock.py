"""The mock cluster of librdkafka, end to end: what it keeps, what it breaks, what it does not claim."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from brokerlaw.adapters.registry import resolve
from brokerlaw.cli.check import check
from brokerlaw.cli.replay import replay
from brokerlaw.conformance.smoke import smoke

pytestmark = pytest.mark.mock
TRACE = Path(__file__).parents[3] / "reports/traces/kafka-mock/trace-3-transactions.committed-only.json"
TRANSACTIONS = ("delivery.exactly-once", "transactions.committed-only", "transactions.atomic")
KEPT = ("ordering.offsets-increase", "ownership.complete")
MIN_ISR = "durability.min-isr-refuses"


def run(folder: Path, *arguments: str) -> Result:
    options = ("--max-time", "20", "--shrink-time", "5", "--out", str(folder))
    return CliRunner().invoke(check, ["kafka-mock", *options, *arguments])


def test_without_transactions_its_promises_are_kept(tmp_path: Path) -> None:
    chosen = [word for name in (*KEPT, MIN_ISR, *TRANSACTIONS) for word in ("--select", name)]
    result = run(tmp_path / "run", "--settings", "without=transactions", *chosen)
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    verdicts = {verdict["invariant"]: verdict["status"] for verdict in report["verdicts"]}
    assert result.exit_code == report["exit_code"], result.output
    assert {verdicts[name] for name in TRANSACTIONS} == {"not claimed"}
    assert verdicts[MIN_ISR] == "not claimed"
    assert {verdicts[name] for name in KEPT} == {"pass"}
    assert "replication" not in report["description"]["capabilities"]


def test_an_open_transaction_is_read_and_that_is_shown() -> None:
    again = CliRunner().invoke(replay, [str(TRACE), "--runs", "2"])
    assert again.exit_code == 1, again.output
    assert "reproduced 2/2 on kafka-mock" in again.output


def test_it_has_brokers_of_its_own(tmp_path: Path) -> None:
    result = run(tmp_path / "run", "--settings", "bootstrap=127.0.0.1:9092")
    assert result.exit_code == 2
    assert "bootstrap= is for the adapter kafka" in result.output


def test_its_adapter_is_sound_and_what_the_mock_lacks_is_not_said_to_be_the_adapters() -> None:
    results = list(smoke(resolve("kafka-mock", {}), "smoke-", 120.0))
    unwell = [each for each in results if each.status not in ("pass", "not claimed")]
    assert all(each.status == "unsure" and "transactions" in each.needs for each in unwell), unwell
    assert sum(each.status == "pass" for each in results) > 20
