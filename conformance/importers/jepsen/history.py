"""From the operations of a Jepsen history to a recording."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from brokerlaw.conformance.importers.jepsen.clients import Client, starts
from brokerlaw.conformance.importers.jepsen.events import TRANSACTIONS, Event, Key, events, keys, partition
from brokerlaw.conformance.importers.jepsen.transactions import Transaction
from brokerlaw.conformance.importers.timeline import ForeignError, Timeline
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.numbers import INT32, MILLISECOND
from brokerlaw.spec.history.operations import Isolation
from brokerlaw.spec.history.outcomes import Ok, Unknown
from brokerlaw.spec.history.rows import Recording
from brokerlaw.spec.history.values import PartitionOffset, TopicPartition

NEMESIS: Final = "nemesis"
ENDS: Final = {":start": ":kill", ":resume": ":pause", ":stop-partition": ":start-partition"}
"""What of the nemesis undoes which fault of it; other faults are not known to end."""
TORN_DOWN: Final = Unknown("TORN_DOWN", "Jepsen tears the client down, and opens another")


class Options(NamedTuple):
    """What a history does not tell. `transactions`: whether its operations are transactions; None: as they look."""

    partitions: int = 2
    transactions: bool | None = None


def read(name: str, lines: Iterable[bytes], settings: UserSettings, options: Options) -> Recording:
    """Raises `ForeignError`."""
    told = list(events(name, lines))
    if not any(event.f in TRANSACTIONS for event in told):
        raise ForeignError(f"{name}: no :send, :poll or :txn in it: this is no history of Jepsen's Kafka workload")
    return _Reading(told, settings, options).recording()


def looks_transactional(told: Iterable[Event]) -> bool:
    """Only transactions have several parts, or sends and polls at once."""
    return any(event.f == ":txn" or len(event.parts) > 1 for event in told)


def ends(told: Iterable[Event], isolation: Isolation) -> dict[Key, int]:
    """How far each key's log certainly went, for readers at this level: behind the last record that is known."""
    found: dict[Key, int] = {}
    for event in told:
        counts = event.type == ":ok" or isolation == "read_uncommitted"
        offsets = [(part.key, part.offset) for part in event.sends if counts and part.answered]
        offsets += [(key, at) for poll in event.polls for key, records in poll.records.items() for at, _ in records]
        for key, offset in offsets:
            found[key] = max(found.get(key, 0), offset + 1)
    return found


