"""What has no key is refused where keys are compacted, read off the statement."""

from oracles.told import Told


def keyless_refused(told: Told) -> tuple[int, int]:
    tested = taken = 0
    for send in told.sends if told.known else ():
        other = any(
            "compact" not in value and begun <= send.over and send.begun < over
            for value, begun, over in told.values("cleanup.policy", "delete")
        )
        if send.op.key is None and told.opening(send).op.acks != "0" and not other:
            tested += send.ok or send.failed
            taken += send.ok
    return tested, taken


ORACLES = {"records.keyless-refused": keyless_refused}
