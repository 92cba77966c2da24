"""What holds for all tests."""

import os
import signal
import sys
from pathlib import Path

import pytest

# A shell that puts pytest into the background, or nohup, has it ignore these, and so would the programs that tests end.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Tests start hundreds of programs, and each would compile its modules anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Folders of tests run on all processors unless `-n` says otherwise; a file, or one test, runs here at once.

    There is a process more than there are processors, since some tests wait.
    """
    option = config.option
    asked = getattr(option, "numprocesses", 0) is not None  # without xdist there is no such option
    here = option.usepdb or option.capture == "no" or option.collectonly
    spread = "PYTEST_XDIST_WORKER" in os.environ  # a worker itself must not begin workers
    if all(Path(name).is_dir() for name in config.args) and not (asked or here or spread):
        option.numprocesses, option.dist = (os.cpu_count() or 1) + 1, "worksteal"
