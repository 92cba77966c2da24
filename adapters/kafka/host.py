"""The process that keeps a detached cluster: `python -m brokerlaw.adapters.kafka.host ORDER`, ORDER in JSON.

It says nothing and closes its output when the cluster serves, or prints one complaint and exits with 2.
SIGTERM ends it with the cluster; if it is killed, the cluster's watchdog clears up.
"""

import fcntl
import os
import signal
import sys

import msgspec

from brokerlaw.adapters.kafka.cluster import KafkaCluster
from brokerlaw.adapters.kafka.detached import Order, State, lock_file, state_file
from brokerlaw.adapters.kafka.errors import ClusterError, wait_until

LOCK_LIMIT = 2.0  # seconds: whoever only looks holds the lock for a moment
END = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    """Keep one cluster until told to end."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    lock_file().parent.mkdir(parents=True, exist_ok=True)
    with lock_file().open("w") as lock:
        if not wait_until(lambda: _lock(lock.fileno()), LOCK_LIMIT):
            sys.exit("a cluster is up already: `brokerlaw cluster kafka down` ends it")
        state_file().unlink(missing_ok=True)
        try:
            with KafkaCluster(order.brokers, order.controllers, order.settings, order.as_shipped) as cluster:
                _keep(cluster)
        except ClusterError as error:
            print(error)
            sys.exit(2)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _keep(cluster: KafkaCluster) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, END)  # not before: the JVMs would inherit it
    partial = state_file().with_suffix(".partial")
    state = State(
        os.getpid(), cluster.version, cluster.bootstrap, str(cluster.folder), cluster.ports(), cluster.processes()
    )
    partial.write_bytes(msgspec.json.encode(state))
    partial.rename(state_file())
    _let_go_of_output()
    signal.sigwait(END)
    state_file().unlink(missing_ok=True)


def _let_go_of_output() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)


if __name__ == "__main__":
    main()
