"""Promises about what applications can rely on: judges find what their oracles find."""

from oracles import applications
from oracles.compared import agree
from random_applications import drawn


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(applications.ORACLES, drawn, 19, histories_drawn)
