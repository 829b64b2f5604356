"""What git is in the middle of, in real repositories that stopped there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.git.state import under_way
from support.repo import GitRepo

Make = Callable[..., GitRepo]


@pytest.fixture
def repo(git_repo: Make) -> GitRepo:
    """Return a repository whose branches `one` and `two` are in conflict, on `one`."""
    made = git_repo()
    made.commit("start", file="log.org")
    made.branch("two")
    made.commit("two", file="log.org")
    made.branch("one", "HEAD^")
    made.commit("one", file="log.org")
    return made


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("rebase", "a rebase"),
        ("merge", "a merge"),
        ("cherry-pick", "a cherry-pick"),
        ("revert", "a revert"),
    ],
)
def test_what_stopped(repo: GitRepo, command: str, what: str) -> None:
    log = repo.path / "notes" / "log.org"
    assert under_way(log) is None
    with pytest.raises(AssertionError):
        repo.run(command, "two")
    assert under_way(log) == what
    repo.run(command, "--abort")
    assert under_way(log) is None


def test_a_rebase_by_apply_and_a_bisection(repo: GitRepo) -> None:
    with pytest.raises(AssertionError):
        repo.run("rebase", "--apply", "two")
    assert under_way(repo.path / "log.org") == "a rebase"
    repo.run("rebase", "--abort")
    repo.run("bisect", "start")
    assert under_way(repo.path / "log.org") == "a bisection"


def test_applying_patches(repo: GitRepo) -> None:
    patch = repo.run("format-patch", "--stdout", "-1", "two")
    with pytest.raises(AssertionError):
        repo.run("am", stdin=patch + "\n")
    assert under_way(repo.path / "log.org") == "applying patches"
    repo.run("am", "--abort")
    assert under_way(repo.path / "log.org") is None


def test_a_folder_called_git_that_is_no_repository(repo: GitRepo) -> None:
    (repo.path / "notes" / ".git").mkdir(parents=True)
    with pytest.raises(AssertionError):
        repo.run("merge", "two")
    assert under_way(repo.path / "notes" / "log.org") == "a merge"


def test_a_pipe_that_nobody_writes_to(repo: GitRepo) -> None:
    folder = repo.path / "notes"
    folder.mkdir()
    os.mkfifo(folder / ".git")
    assert under_way(folder / "log.org") is None


def test_a_linked_worktree_has_a_state_of_its_own(repo: GitRepo, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    repo.run("worktree", "add", "--quiet", "-b", "three", str(linked), "two")
    with pytest.raises(AssertionError):
        repo.run("-C", str(linked), "rebase", "one")
    assert under_way(linked / "log.org") == "a rebase"
    assert under_way(repo.path / "log.org") is None


def test_through_a_link_and_outside(repo: GitRepo, tmp_path: Path) -> None:
    link = tmp_path / "log.org"
    link.symlink_to(repo.path / "log.org")
    with pytest.raises(AssertionError):
        repo.run("merge", "two")
    assert under_way(link) == "a merge"
    assert under_way(tmp_path / "other.org") is None
