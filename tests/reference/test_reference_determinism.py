"""The same plan, the same recording, byte for byte, in every process."""

import os
import subprocess
import sys

SCRIPT = """
import sys
from itertools import islice
import msgspec
from brokerlaw.conformance.profiles import LOG
from brokerlaw.conformance.execute import execute
from brokerlaw.conformance.overrides import UserSettings
from brokerlaw.reference.adapter import ReferenceAdapter
adapter = ReferenceAdapter({"seed": sys.argv[1]})
description = adapter.describe()
for plan in [*LOG.directed(description), *islice(LOG.draw(description, 3, 8), 32)]:
    recording = execute(plan, adapter, description, UserSettings({}, {}), "")
    sys.stdout.buffer.write(msgspec.json.encode(recording.rows) + b"\\n")
"""


def recorded(seed: str, hash_seed: str) -> bytes:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", SCRIPT, seed]
    return subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60).stdout


def test_recordings_are_the_same_in_every_process_and_others_under_another_seed() -> None:
    once = recorded("0", "1")
    assert once.count(b"\n") > 50
    assert once == recorded("0", "2")
    assert once != recorded("1", "1")
