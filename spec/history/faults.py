"""Faults and their repairs, the passing of time, and a look inside: what is done to a cluster, not asked of a broker.

They stand in the table of `operations` with the others.
"""

from typing import Any, ClassVar, Final, Literal, TypeAlias

from brokerlaw.spec.history.numbers import BrokerId, PartitionNumber
from brokerlaw.spec.history.operation import (
    BrokerFault,
    BrokerRepair,
    FaultOperation,
    JointFault,
    Needs,
    Operation,
    Repair,
    Repeated,
    SingleFault,
)
from brokerlaw.spec.history.roles import Name, Wait
from brokerlaw.spec.history.values import PartitionState, Record

FaultKind: TypeAlias = Literal["kill", "stop", "pause", "isolate"]


class RestartBroker(BrokerRepair, frozen=True):
    """Start a broker that is down; returns when it has registered again."""


class ResumeBroker(BrokerRepair, frozen=True):
    """Let a paused broker go on."""


class HealNetwork(Repair, frozen=True):
    """End every isolation."""


class PauseBroker(SingleFault, frozen=True):
    """Stop a broker's process without ending it."""

    needs: ClassVar[Needs] = ("faults.pause",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (ResumeBroker, RestartBroker)


class KillBroker(SingleFault, frozen=True):
    """End a broker's process at once."""

    needs: ClassVar[Needs] = ("faults.kill",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (RestartBroker,)
    replaces: ClassVar[tuple[type[BrokerFault], ...]] = (PauseBroker,)


class StopBroker(SingleFault, frozen=True):
    """Shut a broker down in good order: replicas in sync lead first what it led. Returns when its process has ended."""

    needs: ClassVar[Needs] = ("faults.stop",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (RestartBroker,)


class IsolateBrokers(JointFault, frozen=True):
    """Cut these brokers off from all others, and from the clients where `clients` says so."""

    needs: ClassVar[Needs] = ("faults.isolate",)
    undone_by: ClassVar[tuple[type[Repair], ...]] = (HealNetwork,)
    stops: ClassVar[bool] = False
    clients: bool = False


class ElectLeader(FaultOperation, frozen=True):
    """Ask for the preferred leader of a partition."""

    needs: ClassVar[Needs] = ("faults.elect",)
    topic: Name
    partition: PartitionNumber


class AdvanceClock(FaultOperation, frozen=True):
    """Let time pass: simulated clocks jump, real ones wait."""

    repeated: ClassVar[Repeated] = "again"
    needs: ClassVar[Needs] = ("faults.clock",)
    duration: Wait


class DescribePartition(Operation, frozen=True):
    """Leader, leader epoch, replicas and in-sync set, as the cluster's metadata has them."""

    repeated: ClassVar[Repeated] = "nothing"
    needs: ClassVar[Needs] = ("inspect.partition",)
    returns: ClassVar[Any] = PartitionState
    topic: Name
    partition: PartitionNumber


class ReadReplica(Operation, frozen=True):
    """The log of one replica, as far as the broker shows it."""

    repeated: ClassVar[Repeated] = "nothing"
    needs: ClassVar[Needs] = ("inspect.replica",)
    returns: ClassVar[Any] = tuple[Record, ...]
    topic: Name
    partition: PartitionNumber
    broker: BrokerId


FAULTS: Final[dict[FaultKind, type[BrokerFault]]] = {
    "kill": KillBroker,
    "stop": StopBroker,
    "pause": PauseBroker,
    "isolate": IsolateBrokers,
}


def faults_undone_by(repair: type[Repair]) -> tuple[type[BrokerFault], ...]:
    """The faults that the suite undoes by it."""
    return tuple(kind for kind in FAULTS.values() if kind.undone_by[0] is repair)
