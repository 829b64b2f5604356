"""What is kept of a search for repositories, and that it is true whatever happens meanwhile."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.git import discovery
from explog.git.discovery import KnownFolders, discover
from support.repo import GitRepo
from support.waiting import wait_until


class World:
    """Folders with repositories of each kind, and what a search has kept of them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.known = KnownFolders()
        self.roots = [(folder / "root", 2), (folder / "root/deep", 0), (folder / "link", 1)]
        self.examined: list[Path] = []
        for name in ("one", "group/two", "group/three"):
            _init(folder / "root" / name)
        (folder / "root/group/empty").mkdir()
        (folder / "root/deep/empty").mkdir(parents=True)
        (folder / "far").mkdir()
        _init(folder / "far/four")
        (folder / "link").symlink_to(folder / "far")
        other = GitRepo(folder / "root/other")
        other.commit("one")
        other.run("worktree", "add", "--detach", str(folder / "root/group/linked"))
        other.run("clone", "--bare", str(other.path), str(folder / "root/bare.git"))
        real = discovery._examine

        def examine(path: Path, *, listed: bool) -> discovery._Folder:
            self.examined.append(path)
            return real(path, listed=listed)

        monkeypatch.setattr(discovery, "_examine", examine)

    def search(self) -> list[Path]:
        """Search with what is known, and return what had to be examined."""
        self.examined.clear()
        self.found = discover(self.roots, known=self.known)
        return list(self.examined)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, monkeypatch)
    linked = [tmp_path / "root/group/linked"]  # what is elsewhere is looked at each time
    wait_until(lambda: made.search() == linked, "a search that finds all as it was")
    assert made.found == discover(made.roots)
    return made


def _init(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet", folder], check=True)


def _replace(folder: Path) -> None:
    """Put another `.git` in the place of the one in FOLDER."""
    (folder / "one/.git").rename(folder / "one/.git-away")
    shutil.copytree(folder / "one/.git-away", folder / "one/.git", symlinks=True)


def _link(folder: Path) -> None:
    (folder / "one/.git").rename(folder / "one/.git-away")
    (folder / "one/.git").symlink_to(folder / "other/.git")


def _follow(folder: Path) -> None:
    """Move what a link leads to, and the link with it."""
    far = folder.parent / "far"
    far.rename(far.with_name("farther"))
    (folder.parent / "link").unlink()
    (folder.parent / "link").symlink_to(far.with_name("farther"))


CHANGES: dict[str, Callable[[Path], object]] = {
    "a repository made in a plain folder": lambda root: _init(root / "group/empty"),
    "a repository at the last level": lambda root: _init(root / "deep/empty"),
    "a new folder with one": lambda root: _init(root / "group/new"),
    "a folder becomes one": lambda root: _init(root / "deep"),
    "a repository is removed": lambda root: shutil.rmtree(root / "one"),
    "its .git is removed": lambda root: shutil.rmtree(root / "group/two/.git"),
    "its .git is replaced": _replace,
    "its .git becomes a link": _link,
    "a repository is renamed": lambda root: (root / "one").rename(root / "first"),
    "its folder is renamed": lambda root: (root / "group").rename(root / "gang"),
    "a bare one is removed": lambda root: shutil.rmtree(root / "bare.git"),
    "a bare one is broken": lambda root: (root / "bare.git/HEAD").unlink(),
    "a main worktree is removed": lambda root: shutil.rmtree(root / "other"),
    "a linked one names another": lambda root: (root / "group/linked/.git").write_text("gitdir: x"),
    "a link is moved with what it leads to": _follow,
    "all is gone": shutil.rmtree,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_happens_is_seen(world: World, change: str) -> None:
    before = world.found
    CHANGES[change](world.folder / "root")
    world.search()
    assert world.found == discover(world.roots)
    assert change == "its .git is replaced" or world.found != before


def test_one_change_has_one_folder_examined(world: World) -> None:
    _init(world.folder / "root/group/empty")
    linked = world.folder / "root/group/linked"
    assert set(world.search()) == {world.folder / "root/group/empty", linked}


def test_what_is_gone_is_forgotten(world: World) -> None:
    shutil.rmtree(world.folder / "root")
    world.search()
    world.search()
    inside = {path for path in world.known._now if path.is_relative_to(world.folder / "root")}
    assert inside <= {path for path, _depth in world.roots}
