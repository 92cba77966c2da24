"""The one table: what is true of an operation, a fault or a capability is said on it, and all of it is there."""

from typing import get_args

import pytest

from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.capabilities import ABILITIES, CAPABILITIES, Capability
from brokerlaw.spec.history.operation import BrokerFault, ClientOperation, FaultOperation, Operation, Repair
from brokerlaw.spec.history.roles import Role, fields
from brokerlaw.spec.invariants import INVARIANTS

EVERY = list(ops.OPERATIONS.values())
FAULTS = [kind for kind in EVERY if issubclass(kind, BrokerFault)]


def kinds(of: type[Operation]) -> set[type[Operation]]:
    """The operations below a kind in the classes, and not only in the union; tests have some of their own."""
    subs = [sub for sub in of.__subclasses__() if sub.__module__.startswith("brokerlaw.")]
    return {of} if not subs else {leaf for sub in subs for leaf in kinds(sub)}


def test_every_operation_is_in_the_table() -> None:
    assert set(EVERY) == kinds(Operation)


@pytest.mark.parametrize("kind", EVERY)
def test_every_operation_says_what_it_needs(kind: type[Operation]) -> None:
    assert bool(kind.needs) != issubclass(kind, Repair)
    assert set(kind.needs) <= set(CAPABILITIES)


def test_every_capability_is_in_its_table() -> None:
    assert get_args(Capability) == tuple(ABILITIES)


def test_every_capability_has_operations_or_says_what_it_is() -> None:
    needed = {need for kind in EVERY for need in kind.needs}
    assert [name for name, ability in ABILITIES.items() if name not in needed and not ability.about] == []


def test_promises_name_capabilities_that_there_are() -> None:
    named = {name for entry in INVARIANTS.values() for name in (*entry.capabilities, *entry.covers)}
    assert {name for name in named if not name.startswith("claims.")} <= set(CAPABILITIES)


def test_a_client_is_a_field_of_the_operations_that_a_client_performs() -> None:
    for kind in EVERY:
        assert issubclass(kind, ClientOperation) == ("client" in kind.__struct_fields__), kind
    assert ops.client_of(ops.Poll("c")) == "c"
    assert ops.client_of(ops.DeleteTopic("t")) is None


def test_names_settings_and_waits_are_the_fields_that_they_were() -> None:
    marked = {role: {name for kind in EVERY for name in fields(kind, role)} for role in Role}
    names = {"topic", "topics", "group", "transactional_id", "instance_id"}
    assert marked[Role.NAME] == names | {"queue", "dead_letter_queue", "deduplication_id"}
    assert fields(ops.CreateTopic, Role.NAME) == ("topic",)
    assert fields(ops.CreateTopic, Role.SETTING) == ("replication",)
    assert {"acks", "isolation", "protocol", "session_timeout"} <= marked[Role.SETTING]
    assert marked[Role.WAIT] == {"timeout", "duration"}
    assert fields(ops.Extend, Role.WAIT) == ()


@pytest.mark.parametrize(
    ("op", "uses"),
    [
        (ops.CreateTopic("t"), set()),
        (ops.CreateTopic("t", 1, 3, {"min.insync.replicas": "2"}), {"replication", "min-isr"}),
        (ops.ListOffsets("t", 0, 17), {"timestamps"}),
        (ops.Send("p", "t", b"", timestamp=0), {"timestamps"}),
        (ops.OpenProducer("p"), {"idempotence"}),
        (ops.OpenProducer("p", idempotent=False), set()),
        (ops.OpenProducer("p", transactional_id="x"), {"transactions"}),
        (ops.OpenConsumer("c"), set()),
        (ops.OpenConsumer("c", "g", assignor="cooperative-sticky"), {"groups", "groups.cooperative"}),
        (ops.OpenConsumer("c", "g", protocol="consumer", instance_id="i"), {"groups", "groups.next", "groups.static"}),
        (ops.OpenConsumer("c", isolation="read_committed"), {"transactions"}),
    ],
)
def test_what_an_operation_uses_depends_on_its_fields(op: Operation, uses: set[Capability]) -> None:
    assert set(op.uses()) == {"topics", *uses}


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_says_what_undoes_it(kind: type[BrokerFault]) -> None:
    assert kind in ops.FAULTS.values()
    assert kind.undone_by
    for fault in kind.on((1,)):
        assert fault.brokers_hit == (1,)
        assert fault.repair.ends(fault)
        assert all(repair.of(fault).ends(fault) for repair in kind.undone_by)
        assert kind in ops.faults_undone_by(type(fault.repair))
        others = [repair for repair in EVERY if issubclass(repair, Repair) and repair not in kind.undone_by]
        assert not any(repair.of(fault).ends(fault) for repair in others)


def test_a_repair_is_of_its_own_broker() -> None:
    assert ops.RestartBroker(1).ends(ops.KillBroker(1))
    assert ops.RestartBroker(1).ends(ops.PauseBroker(1))
    assert not ops.RestartBroker(1).ends(ops.KillBroker(2))
    assert not ops.ResumeBroker(1).ends(ops.KillBroker(1))
    assert ops.HealNetwork().ends(ops.IsolateBrokers((1, 2)))


def test_every_repair_undoes_something() -> None:
    undoing = {repair for kind in FAULTS for repair in kind.undone_by}
    assert undoing == {kind for kind in EVERY if issubclass(kind, Repair)}
    assert all(ops.faults_undone_by(repair) for repair in undoing)
    assert all(issubclass(kind, FaultOperation) for kind in (*FAULTS, *undoing))
