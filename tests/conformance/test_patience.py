"""Patience has an end, also on a clock that stands still while a broker is asked."""

from brokerlaw.adapters.contract import Adapter, Description
from brokerlaw.conformance.names import Names
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.conformance.patience import LONGEST, LOOKS, MANY, Patience
from brokerlaw.conformance.session import Session
from brokerlaw.spec.history.rows import Header


class Still(Adapter):
    """Its time passes only where somebody waits."""

    time = 0

    def now(self) -> int:
        return self.time

    def wait(self, milliseconds: int) -> None:
        self.time += milliseconds * 1_000_000


def session(adapter: Adapter) -> Session:
    return Session(adapter, Description("still", "1", {"topics": None}), UserSettings({}, {}), Names(""), Header())


def test_patience_ends_where_time_stands_still() -> None:
    patience, looks = Patience(session(Still({})), 1_000), 0
    while patience.left:
        looks += 1
    assert MANY < looks < 2 * MANY


def test_patience_of_no_time_at_all_looks_a_few_times() -> None:
    patience, looks = Patience(session(Still({})), 0), 0
    while patience.left:
        looks += 1
    assert looks == LOOKS


def test_what_comes_nearer_is_waited_for_longer_but_not_for_ever() -> None:
    adapter = Still({})
    patience, looks = Patience(session(adapter), 1_000), 0
    while patience.left:
        looks += 1
        adapter.wait(900)
        patience.renew()
    assert LONGEST * 1_000 < looks * 900 < (LONGEST + 2) * 1_000 + LOOKS * 900
