"""The log of a VerifiableConsumer: rebalances, the records of each poll (with `--verbose`), and commits."""

from collections.abc import Sequence
from typing import Final

from brokerlaw.conformance.importers.json_lines import Line
from brokerlaw.conformance.importers.timeline import DONE, Timeline
from brokerlaw.spec.history import observations as seen, operations as ops
from brokerlaw.spec.history.numbers import INT32
from brokerlaw.spec.history.outcomes import Ok, Unknown
from brokerlaw.spec.history.values import PartitionOffset, Record, TopicPartition

REBALANCES: Final[dict[str, type[seen.Assigned | seen.Revoked | seen.Lost]]] = {
    "partitions_assigned": seen.Assigned,
    "partitions_revoked": seen.Revoked,
    "partitions_lost": seen.Lost,
}
UNTOLD: Final = Unknown("NOT_TOLD", "the records are not in the log: run the consumer with --verbose")


class Consumer:
    """One member of a group: it polls, and commits what it polled, one after the other."""

    def __init__(self, client: str, group: str, told: Sequence[Line]) -> None:
        self.client = client
        self.group = group
        self.told = told
        self.by_hand = any(line.fields.get("name") == "offsets_committed" for line in told)
        self.now = min(self._time(line) for line in told)
        self.records: list[Record] = []
        self.reached: dict[PartitionOffset, int] = {}
        self.uncommitted: tuple[PartitionOffset, ...] = ()

    def tell(self, timeline: Timeline) -> None:
        """A poll is taken to begin when the line before it was written."""
        begun = self.now
        consumer = ops.OpenConsumer(self.client, self.group, auto_commit=not self.by_hand)
        timeline.do(begun, begun, self.client, consumer)
        timeline.do(begun, begun, self.client, ops.Subscribe(self.client, self._topics()))
        poll = timeline.invoke(begun, self.client, self._poll())
        for line in self.told:
            time = max(self._time(line), self.now)
            match line.fields.get("name"):
                case "partitions_assigned" | "partitions_revoked" | "partitions_lost" as name:
                    kind = REBALANCES[name]
                    timeline.observe(time, self.client, kind(self.group, self.client, -1, self._partitions(line)))
                case "record_data":
                    self.records.append(self._record(line))
                case "records_consumed":
                    timeline.complete(time, poll, self._consumed(line, time))
                    poll = timeline.invoke(time, self.client, self._poll())
                case "offsets_committed":
                    self._committed(timeline, line, time)
                case "shutdown_complete":
                    timeline.do(self.now, time, self.client, ops.Close(self.client))
            self.now = time
        self._stopped(timeline, poll)

    def _poll(self) -> ops.Poll:
        return ops.Poll(self.client, max_records=INT32)

    def _stopped(self, timeline: Timeline, poll: int) -> None:
        """The log ends within a poll, and perhaps within a commit."""
        if self.records:
            timeline.complete(self.now, poll, Unknown("CUT_SHORT", told=tuple(self.records)))
        if self.by_hand and self.uncommitted:
            timeline.invoke(self.now, self.client, ops.Commit(self.client, self.uncommitted))

    def _consumed(self, line: Line, time: int) -> Ok | Unknown:
        records, self.records = tuple(self.records), []
        offsets = []
        for part in line.parts("partitions"):
            offsets.append(PartitionOffset(part.text("topic"), part.partition(), part.number("maxOffset") + 1))
            self.reached.setdefault(offsets[-1], time)
        self.uncommitted = tuple(offsets)
        return UNTOLD if offsets and not records else Ok(records)

    def _committed(self, timeline: Timeline, line: Line, time: int) -> None:
        """Asked for at any time since it had polled so far; a commit may be answered late."""
        parts = line.parts("offsets")
        offsets = tuple(PartitionOffset(part.text("topic"), part.partition(), part.number("offset")) for part in parts)
        if not offsets:
            return
        begun = min(self.reached.get(offset, time) for offset in offsets)
        outcome = DONE if line.fields.get("success") is True else Unknown("COMMIT", f"{line.fields.get('error', '')}")
        timeline.do(begun, time, self.client, ops.Commit(self.client, offsets, awaited=False), outcome)
        self.uncommitted = () if set(self.uncommitted) <= set(offsets) else self.uncommitted

    def _record(self, line: Line) -> Record:
        return Record(
            line.text("topic"), line.partition(), line.number("offset"), line.bytes("value"), line.bytes("key")
        )

    def _partitions(self, line: Line) -> tuple[TopicPartition, ...]:
        return tuple(TopicPartition(part.text("topic"), part.partition()) for part in line.parts("partitions"))

    def _topics(self) -> tuple[str, ...]:
        told = (line for line in self.told if "partitions" in line.fields)
        return tuple(dict.fromkeys(part.text("topic") for line in told for part in line.parts("partitions")))

    def _time(self, line: Line) -> int:
        return line.time("timestamp")
