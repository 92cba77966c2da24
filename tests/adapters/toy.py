"""An adapter in Python, for serving: it answers late, observes, prints, raises."""

from collections.abc import Mapping
from concurrent.futures import Future

from brokerlaw.adapters.contract import Adapter, AdapterError, Answer, Description, Ok, Outcome, Timed
from brokerlaw.adapters.serve import serve
from brokerlaw.spec.history import operations as ops
from brokerlaw.spec.history.observations import Lost
from brokerlaw.spec.history.values import Placed


class Toy(Adapter):
    """Whatever happens, happens by what a send's topic says."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.late: list[Future[Outcome]] = []
        self.life: list[str] = []

    def start(self) -> None:
        if "broken" in self.settings:
            raise AdapterError("the licence has expired: renew it")
        self.life.append("start")

    def stop(self) -> None:
        self.life.append("stop")

    def reset(self) -> None:
        self.life.append("reset")

    def wait(self, milliseconds: int) -> None:
        self.life.append(f"wait {milliseconds}")

    def describe(self) -> Description:
        return Description("toy", "1", {"topics": 1}, settings=self.settings)

    def send(self, op: ops.Send) -> Answer:
        print("libraries print", op.topic)
        match op.topic:
            case "observed":
                self.observe("c", Lost("g", "m", 1, ()))
            case "late":
                self.late.append(Future())
                return self.late[-1]
            case "timed":
                return Timed(Ok(Placed("timed", 0, 0)), self.now())
            case "raise":
                raise ValueError("what nobody expected")
            case "nonsense":
                return Ok(object())
            case "fault":
                raise AdapterError("out of licences")
        return Ok(Placed(op.topic, 0, len(op.value)))

    def flush(self, op: ops.Flush) -> Outcome:
        for number, each in reversed(list(enumerate(self.late))):
            each.set_result(Ok(Placed("late", 0, number)))
        return Ok()


class Simulated(Toy):
    """One whose clock means nothing to others."""

    def now(self) -> int:
        return 17


if __name__ == "__main__":
    serve(Toy)
