"""docs/import.md is true: each command in it prints what the page shows."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.cli.main import main

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "import.md").read_text()
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SHOWN = [re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE) for block in BLOCKS]


@pytest.mark.parametrize("block", SHOWN, ids=[block[0][0] for block in SHOWN])
def test_the_commands_print_what_the_page_shows(
    block: list[tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tests", "README.md"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    for command, output in block:
        program, *arguments = shlex.split(command)
        assert program == "brokerlaw"
        assert CliRunner().invoke(main, arguments).output == output
