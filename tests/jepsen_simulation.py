"""A sound broker under Jepsen's clients, in one thread: what is done in parallel is done in small steps, in any order.

It makes histories in Jepsen's own form, of which every promise should think well. `lies` make it unsound.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

KEYS: Final = range(4)
MILLISECOND: Final = 1_000_000


@dataclass
class Transaction:
    """`records` are (key, offset)."""

    state: str = "open"
    records: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Entry:
    """In a log: a record, or a marker (no value)."""

    value: int | None
    transaction: Transaction | None = None


class Broker:
    """Logs, transactions, and the offsets and members of one group."""

    def __init__(self, isolation: str, lies: frozenset[str]) -> None:
        self.isolation = isolation
        self.lies = lies
        self.logs: dict[int, list[Entry]] = {key: [] for key in KEYS}
        self.committed: dict[int, int] = {}
        self.members: dict[str, set[int]] = {}
        self.waiting: set[str] = set()
        self.shares: dict[str, set[int]] = {}

    def append(self, key: int, value: int, transaction: Transaction | None) -> int:
        log = self.logs[key]
        log.append(Entry(value, transaction))
        if transaction is not None:
            transaction.records.append((key, len(log) - 1))
        return len(log) - 1

    def end(self, transaction: Transaction, state: str, offsets: dict[int, int]) -> None:
        if transaction.state != "open":
            return
        transaction.state = state
        for key in {key for key, _ in transaction.records}:
            self.logs[key].append(Entry(None))
        if state == "committed":
            self.committed |= offsets

    def bound(self, key: int) -> int:
        """How far a reader may read."""
        log = self.logs[key]
        if self.isolation == "read_uncommitted" or "beyond the last stable offset" in self.lies:
            return len(log)
        opened = (at for at, entry in enumerate(log) if entry.transaction and entry.transaction.state == "open")
        return next(opened, len(log))

    def visible(self, entry: Entry) -> bool:
        if entry.value is None:
            return False
        aborted = entry.transaction is not None and entry.transaction.state == "aborted"
        return not aborted or self.isolation == "read_uncommitted" or "aborted is visible" in self.lies

    # --- the group ---

    def join(self, member: str, topics: set[int]) -> None:
        self.members[member] = topics
        self._rebalance()

    def leave(self, member: str) -> None:
        if self.members.pop(member, None) is not None:
            self._rebalance()

    def _rebalance(self) -> None:
        """Nobody is given anything before all have given back what they had."""
        self.waiting = set(self.members)
        self.shares = {}

    def given_back(self, member: str) -> None:
        self.waiting.discard(member)
        if not self.waiting:
            for key in KEYS:
                takers = sorted(each for each, topics in self.members.items() if key // 2 in topics)
                if takers:
                    self.shares.setdefault(takers[key % len(takers)], set()).add(key)


class Process:
    """One client of Jepsen's: a producer and a consumer."""

    def __init__(self, run: "Run", number: int) -> None:
        self.run, self.broker, self.rng = run, run.broker, run.rng
        self.number = number
        self.name = f"{number}"
        self.position: dict[int, int] = {}
        self.generation: dict[str, Any] = {}
        self.subscribed = False
        self.share: set[int] | None = None
        self.rebalances: list[str] = []
        self.ended = False

    def poll(self) -> dict[int, list[tuple[int, int]]]:
        if self.subscribed:
            self._follow_the_group()
        found: dict[int, list[tuple[int, int]]] = {}
        for key in sorted(self.position):
            bound, most = self.broker.bound(key), self.rng.randint(0, 4)
            at, records = self.position[key], []
            while at < bound and len(records) < most:
                entry = self.broker.logs[key][at]
                if self.broker.visible(entry) and not self._left_out(key, at):
                    records.append((at, entry.value))
                at += 1
            self.position[key] = at
            if records:
                found[key] = records  # type: ignore[assignment]  # visible entries have a value
        return found

    def _left_out(self, key: int, at: int) -> bool:
        return "a record is left out" in self.broker.lies and (key + at) % 5 == 3

    def _follow_the_group(self) -> None:
        broker = self.broker
        if self.share is not None and self.name in broker.waiting:
            self.rebalances.append(f"{{:type :revoked, :keys [{' '.join(map(str, sorted(self.share)))}]}}")
            self.position, self.share = {}, None
        if self.name in broker.waiting:
            broker.given_back(self.name)
        if self.share is None and not broker.waiting and self.name in broker.members:
            self.share = set(broker.shares.get(self.name, ()))
            self.rebalances.append(f"{{:type :assigned, :keys [{' '.join(map(str, sorted(self.share)))}]}}")
            start = self.run.start
            self.position = {key: broker.committed.get(key, start(key)) for key in self.share}

    def rollback(self, polled: list[dict[int, list[tuple[int, int]]]]) -> None:
        firsts: dict[int, int] = {}
        for each in polled:
            for key, records in each.items():
                firsts.setdefault(key, records[0][0])
        self.position |= {key: at for key, at in firsts.items() if key in self.position}


