"""What goes wrong with a local cluster, and waiting for it to go right."""

import time
from collections.abc import Callable


class ClusterError(Exception):
    """A local cluster cannot be provisioned, started or changed; one line says why and how to mend it."""


def wait_until(condition: Callable[[], bool], limit: float) -> bool:
    """Poll until the condition holds (True) or `limit` seconds have passed (False)."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