class _Reading:
    """Goes through a history once, in its order."""

    def __init__(self, told: Sequence[Event], settings: UserSettings, options: Options) -> None:
        self.told = told
        self.partitions = options.partitions
        self.transactional = options.transactions
        if self.transactional is None:
            self.transactional = looks_transactional(told)
        self.isolation = settings.apply(ops.OpenConsumer("")).isolation
        self.starts = starts(reversed(told))
        self.ends = ends(told, self.isolation)
        self.clients: dict[int, Client] = {}
        self.faults: set[str] = set()
        self.timeline = Timeline(settings)

    def recording(self) -> Recording:
        """Raises `ForeignError`."""
        self._topics()
        invoked: dict[int, Event] = {}
        for event in self.told:
            if not isinstance(event.process, int):
                self._nemesis(event)
            elif event.type == ":invoke":
                if event.process in invoked:
                    raise event.wrong(f"process {event.process} is still in an operation")
                invoked[event.process] = event
            elif (begun := invoked.pop(event.process, None)) is None:
                raise event.wrong(f"process {event.process} completes what it did not invoke")
            else:
                self._operation(begun, event, event.process)
        for process, begun in invoked.items():
            self._operation(begun, None, process)
        for client in self.clients.values():
            self._never_drained(client)
        return self.timeline.recording("a broker under Jepsen")

    def _topics(self) -> None:
        """Jepsen's clients create each topic before they use it: nothing is in them but what the history shows."""
        used: dict[str, int] = {}
        for event in self.told:
            for key in self._keys(event):
                at = self._at(key)
                used[at.topic] = self.partitions if isinstance(key, int) else 1
        for topic, count in used.items():
            op = ops.CreateTopic(topic, count, replication=-1)
            self.timeline.do(self.told[0].time, self.told[0].time, "jepsen", op)

    def _keys(self, event: Event) -> Iterable[Key]:
        if event.f in (":assign", ":subscribe"):
            yield from keys(event, event.value)
        for send in event.sends:
            yield send.key
        for poll in event.polls:
            yield from poll.records

    def _at(self, key: Key) -> TopicPartition:
        return partition(key, self.partitions)

    def _nemesis(self, event: Event) -> None:
        """While a fault may last, some broker may be cut off: more is not asked of the words of a nemesis."""
        calm = not self.faults
        if event.f in ENDS:
            self.faults.discard(ENDS[event.f])
        else:
            self.faults.add(event.f)
        if calm and self.faults:
            self.timeline.do(event.time, event.time, NEMESIS, ops.IsolateBrokers((0,)), Unknown("NEMESIS", event.f))
        elif not calm and not self.faults:
            self.timeline.do(event.time, event.time, NEMESIS, ops.HealNetwork())

    def _operation(self, begun: Event, done: Event | None, process: int) -> None:
        client = self.clients.setdefault(process, Client(process))
        match begun.f:
            case ":assign" if done is not None and done.type == ":ok":
                self._assign(client, begun, done)
            case ":subscribe" if done is not None and done.type == ":ok":
                self._subscribe(client, begun, done)
            case ":debug-topic-partitions" if done is not None and done.type == ":ok":
                self._list_ends(client, begun, done)
            case f if f in TRANSACTIONS:
                Transaction(self.timeline, client, begun, done, self._at, bool(self.transactional)).tell()
                if done is not None:
                    self._drained(client, done.time)
        if done is not None and (done.type == ":info" or done.more.get(":end-process?")):
            client.waited.clear()
            for name in client.opened:
                self.timeline.do(done.time, done.time, name, ops.Close(name), TORN_DOWN)

    def _assign(self, client: Client, begun: Event, done: Event) -> None:
        client.open_consumer(self.timeline, begun.time)
        begin = bool(done.more.get(":seek-to-beginning?"))
        places = client.assign(keys(done, done.value), self.starts[done.place], begin)
        offsets = tuple(PartitionOffset(*self._at(key), offset) for key, offset in places.items())
        self.timeline.do(begun.time, done.time, client.consumer, ops.Assign(client.consumer, offsets))

    def _subscribe(self, client: Client, begun: Event, done: Event) -> None:
        client.open_consumer(self.timeline, begun.time)
        client.subscribe()
        topics = tuple(dict.fromkeys(self._at(key).topic for key in keys(done, done.value)))
        self.timeline.do(begun.time, done.time, client.consumer, ops.Subscribe(client.consumer, topics))

    def _list_ends(self, client: Client, begun: Event, done: Event) -> None:
        """Bufstream's tests ask for the end of each log here, as an administrator; others for what is no history."""
        for key, state in done.value.items() if isinstance(done.value, dict) else ():
            offset = state.get(":offset") if isinstance(state, dict) else None
            if isinstance(key, int) and type(offset) is int and offset >= 0:
                op = ops.ListOffsets(*self._at(key))
                self.timeline.do(begun.time, done.time, client.process, op, Ok(offset))

    def _drained(self, client: Client, time: int) -> None:
        """Whoever began at the beginning and came behind the last record that anybody knows of has read all of them."""
        for key in list(client.waited):
            end = self.ends.get(key, 0)
            if 0 < end <= client.position.get(key, 0):
                drained = seen.Drained(*self._at(key), 0, end, self.isolation)
                self.timeline.observe(time, client.consumer, drained)
                del client.waited[key]

    def _never_drained(self, client: Client) -> None:
        """Whoever began at the beginning, and polled to the last for a record that is known to stand there."""
        for key, waited in client.waited.items():
            if self.ends.get(key, 0) > client.position.get(key, 0) and waited >= MILLISECOND:
                milliseconds = min(waited // MILLISECOND, INT32)
                wait = seen.WaitTimedOut("drained", milliseconds, *self._at(key), isolation=self.isolation)
                self.timeline.observe(client.polled, client.consumer, wait)
