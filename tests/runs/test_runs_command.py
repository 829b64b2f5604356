"""`explog runs`: which runs it lists, and what it removes."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explog.errors import ExplogError
from explog.runs.listing import find_runs
from explog.runs.query import select
from support.repo import GitRepo
from support.runs import explog_run, run_folders

Make = Callable[..., GitRepo]
EXPLOG = (sys.executable, "-m", "explog")


@pytest.fixture
def repo(git_repo: Make) -> GitRepo:
    """A repository with three runs, of which two have the same changes."""
    made = git_repo()
    made.commit("Start", file="file", text="one\n")
    (made.path / "file").write_text("two\n")
    explog_run("e1.1", "--", "true", cwd=made.path)
    explog_run("e1.2", "--title", "try \x1b[31mred\n", "--", "sh", "-c", "exit 3", cwd=made.path)
    (made.path / "file").write_text("three\n")
    explog_run("e10", "--", "echo", "lr=0.1", cwd=made.path)
    return made


def listed(repo: GitRepo, *words: str, cwd: Path | None = None) -> list[str]:
    """Return the references of the runs that `explog runs WORDS --json` lists."""
    done = explog_run("runs", *words, "--json", cwd=cwd or repo.path, command=EXPLOG)
    assert done.returncode == 0, done.stderr
    return [run["reference"] for run in json.loads(done.stdout)["runs"]]


@pytest.mark.parametrize(
    ("words", "references"),
    [
        ("", {"e1.1", "e1.2", "e10"}),
        ("state:failed", {"e1.2"}),
        ("-state:failed", {"e1.1", "e10"}),
        ("e1", {"e1.1", "e1.2"}),
        ("[e1.2]", {"e1.2"}),
        ("branch:main lr=", {"e10"}),
        ("RED", {"e1.2"}),
        ("host:nowhere", set()),
    ],
)
def test_query(words: str, references: set[str], repo: GitRepo) -> None:
    found = find_runs([str(repo.path / "runs")])
    assert {run.record.reference for run in select(found, words.split())} == references


@pytest.mark.parametrize("word", ["state:", "state:fine", "", "-"])
def test_wrong_query(word: str) -> None:
    with pytest.raises(ExplogError):
        select([], [word])


def test_listing(repo: GitRepo, tmp_path: Path) -> None:
    assert sorted(listed(repo)) == ["e1.1", "e1.2", "e10"]
    assert listed(repo, "state:failed") == ["e1.2"]
    assert listed(repo, "--repo", str(repo.path), "e10", cwd=tmp_path) == ["e10"]
    done = explog_run("runs", cwd=repo.path, command=EXPLOG)
    assert done.stdout.count(b"\n") == 3
    assert b"\x1b" not in done.stdout
    assert b"failed (3) after 0:0" in done.stdout
    assert done.stderr == b""


def test_the_shape_of_the_list(repo: GitRepo) -> None:
    done = explog_run("runs", "e10", "--json", cwd=repo.path, command=EXPLOG)
    (run,) = json.loads(done.stdout)["runs"]
    kept: dict[str, Any] = json.loads((run_folders(repo.path)[-1] / "run.json").read_text())
    assert run == kept


def test_nothing_is_removed_without_being_asked(repo: GitRepo) -> None:
    for words in (["--prune", "state:failed"], ["--prune"], ["--yes", "e1"]):
        done = explog_run("runs", *words, cwd=repo.path, command=EXPLOG)
        assert done.returncode == (0 if len(words) == 2 and words[0] == "--prune" else 2)
        assert len(run_folders(repo.path)) == 3


def test_what_another_run_needs_stays(repo: GitRepo) -> None:
    commits = repo.run("for-each-ref", "--format=%(objectname)", "refs/explog").split("\n")
    assert len(set(commits)) == 2
    done = explog_run("runs", "--prune", "--yes", "e1.1", cwd=repo.path, command=EXPLOG)
    assert b"1 run removed" in done.stderr
    left = repo.run("for-each-ref", "--format=%(objectname)", "refs/explog").split("\n")
    assert set(left) == set(commits)
    explog_run("runs", "--prune", "--yes", "e1.2", cwd=repo.path, command=EXPLOG)
    assert len(repo.run("for-each-ref", "refs/explog").split("\n")) == 1
    assert [path.name.split("-")[0] for path in run_folders(repo.path)] == ["e10"]


def test_a_pinned_run_is_removed_with_its_worktree(repo: GitRepo) -> None:
    explog_run("e5", "--pin", "--", "true", cwd=repo.path)
    assert "runs/e5" in repo.run("worktree", "list")
    explog_run("runs", "--prune", "--yes", "e5", cwd=repo.path, command=EXPLOG)
    assert "runs/e5" not in repo.run("worktree", "list")


def test_a_run_whose_repository_is_gone_is_removed(repo: GitRepo, tmp_path: Path) -> None:
    shutil.move(repo.path / "runs", tmp_path / "runs")
    shutil.rmtree(repo.path)
    done = explog_run("runs", "--prune", "--yes", "e10", cwd=tmp_path, command=EXPLOG)
    assert done.returncode == 0, done.stderr
    assert len(run_folders(tmp_path)) == 2


def test_runs_of_a_linked_worktree_are_listed(repo: GitRepo, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repo.run("worktree", "add", "-q", "--detach", str(linked))
    explog_run("e7", "--", "true", cwd=linked)
    assert "e7" in listed(repo, "--repo", str(repo.path), cwd=tmp_path)


def test_escape_codes_of_others_do_not_reach_the_terminal(repo: GitRepo) -> None:
    path = run_folders(repo.path)[0] / "run.json"
    table = json.loads(path.read_text())
    evil = "\x1b]0;owned\x07\x9b31m\r\nnext"
    for name in ("host", "branch", "cwd", "title", "reference"):
        table[name] = evil
    for name in ("argv", "changed", "gpus", "notes", "outputs"):
        table[name] = [evil]
    table["environment"] = {evil: evil}
    path.write_text(json.dumps(table))
    for words in (["run", "--show", path.parent.name], ["runs"]):
        shown = explog_run(*words, cwd=repo.path, command=EXPLOG).stdout.decode()
        assert "owned" in shown
        assert not set(shown) & set("\x1b\x07\x9b\r")
        assert "\nnext" not in shown
