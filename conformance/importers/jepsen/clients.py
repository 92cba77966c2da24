"""What is known of one process of a Jepsen history as it goes on: its clients, and where its consumer stands."""

from collections.abc import Iterable
from typing import Final

from brokerlaw.conformance.importers.jepsen.events import Event, Key, Polled, keys
from brokerlaw.conformance.importers.timeline import Timeline
from brokerlaw.spec.history import operations as ops

GROUP: Final = "jepsen-group"


class Client:
    """A process: `position` is where its consumer reads on, for each key for which that is known.

    `waited` has the keys that it reads from their beginning and has not read to their end: how long (ns) it has polled
    in vain for the next record.
    """

    def __init__(self, process: int) -> None:
        self.process = f"process-{process}"
        self.producer = f"producer-{process}"
        self.consumer = f"consumer-{process}"
        self.opened: dict[str, None] = {}
        self.subscribed = False
        self.position: dict[Key, int] = {}
        self.waited: dict[Key, int] = {}
        self.polled = 0

    def open_producer(self, timeline: Timeline, time: int, transactional: bool) -> None:
        """Once, with the settings that Kafka's clients have by themselves."""
        if self.producer not in self.opened:
            self.opened[self.producer] = None
            name = self.process if transactional else None
            timeline.do(time, time, self.producer, ops.OpenProducer(self.producer, transactional_id=name))

    def open_consumer(self, timeline: Timeline, time: int) -> None:
        """Once, with the settings that Kafka's clients have by themselves."""
        if self.consumer not in self.opened:
            self.opened[self.consumer] = None
            op = ops.OpenConsumer(self.consumer, GROUP, reset="latest", auto_commit=True)
            timeline.do(time, time, self.consumer, op)

    def assign(self, wanted: Iterable[Key], starts: dict[Key, int], to_beginning: bool) -> dict[Key, int]:
        """Where it reads each key from now on. What it had keeps its place; else `starts` says where it went on."""
        kept = {} if to_beginning else self.position
        begins = {key: 0 if to_beginning else kept.get(key, starts.get(key, -1)) for key in wanted}
        kept_waiting = {} if to_beginning else self.waited
        self.waited = {key: kept_waiting.get(key, 0) for key in begins if to_beginning or key in self.waited}
        self.position = {key: offset for key, offset in begins.items() if offset >= 0}
        self.subscribed = False
        return self.position

    def subscribe(self) -> None:
        """Its group says what it reads, and from where."""
        self.subscribed = True
        self.position, self.waited = {}, {}

    def read(self, polls: Iterable[Polled], begun: int, ended: int) -> None:
        """It goes on behind what it was given."""
        for poll in polls:
            given = {key: records[-1][0] + 1 for key, records in poll.records.items() if records}
            self.position |= given
            self.polled = ended
            for key in self.waited.keys() & poll.unplaced:
                del self.waited[key]  # where its records stand is not known
            self.waited = {key: 0 if key in given else so_far + ended - begun for key, so_far in self.waited.items()}


def first_offsets(polls: Iterable[Polled]) -> dict[Key, int]:
    """The first offset that was read of each key."""
    found: dict[Key, int] = {}
    for poll in polls:
        for key, records in poll.records.items():
            if records:
                found.setdefault(key, records[0][0])
    return found


def starts(events: Iterable[Event]) -> dict[str, dict[Key, int]]:
    """By the place of each assignment: where its process then read each of its keys first. Events come last first.

    Kafka's `assign` names no offset: the consumer goes on at its group's commit, or as its reset policy says. Where
    that was is shown by the first record that it gave.
    """
    ahead: dict[object, dict[Key, int]] = {}
    found: dict[str, dict[Key, int]] = {}
    for event in events:
        reads = ahead.setdefault(event.process, {})
        match event.f:
            case ":assign" if event.type == ":ok":
                wanted = set(keys(event, event.value))
                found[event.place] = ahead[event.process] = {key: at for key, at in reads.items() if key in wanted}
            case ":subscribe" if event.type == ":ok":
                reads.clear()
            case ":poll" | ":txn" if event.type != ":invoke":
                reads |= first_offsets(event.polls)
    return found
