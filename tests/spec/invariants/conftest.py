"""How many random histories a judge and its oracle are compared on: some each time, all among the slow tests."""

import pytest


@pytest.fixture(params=[150, pytest.param(2_000, marks=pytest.mark.slow)])
def histories_drawn(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count
