"""A user's file is read as it stands: what Python kept of an older text of the same size and second is not taken."""

import os
from pathlib import Path

from brokerlaw.spec.scripts import execute, module_of


def said(path: Path) -> object:
    module = module_of(path, "own")
    execute(module)
    return module.said


def test_a_file_that_changed_within_a_second_is_read_anew_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("said = 1\n")
    os.utime(path, (1, 1))
    assert said(path) == 1
    path.write_text("said = 2\n")
    os.utime(path, (1, 1))
    assert said(path) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_named_by_what_goes_wrong_in_it(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text("said = __file__\n")
    assert said(path) == str(path)