class Run:
    """Processes that take turns, and what they write."""

    def __init__(self, seed: int, lies: frozenset[str] = frozenset()) -> None:
        self.rng = random.Random(seed)
        self.transactional = self.rng.random() < 0.7
        self.subscribing = self.rng.random() < 0.5
        self.isolation = "read_committed" if self.rng.random() < 0.8 else "read_uncommitted"
        self.reset = self.rng.choice(["earliest", "latest"])
        self.broker = Broker(self.isolation, lies)
        self.values: dict[int, int] = dict.fromkeys(KEYS, 0)
        self.lines: list[str] = []
        self.later: list[Any] = []
        self.now = 0
        self.numbers = 0

    @property
    def settings(self) -> dict[str, str]:
        return {"isolation": self.isolation, "reset": self.reset, "auto_commit": "false"}

    def start(self, key: int) -> int:
        return 0 if self.reset == "earliest" else self.broker.bound(key)

    def text(self) -> str:
        """The whole history."""
        turns: list[Iterator[None]] = [self._thread() for _ in range(self.rng.randint(2, 4))]
        self._interleave(turns)
        while self.later:
            self.later.pop()()
        self._interleave([self._final()])
        return "\n".join(self.lines) + "\n"

    def _interleave(self, turns: list[Iterator[None]]) -> None:
        while turns:
            turn = self.rng.choice(turns)
            if next(turn, "over") == "over":
                turns.remove(turn)
            if self.later and self.rng.random() < 0.1:
                self.later.pop(self.rng.randrange(len(self.later)))()

    def _thread(self) -> Iterator[None]:
        """One worker: it opens a client anew after each that ended."""
        process = self._client()
        for _ in range(self.rng.randint(3, 8)):
            yield from self._operation(process)
            if process.ended:
                self.broker.leave(process.name)
                process = self._client()
        self._crash(process)
        self.broker.leave(process.name)

    def _client(self) -> Process:
        self.numbers += 1
        return Process(self, self.numbers)

    def write(self, kind: str, process: Process, f: str, value: str, more: str = "") -> None:
        self.now += self.rng.randint(1, 3) * MILLISECOND
        head = f":index {len(self.lines)}, :time {self.now}, :type :{kind}, :process {process.number}"
        self.lines.append(f"{{{head}, :f :{f}, :value {value}{more}}}")

    def _operation(self, process: Process) -> Iterator[None]:
        chance = self.rng.random()
        if chance < 0.25 or not (process.position or process.subscribed):
            yield from self._take(process)
        elif chance < 0.3:
            yield
            self._crash(process)
        else:
            yield from self._transact(process)

    def _crash(self, process: Process) -> None:
        self.write("invoke", process, "crash", "nil")
        self.write("info", process, "crash", "nil")
        process.ended = True

    def _take(self, process: Process) -> Iterator[None]:
        keys = sorted(self.rng.sample(list(KEYS), self.rng.randint(1, 3)))
        value = f"[{' '.join(map(str, keys))}]"
        word = "subscribe" if self.subscribing else "assign"
        self.write("invoke", process, word, value)
        yield
        if self.subscribing:
            process.subscribed = True
            self.broker.join(process.name, {key // 2 for key in keys})
        else:
            start = {key: self.broker.committed.get(key, self.start(key)) for key in keys}
            process.position = {key: process.position.get(key, start[key]) for key in keys}
        yield
        self.write("ok", process, word, value)

    def _transact(self, process: Process) -> Iterator[None]:
        parts = self._parts()
        f = {"s": "send", "p": "poll"}.get("".join(sorted({kind for kind, _ in parts})), "txn")
        self.write("invoke", process, f, _written(parts, []))
        process.rebalances = []
        transaction = Transaction() if self.transactional else None
        done: list[Any] = []
        offsets: dict[int, int] = {}
        ending = self.rng.choices(["ok", "fail", "info"], [8, 1, 1])[0]
        stop = self.rng.randint(0, len(parts))
        for number, (kind, what) in enumerate(parts):
            yield
            if ending != "ok" and number == stop:
                break
            if kind == "p":
                done.append(process.poll())
                offsets |= {key: records[-1][0] + 1 for key, records in done[-1].items()}
            elif ending != "ok" and transaction is None:
                break
            else:
                done.append(self.broker.append(*what, transaction))
        yield
        yield from self._end(process, f, parts, done, transaction, offsets, ending)

    def _end(
        self,
        process: Process,
        f: str,
        parts: list[tuple[str, Any]],
        done: list[Any],
        transaction: Transaction | None,
        offsets: dict[int, int],
        ending: str,
    ) -> Iterator[None]:
        more = f", :rebalance-log [{' '.join(process.rebalances)}]" if process.rebalances and transaction else ""
        polled = [each for each in done if isinstance(each, dict)]
        if transaction is not None and ending == "ok":
            self.broker.end(transaction, "committed", offsets)
        elif transaction is not None and ending == "fail":
            self.broker.end(transaction, "aborted", {})
            process.rollback(polled)
            more += ", :error {:type :abort, :abort-ok? true}"
        elif transaction is not None:
            self._decide_later(transaction, offsets, whole=len(done) == len(parts))
        elif ending == "info" and len(done) < len(parts) and parts[0][0] == "s" and self.rng.random() < 0.5:
            self.later.append(lambda: self.broker.append(*parts[0][1], None))
        elif self.subscribing and polled:
            self.broker.committed |= {key: at for key, at in process.position.items() if key in offsets}
        if ending == "fail" and transaction is None:
            process.rollback(polled)
        yield
        self.write(ending, process, f, _written(parts, done), more)
        process.ended = ending == "info"

    def _decide_later(self, transaction: Transaction, offsets: dict[int, int], whole: bool) -> None:
        """A transaction whose client was told nothing ends some day; it is committed only if that was asked for."""
        state = "committed" if whole and self.rng.random() < 0.5 else "aborted"
        self.later.append(lambda: self.broker.end(transaction, state, offsets))

    def _parts(self) -> list[tuple[str, Any]]:
        parts: list[tuple[str, Any]] = []
        for _ in range(self.rng.randint(1, 4) if self.transactional else 1):
            if self.rng.random() < 0.5:
                parts.append(("p", None))
            else:
                key = self.rng.choice(list(KEYS))
                self.values[key] += 1
                parts.append(("s", (key, self.values[key])))
        return parts

    def _final(self) -> Iterator[None]:
        """Polls of all keys from their beginning, until they are at the end of each."""
        process = self._client()
        keys = f"[{' '.join(map(str, KEYS))}]"
        more = ", :seek-to-beginning? true"
        self.write("invoke", process, "assign", keys, more)
        process.position = dict.fromkeys(KEYS, 0)
        self.write("ok", process, "assign", keys, more)
        while any(at < self.broker.bound(key) for key, at in process.position.items()):
            yield
            self.write("invoke", process, "poll", "[[:poll]]")
            self.write("ok", process, "poll", _written([("p", None)], [process.poll()]))


def _written(parts: list[tuple[str, Any]], done: list[Any]) -> str:
    """A transaction's value: what is done has its answer."""
    found = []
    for number, (kind, what) in enumerate(parts):
        answer = done[number] if number < len(done) else None
        if kind == "s":
            found.append(f"[:send {what[0]} {what[1] if answer is None else f'[{answer} {what[1]}]'}]")
        elif answer is None:
            found.append("[:poll]")
        else:
            records = {key: " ".join(f"[{at} {value}]" for at, value in each) for key, each in answer.items()}
            found.append(f"[:poll {{{', '.join(f'{key} [{each}]' for key, each in records.items())}}}]")
    return f"[{' '.join(found)}]"
