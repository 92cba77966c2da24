"""Promises about what readers are given of transactions: judges find what their oracles find."""

from oracles import transactions
from oracles.compared import agree
from random_transactions import drawn


def test_judges_and_oracles_agree(histories_drawn: int) -> None:
    agree(transactions.ORACLES, drawn, 14, histories_drawn)
