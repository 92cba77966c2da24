"""Promises of order, of durability and of what is read find what their oracles find, in random histories of a log."""

from oracles import logs
from oracles.compared import agree
from oracles.told import Told
from random_logs import drawn


def test_the_judges_say_what_their_oracles_say(histories_drawn: int) -> None:
    agree(logs.ORACLES, drawn, 4, histories_drawn, Told)
