"""What can be said of an operation, apart from its fields: here the kinds, in `operations` each one."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal, Self, TypeAlias

from brokerlaw.spec.history.capabilities import Capability
from brokerlaw.spec.history.numbers import BrokerId
from brokerlaw.spec.history.values import Struct, snake_case

Needs: TypeAlias = tuple[Capability, ...]
Repeated: TypeAlias = Literal["nothing", "same", "again"]
"""What it does to ask once more: nothing, as of any question; the same as to ask once; or it is done again."""


class Operation(Struct, frozen=True, tag_field="f", tag=snake_case):
    """An operation: asked of an adapter, recorded in a history.

    `needs` are the capabilities of a broker that can be asked for it; `returns` is the type of the value of its `ok`.
    Of a `bulk` one a history may have millions: it is judged by tables alone.
    """

    needs: ClassVar[Needs]
    returns: ClassVar[Any] = None
    bulk: ClassVar[bool] = False
    repeated: ClassVar[Repeated] = "same"

    def uses(self) -> Iterator[Capability]:
        """The capabilities that it asks for, as its fields are."""
        yield from self.needs


class ClientOperation(Operation, frozen=True):
    """Performed by a client, which was opened before."""

    client: str


class Opening(ClientOperation, frozen=True):
    """Makes the client."""

    needs: ClassVar[Needs] = ("topics",)


class ProducerOperation(ClientOperation, frozen=True):
    """Performed by a producer."""

    needs: ClassVar[Needs] = ("topics",)


class TransactionOperation(ProducerOperation, frozen=True):
    """Begins or ends a transaction."""

    needs: ClassVar[Needs] = ("transactions",)


class ConsumerOperation(ClientOperation, frozen=True):
    """Performed by a consumer."""

    needs: ClassVar[Needs] = ("topics",)


class GroupOperation(ConsumerOperation, frozen=True):
    """Performed by a consumer as a member of its group."""

    needs: ClassVar[Needs] = ("groups",)


class GroupAdministration(Operation, frozen=True):
    """Asked of a group's coordinator, by no member."""

    needs: ClassVar[Needs] = ("groups.admin",)


class LifeOperation(ClientOperation, frozen=True):
    """Done to a client, and to the clients that belong to it."""


class Ending(LifeOperation, frozen=True):
    """Ends the client."""


class FaultOperation(Operation, frozen=True):
    """Done to brokers, to the network between them, or to time."""


class Repair(FaultOperation, frozen=True):
    """Undoes faults. Who can inject one of them can undo it: nothing more is needed."""

    needs: ClassVar[Needs] = ()

    @classmethod
    def of(cls, fault: "BrokerFault") -> Self:
        """The repair of a fault."""
        return cls()

    def ends(self, fault: "BrokerFault") -> bool:
        """Whether it undoes the fault."""
        return type(self) in fault.undone_by


class BrokerRepair(Repair, frozen=True):
    """Undoes what was done to one broker."""

    broker: BrokerId

    @classmethod
    def of(cls, fault: "BrokerFault") -> Self:
        return cls(*fault.brokers_hit)

    def ends(self, fault: "BrokerFault") -> bool:
        return type(self) in fault.undone_by and fault.brokers_hit == (self.broker,)


class BrokerFault(FaultOperation, frozen=True):
    """Lasts until it is undone. `stops`: its brokers do nothing meanwhile.

    `undone_by` is what ends it; the first is what the suite does to heal. `replaces` are faults of the same broker that
    are no longer there once this one is.
    """

    undone_by: ClassVar[tuple[type[Repair], ...]]
    replaces: ClassVar[tuple[type["BrokerFault"], ...]] = ()
    stops: ClassVar[bool] = True

    @classmethod
    def on(cls, brokers: Iterable[int]) -> tuple[Self, ...]:
        """The faults that hit these brokers."""
        raise NotImplementedError

    @property
    def brokers_hit(self) -> tuple[int, ...]:
        raise NotImplementedError

    @property
    def repair(self) -> Repair:
        return self.undone_by[0].of(self)


class SingleFault(BrokerFault, frozen=True):
    """Hits one broker."""

    broker: BrokerId

    @classmethod
    def on(cls, brokers: Iterable[int]) -> tuple[Self, ...]:
        return tuple(cls(broker) for broker in brokers)

    @property
    def brokers_hit(self) -> tuple[int, ...]:
        return (self.broker,)


class JointFault(BrokerFault, frozen=True):
    """Hits several brokers at once."""

    brokers: tuple[BrokerId, ...]

    @classmethod
    def on(cls, brokers: Iterable[int]) -> tuple[Self, ...]:
        return (cls(tuple(brokers)),)

    @property
    def brokers_hit(self) -> tuple[int, ...]:
        return self.brokers
