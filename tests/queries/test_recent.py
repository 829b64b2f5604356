"""What was worked on last, as the message of the next commit wants to know it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import open_index
from explog.queries.recent import recent
from explog.sync.look import sync
from support.repo import GitRepo

OTHER = "Bob <bob@example.org>"


class World:
    """A repository, and an index of it."""

    def __init__(self, folder: Path, make: Callable[..., GitRepo]) -> None:
        self.mine = make("mine")
        self.settings = Settings(repositories=(Root(self.mine.path),))
        self.index = open_index(folder / "index.sqlite")

    def recent(self, folder: Path | None = None, most: int = 5) -> list[str]:
        assert sync(self.settings, self.index).problems == []
        return [str(one) for one in recent(self.index, folder or self.mine.path, most)]


@pytest.fixture
def world(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> World:
    return World(tmp_path, git_repo)


def test_the_newest_comes_first_and_each_once(world: World) -> None:
    for message in ("[e1.1] a", "[e2] b", "tidy", "[e1.1] [e3.2] c", "as in e9: see [e9.1]"):
        world.mine.commit(message)
    assert world.recent() == ["e9.1", "e1.1", "e3.2", "e2"]
    assert world.recent(most=2) == ["e9.1", "e1.1"]


def test_only_what_is_claimed_counts(world: World) -> None:
    world.mine.commit("[e1.1] a\n\n- [e2.1] squashed\n\nMuch as [e3.1] did.")
    world.mine.commit("fixup! [e4.1] d")
    assert world.recent() == ["e1.1", "e2.1"]


def test_what_only_looks_like_a_reference_does_not_count(world: World) -> None:
    world.mine.commit("[e1.1] a")
    world.mine.commit("[e2e] [e10s.1] b")
    assert world.recent() == ["e1.1"]


def test_ones_own_come_before_those_of_others(world: World) -> None:
    world.mine.commit("[e1.1] mine")
    world.mine.commit("[e2.1] fetched", author=OTHER)
    world.mine.commit("[e3.1] mine")
    world.mine.commit("[e4.1] fetched", author=OTHER)
    assert world.recent() == ["e3.1", "e1.1", "e4.1", "e2.1"]


def test_who_commits_is_asked_of_git(world: World, home: Path) -> None:
    world.mine.commit("[e1.1] mine")
    world.mine.commit("[e2.1] other", author=OTHER)
    world.mine.run("config", "user.email", "bob@example.org")
    assert world.recent() == ["e2.1", "e1.1"]
    world.mine.run("config", "--unset", "user.email")
    (home / ".gitconfig").write_text("", encoding="utf-8")
    assert world.recent() == ["e2.1", "e1.1"]  # nobody's: the newest first


@pytest.mark.parametrize("below", [".git", ".git/hooks", "src/deep"])
def test_any_folder_of_the_repository_will_do(world: World, below: str) -> None:
    world.mine.commit("[e1.1] a")
    (world.mine.path / below).mkdir(parents=True, exist_ok=True)
    assert world.recent(world.mine.path / below) == ["e1.1"]


def test_a_linked_worktree_is_the_same_repository(world: World, tmp_path: Path) -> None:
    world.mine.commit("[e1.1] a")
    world.mine.run("worktree", "add", "--quiet", "-b", "trial", str(tmp_path / "linked"))
    assert world.recent(tmp_path / "linked") == ["e1.1"]
    assert world.recent(world.mine.path / ".git/worktrees/linked") == ["e1.1"]


def test_elsewhere_there_is_nothing(
    world: World, git_repo: Callable[..., GitRepo], tmp_path: Path
) -> None:
    world.mine.commit("[e1.1] a")
    unseen = git_repo("unseen")
    unseen.commit("[e2.1] b")
    inside = GitRepo(world.mine.path / "vendor")  # not looked at, inside one that is
    for folder in (unseen.path, inside.path, inside.path / ".git", tmp_path, tmp_path / "gone"):
        assert world.recent(folder) == []
