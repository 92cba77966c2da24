"""A fault for a broker that does not run, and a repair of one that does not stand still, are refused."""

import pytest

from brokerlaw.adapters.kafka.adapter import KafkaAdapter
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome


class Cluster:
    """Broker 1 runs, 2 stands still, 3 is down."""

    def __init__(self) -> None:
        self.hit: list[int] = []

    def alive(self) -> frozenset[int]:
        return frozenset({1, 2})

    def paused(self) -> frozenset[int]:
        return frozenset({2})

    def kill(self, broker: int) -> None:
        self.hit.append(broker)

    shut_down = pause = resume = kill


@pytest.mark.parametrize(
    ("fault", "able"),
    [(ops.KillBroker, (1, 2)), (ops.StopBroker, (1,)), (ops.PauseBroker, (1, 2)), (ops.ResumeBroker, (2,))],
)
def test_what_cannot_be_done_to_a_broker_is_refused(
    fault: type[ops.KillBroker], able: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Cluster()
    monkeypatch.setattr(KafkaAdapter, "_own", cluster)
    adapter = KafkaAdapter({})
    outcomes: dict[int, Outcome] = {broker: adapter.perform(fault(broker)) for broker in (1, 2, 3)}  # type: ignore[misc]
    assert tuple(broker for broker, outcome in outcomes.items() if outcome == Ok()) == able == tuple(cluster.hit)
    assert all(isinstance(outcome, Ok | Fail) for outcome in outcomes.values())
