"""Every file call of writing a log fails once: the log is the old or the new one, never another."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.errors import ExplogError
from explog.index.database import Index
from explog.org.files import replace_log
from explog.sync.look import sync
from support.canonical import canonical, differences, rebuilt
from support.failing import failing
from support.repo import GitRepo

OLD = b"* [201] Title :exp:\n** Experiments [0/1]\n1. [ ] one\n"
NEW = OLD.replace(b"[0/1]", b"[1/1]").replace(b"1. [ ] one", b"1. [X] one (83d45cd)")
KINDS = ("open", "creat", "read", "write", "fsync", "rename", "unlink", "stat", "flock", "chmod")


class World:
    """A log in a folder of its own, and a repository beside that."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "logs" / "log.org"
        self.log.parent.mkdir(parents=True)
        self.log.write_bytes(OLD)
        # What a crash left: it is removed by whoever writes next.
        (self.log.parent / ".log.org.explog-crash").write_bytes(b"half")
        repo = GitRepo(folder / "repo")
        repo.commit("[e201.1] Results")
        self.settings = Settings(logs=(str(self.log),), repositories=(Root(repo.path),))

    def write(self) -> bool:
        """Write the log; return whether explog says that it is written."""
        try:
            replace_log(self.log, OLD, NEW)
        except (ExplogError, OSError):
            return False
        return True

    def left(self) -> list[str]:
        return sorted(path.name for path in self.log.parent.iterdir() if path != self.log)


def numbers(folder: Path, kind: str) -> range:
    """Return the numbers of the calls of KIND that writing a log makes."""
    world = World(folder)
    with failing(world.log.parent, kind, 0) as calls:
        assert world.write()
    return range(1, calls.count(kind) + 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_log_is_old_or_new_whatever_fails(tmp_path: Path, kind: str) -> None:
    for number in numbers(tmp_path / "counted", kind):
        world = World(tmp_path / f"{kind}-{number}")
        with closing(Index(None)) as index:
            assert sync(world.settings, index).problems == []
            with failing(world.log.parent, kind, number) as calls:
                written = world.write()
            what = [call for call in calls.calls if call[0] == kind][number - 1]
            now = world.log.read_bytes()
            assert now in (OLD, NEW), what
            assert now == NEW or not written, what
            if kind != "unlink":
                assert [name for name in world.left() if "crash" not in name] == [], what
            if now == OLD:
                assert world.write(), what
            assert world.log.read_bytes() == NEW
            assert sync(world.settings, index).problems == []
            assert differences(canonical(index), rebuilt(world.settings)) == {}, what


def test_the_calls_are_made(tmp_path: Path) -> None:
    made = {kind for kind in KINDS if numbers(tmp_path / kind, kind)}
    assert made >= {"open", "creat", "write", "fsync", "rename", "unlink", "stat", "flock"}
