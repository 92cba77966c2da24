"""Moves: what a mixed plan may do next. Each module enters its own into the table."""

from brokerlaw.conformance.machines.moves import (
    administering as administering,
    belonging as belonging,
    committing as committing,
    failing as failing,
    producing as producing,
    reading as reading,
    transacting as transacting,
)
from brokerlaw.conformance.machines.moves.move import MOVES as MOVES, Move as Move
