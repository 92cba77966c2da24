"""The cache of compiled searches: by content, whole or not at all; and no compiler, no harm."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from brokerlaw.cli.main import main
from brokerlaw.spec.language import Model
from brokerlaw.spec.language.compiler import Native, Uncompilable, explore
from brokerlaw.spec.protocols.two_phase_commit import TwoPhaseCommit

MODEL = Model(TwoPhaseCommit.spec, {"RM": 2})
LARGE = Model(TwoPhaseCommit.spec, {"RM": 6})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "brokerlaw"


def test_a_search_is_compiled_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert explore(MODEL, engine="c").distinct == 56
    assert [path.suffix for path in cache.iterdir()] == [".so"]
    assert cache.stat().st_mode & 0o077 == 0
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("compiled again"))
    assert explore(MODEL, engine="c").distinct == 56


def test_other_bounds_are_another_search(cache: Path) -> None:
    assert Native(MODEL).library.path != Native(LARGE).library.path


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_torn_file_is_never_loaded(cache: Path, keep: int) -> None:
    path = Native(MODEL).library.path
    explore(MODEL, engine="c")
    whole = path.read_bytes()
    path.unlink()  # not in place: the old one may be mapped into this process
    path.write_bytes(whole[:keep])
    assert not Native(MODEL).library.cached
    assert explore(MODEL, engine="c").distinct == 56
    assert Native(MODEL).library.cached


def test_a_file_of_another_search_is_never_loaded(cache: Path) -> None:
    explore(LARGE, engine="c", max_states=1)
    path = Native(MODEL).library.path
    shutil.copy(Native(LARGE).library.path, path)
    assert not Native(MODEL).library.cached
    assert explore(MODEL, engine="c").distinct == 56


def test_a_file_of_another_user_is_never_loaded(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    explore(MODEL, engine="c")
    nobody = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: nobody)
    assert not Native(MODEL).library.cached


def test_without_a_compiler_the_search_is_interpreted(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = explore(LARGE, max_states=20_000)
    monkeypatch.setenv("CC", "no-such-cc")
    interpreted = explore(LARGE, max_states=20_000)
    assert interpreted.engine == "interpreted: there is no C compiler `no-such-cc`"
    assert interpreted == compiled
    with pytest.raises(Uncompilable, match="there is no C compiler `no-such-cc`"):
        explore(LARGE, engine="c")


def test_a_compiler_that_fails_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(Uncompilable, match="false does not compile it: exit 1"):
        explore(LARGE, engine="c")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("home", ["file", "file/deeper", ""])
def test_a_cache_that_cannot_be_written_is_no_harm(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    if home:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / home))
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path / "file"))
    found = explore(LARGE, max_states=20_000)
    assert found.engine == "compiled"
    assert found.note.endswith(" cannot be used: the search is compiled anew in a temporary folder")
    assert str(tmp_path / "file") in found.note


def test_what_can_be_kept_needs_no_note(cache: Path) -> None:
    assert explore(LARGE, max_states=20_000).note == ""


def test_a_search_in_python_says_why_if_it_is_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-cc")
    assert explore(LARGE, max_states=20_000).note.startswith(
        "there is no C compiler `no-such-cc`: the search is in Python"
    )
    assert explore(MODEL).note == ""


@pytest.mark.parametrize("command", ["explore", "trace", "guards"])
def test_the_commands_say_it_in_one_line(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    options = ["--set", "RM=6", "--max-states", "20000"]
    if command == "guards":
        monkeypatch.setattr(sys.modules["brokerlaw.spec.language.guards"], "places", lambda spec: iter(()))
    done = CliRunner().invoke(main, [command, "two_phase_commit", *options])
    assert done.stderr.count("compiled anew in a temporary folder") == 1, done.output
