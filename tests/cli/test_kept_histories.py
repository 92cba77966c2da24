"""The histories of a run are kept on demand, and its folder is judged again."""

from pathlib import Path

from click.testing import CliRunner

from brokerlaw.cli.main import main

FEW = ("--select", "transactions")


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(each) for each in arguments])
    return done.exit_code, done.output


def histories(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("histories/*"))


def checked(folder: Path, *arguments: object) -> int:
    return run("check", "reference", "--examples", 2, "--shrink-time", 0, "--out", folder, *arguments)[0]


def test_a_run_that_was_kept_is_judged_again_and_kept(tmp_path: Path) -> None:
    checked(tmp_path, "--keep", "all", "--examples", 0, "--select", "reading", "--select", "groups")
    kept = histories(tmp_path)
    assert kept[0].startswith("00001-directed-")
    code, output = run("judge", tmp_path)
    assert code == 0, output
    assert run("judge", *sorted((tmp_path / "histories").glob("*"))[:8])[0] == 0


def test_only_the_histories_that_break_a_promise(tmp_path: Path) -> None:
    assert checked(tmp_path / "sound", "--keep", "violations", *FEW) != 1
    assert histories(tmp_path / "sound") == []
    assert checked(tmp_path, "--keep", "violations", "--settings", "mutant=dirty-read", *FEW) == 1
    code, output = run("judge", tmp_path)
    assert code == 1
    assert f"of {tmp_path}/histories/0" in output
    assert 0 < len(histories(tmp_path)) < 20


def test_nothing_is_kept_unasked_and_the_folder_says_so(tmp_path: Path) -> None:
    checked(tmp_path, *FEW)
    code, output = run("judge", tmp_path)
    assert code == 2
    assert "is a folder without histories/: name a file, or a run that was told --keep all" in output


def test_a_folder_without_its_report(tmp_path: Path) -> None:
    checked(tmp_path, "--keep", "all", *FEW)
    (tmp_path / "report.json").write_text("{}")
    assert "is no report of a run" in run("judge", tmp_path)[1]
    (tmp_path / "report.json").unlink()
    code, output = run("judge", tmp_path)
    assert code == 2
    assert "what the broker claims is not known" in output


def test_a_history_that_cannot_be_kept_is_the_runs_fault_and_does_not_end_it(tmp_path: Path) -> None:
    (tmp_path / "histories").write_text("in the way")
    code, output = run("check", "reference", "--examples", 0, "--out", tmp_path, "--keep", "all", *FEW)
    assert code == 2
    assert "the history of case 1 cannot be kept" in output
    assert (tmp_path / "report.json").exists()
