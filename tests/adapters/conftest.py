"""Programs that misbehave, and conversations with them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerlaw.adapters.channel import Channel

ROGUE = Path(__file__).with_name("rogue.py")
PATIENCE = 0.3


@pytest.fixture
def speak() -> Iterator[Callable[[str], Channel]]:
    """Start the rogue of a kind, and say hello; whatever is left is ended."""
    channels: list[Channel] = []

    def start(kind: str, patience: float = PATIENCE) -> Channel:
        argv = [sys.executable, "-I", "-S", str(ROGUE), kind]
        channels.append(Channel("rogue", argv, lambda *_: None, patience=patience))
        channels[-1].hello({})
        return channels[-1]

    yield start
    for channel in channels:
        channel.kill()
