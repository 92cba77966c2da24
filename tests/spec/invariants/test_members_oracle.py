"""Promises about members of groups: judges find what their oracles find."""

from oracles import members
from oracles.compared import agree
from random_members import drawn


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(members.ORACLES, drawn, 11, histories_drawn)
