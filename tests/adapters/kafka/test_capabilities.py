"""A broker owes what it lists, and nothing that it does not; no broker is needed to see that."""

import pytest

from brokerlaw.adapters.contract import CAPABILITIES, AdapterError
from brokerlaw.adapters.kafka.capabilities import (
    ADD_OFFSETS_TO_TXN,
    BY_SOCKET,
    DELETE_GROUPS,
    DESCRIBE_GROUPS,
    FETCH,
    INCREMENTAL_ALTER_CONFIGS,
    JOIN_GROUP,
    METADATA,
    NEEDS,
    capabilities,
    disclaimed,
)

EVERYTHING = {
    api: max(needs.get(api, 0) for needs in NEEDS.values()) for api in {api for apis in NEEDS.values() for api in apis}
}


def test_every_api_listed_is_everything_claimed() -> None:
    assert set(capabilities(EVERYTHING, 3, frozenset())) == {*NEEDS, "replication", "min-isr"}
    assert capabilities(None, 3, frozenset()) == capabilities(EVERYTHING, 3, BY_SOCKET)


@pytest.mark.parametrize(
    ("api", "lost"),
    [
        (ADD_OFFSETS_TO_TXN, {"transactions"}),
        (DESCRIBE_GROUPS, {"groups.admin"}),
        (INCREMENTAL_ALTER_CONFIGS, {"alter-configs"}),
        (DELETE_GROUPS, {"groups.delete"}),
    ],
)
def test_what_is_not_listed_is_not_claimed(api: int, lost: set[str]) -> None:
    listed = {key: version for key, version in EVERYTHING.items() if key != api}
    assert set(capabilities(EVERYTHING, 3, frozenset())) - set(capabilities(listed, 3, frozenset())) == lost


@pytest.mark.parametrize(
    ("api", "version", "lost"),
    [(JOIN_GROUP, 4, {"groups.static"}), (METADATA, 6, {"inspect.partition"}), (FETCH, 3, {"headers"})],
)
def test_an_old_version_is_not_enough(api: int, version: int, lost: set[str]) -> None:
    listed = EVERYTHING | {api: version}
    assert set(capabilities(EVERYTHING, 3, frozenset())) - set(capabilities(listed, 3, frozenset())) == lost


def test_one_broker_replicates_nothing() -> None:
    alone = capabilities(EVERYTHING, 1, frozenset())
    assert alone["replication"] == 1
    assert "min-isr" not in alone


def test_what_the_user_disclaims_is_not_judged() -> None:
    without = disclaimed("transactions, groups.admin")
    assert without == {"transactions", "groups.admin"}
    assert without.isdisjoint(capabilities(EVERYTHING, 3, without))
    assert disclaimed("") == frozenset()


def test_no_capability_of_that_name() -> None:
    with pytest.raises(AdapterError, match=r"'transaction' is no capability; did you mean transactions or retention\?"):
        disclaimed("transaction")


def test_every_name_is_the_contracts() -> None:
    assert set(NEEDS) <= set(CAPABILITIES)
