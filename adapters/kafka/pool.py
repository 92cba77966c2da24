"""Client processes: some stand ready, each that is opened bears a plan's client, and any may be killed or stopped."""

from collections.abc import Mapping, Sequence
from typing import Final

from brokerlaw.adapters.channel import Channel
from brokerlaw.adapters.contract import AdapterError, Answer, Misuse, Observer
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.operations import AnyOperation, client_of
from brokerlaw.spec.history.outcomes import Fail, Ok, Outcome, Unknown

SPARE: Final = 4
"""Processes that stand ready: starting one takes longer than most operations."""
PATIENCE: Final = 60.0
"""Seconds for a process that gives itself less: only one that cannot even say so is at fault."""


class Pool:
    """Processes of `argv`, which speak the contract. What they see of rebalances goes to `listen`."""

    def __init__(self, argv: Sequence[str], listen: Observer) -> None:
        self._argv, self._listen = argv, listen
        self._settings: dict[str, str] = {}
        self._clients: dict[str, Channel] = {}
        self._frozen: set[str] = set()
        self._ready: list[Channel] = []
        self._starting: list[Channel] = []

    def start(self, settings: Mapping[str, str]) -> None:
        """Have processes stand ready, with these settings."""
        self._settings = dict(settings)
        self._refill()

    def clear(self) -> None:
        """End all clients (kill -9), the frozen ones too."""
        for channel in self._clients.values():
            channel.kill()
        self._clients.clear()
        self._frozen.clear()

    def end(self) -> None:
        """End every process."""
        self.clear()
        for channel in (*self._ready, *self._starting):
            channel.kill()
        self._ready.clear()
        self._starting.clear()

    def open(self, op: ops.OpenProducer | ops.OpenConsumer) -> Outcome:
        """A process becomes this client."""
        if op.client in self._clients:
            return Fail("CLIENT_EXISTS", f"{op.client} is open")
        channel = self._clients[op.client] = self._take()
        outcome = channel.perform(op).outcome
        if isinstance(outcome, Fail):
            self._clients.pop(op.client).kill()
        return outcome

    def perform(self, op: AnyOperation) -> Answer:
        """Ask the client's process; a send that is not awaited is answered later."""
        client = client_of(op)
        assert client is not None
        channel = self._clients.get(client)
        if channel is None or client in self._frozen:
            return self._unable(client)
        return channel.invoke(op) if isinstance(op, ops.Send) and not op.awaited else channel.perform(op)

    def ask(self, client: str, op: AnyOperation) -> Outcome:
        """Ask a client's process for an operation that is no client's."""
        if client not in self._clients or client in self._frozen:
            return self._unable(client)
        return self._clients[client].perform(op).outcome

    def close(self, op: ops.Close) -> Answer:
        """In good order; then the process stands ready again. librdkafka can hang in its end: nobody needs that one."""
        if op.client not in self._clients or op.client in self._frozen:
            return self._unable(op.client)
        channel = self._clients.pop(op.client)
        try:
            answer = channel.perform(op)
        except AdapterError as error:
            if error.code != Misuse.HUNG.code:
                raise
            channel.kill()
            return Unknown("STUCK", f"the client's process did not answer within {PATIENCE:g} s, and was ended")
        if isinstance(answer.outcome, Ok):
            self._ready.append(channel)
        else:
            channel.kill()
        return answer

    def crash(self, client: str) -> Outcome:
        """kill -9."""
        if client not in self._clients:
            return self._unable(client)
        self._clients.pop(client).kill()
        self._frozen.discard(client)
        return Ok()

    def freeze(self, client: str) -> Outcome:
        """SIGSTOP; returns when the process stands still."""
        if client not in self._clients or client in self._frozen:
            return self._unable(client)
        self._clients[client].freeze()
        self._frozen.add(client)
        return Ok()

    def thaw(self, client: str) -> Outcome:
        """SIGCONT."""
        if client not in self._frozen:
            return Fail("NOT_FROZEN", f"{client} does not stand still")
        self._clients[client].thaw()
        self._frozen.discard(client)
        return Ok()

    def _take(self) -> Channel:
        """One that stands ready, or the first that was started."""
        if self._ready:
            return self._ready.pop()
        self._refill()
        channel = self._starting.pop(0)
        self._refill()
        channel.hello(self._settings)
        return channel

    def _refill(self) -> None:
        """Start processes, and greet them later: they need not be waited for."""
        while len(self._starting) < SPARE:
            self._starting.append(Channel("kafka client", self._argv, self._listen, patience=PATIENCE))

    def _unable(self, client: str) -> Outcome:
        if client in self._frozen:
            return Fail("FROZEN", f"{client} stands still")
        return Fail("NO_CLIENT", f"{client} is not open")
