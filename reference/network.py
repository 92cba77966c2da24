"""Processes, and the messages between them: in order on each connection, lost where there is none."""

from functools import partial

from brokerlaw.reference.scheduler import Action, Scheduler


class Process:
    """A broker, the controller or a client. Paused, it keeps what it is sent; down, it loses it."""

    is_client = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.up = True
        self.paused = False
        self.island = 0
        self.hidden = False
        self._backlog: list[Action] = []

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self.up and not self.paused

    def deliver(self, action: Action) -> None:
        """Let it do something: a message has arrived, or a timer of its own has run out."""
        if self.paused:
            self._backlog.append(action)
        elif self.up:
            action()

    def kill(self) -> None:
        """End at once."""
        self.up, self.paused = False, False
        self._backlog.clear()

    def pause(self) -> None:
        """Stand still."""
        self.paused = True

    def resume(self) -> None:
        """Go on, with all that came in the meantime."""
        self.paused = False
        backlog, self._backlog = self._backlog, []
        for action in backlog:
            self.deliver(action)


class Network:
    """Who hears whom. Brokers hear brokers of their own island; clients hear all that are not hidden."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._arrivals: dict[tuple[Process, Process], int] = {}

    def connected(self, one: Process, other: Process) -> bool:
        """Whether messages pass between them."""
        if one.is_client or other.is_client:
            return not (one.hidden or other.hidden)
        return one.island == other.island

    def reaches(self, one: Process, other: Process) -> bool:
        """Whether one can ask the other and be answered."""
        return other.up and not other.paused and self.connected(one, other)

    def send(self, source: Process, target: Process, action: Action) -> None:
        """Let the target do something after the time that a message takes, or never."""
        if not self.connected(source, target):
            return
        scheduler, link = self._scheduler, (source, target)
        time = max(scheduler.now + scheduler.latency(), self._arrivals.get(link, 0))
        self._arrivals[link] = time
        scheduler.at(time, partial(target.deliver, action))
