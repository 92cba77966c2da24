"""Programs that misbehave, and conversations with them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerlaw.adapters.channel import Channel

ROGUE = Path(__file__).with_name("rogue.py")
PATIENT = 60.0
"""Seconds: for answers that come, however busy the machine is."""


@pytest.fixture
def speak() -> Iterator[Callable[[str], Channel]]:
    """Start the rogue of a kind, and say hello; whatever is left is ended. `patience` holds after hello."""
    channels: list[Channel] = []

    def start(kind: str, patience: float = PATIENT, at_hello: float = PATIENT) -> Channel:
        argv = [sys.executable, "-I", "-S", str(ROGUE), kind]
        channels.append(Channel("rogue", argv, lambda *_: None, patience=at_hello))
        channels[-1].hello({})
        channels[-1].patience = patience
        return channels[-1]

    yield start
    for channel in channels:
        channel.kill()
