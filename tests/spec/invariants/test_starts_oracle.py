"""Promises about where members begin: judges find what their oracles find."""

from oracles import starts
from oracles.compared import agree
from random_starts import drawn


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(starts.ORACLES, drawn, 12, histories_drawn)
