"""The admin client's process: librdkafka may abort it, and the adapter goes on."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")

from brokerlaw.adapters.contract import AdapterError
from brokerlaw.adapters.kafka.administrator import AdministratorProcess
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Ok, Unknown

TOY = """
import os
from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.adapters.serve import serve
from brokerlaw.spec.history.outcomes import Ok
class Toy(Adapter):
    def describe(self): return Description("toy", "1", {"topics": None})
    def delete_topic(self, op): return Ok()
    def list_groups(self, op): os.abort()
    def lag(self, op): return None
serve(Toy)
"""


@pytest.fixture
def administrator() -> Iterator[AdministratorProcess]:
    process = AdministratorProcess((sys.executable, "-c", TOY))
    process.start({})
    yield process
    process.end()


def asked(administrator: AdministratorProcess, op: Any) -> Any:
    answer = administrator.perform(op)
    return answer[0] if isinstance(answer, tuple) else answer


def test_what_was_asked_of_one_that_died_is_unknown_and_the_next_is_answered(
    administrator: AdministratorProcess,
) -> None:
    assert asked(administrator, ops.DeleteTopic("t")) == Ok()
    for _ in range(2):
        outcome = asked(administrator, ops.ListGroups())
        assert isinstance(outcome, Unknown)
        assert (outcome.error, "SIGABRT" in outcome.message) == ("ADMIN_CLIENT_CRASHED", True)
        assert asked(administrator, ops.DeleteTopic("t")) == Ok()


def test_misuse_is_told(administrator: AdministratorProcess) -> None:
    with pytest.raises(AdapterError, match="returned None from lag"):
        administrator.perform(ops.Lag("g", "t", 0))


def test_it_ends(administrator: AdministratorProcess) -> None:
    assert administrator._channel is not None
    pid = administrator._channel.pid
    administrator.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
