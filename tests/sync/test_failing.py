"""A failure that passes leaves nothing behind: each file call of a look fails in turn, once."""

from __future__ import annotations

import os
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.sync.look import sync
from explog.sync.memory import Memory
from support.canonical import canonical, differences, rebuilt
from support.failing import ERRORS, failing
from support.repo import GitRepo

READING = ("open", "read", "list", "stat", "spawn", "creat", "flock")
LOG = "#+SETUPFILE: setup.org\n* OPEN [201] Title :exp:\n** Experiments\n1. [ ] one\n2. [ ] two\n"


class World:
    """Two logs, one in a folder that is named, and a repository with a linked worktree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "logs").mkdir(parents=True)
        self.log, self.other = folder / "log.org", folder / "logs/other.org"
        (folder / "setup.org").write_text("#+TODO: OPEN | SHUT\n")
        self.log.write_text(LOG)
        self.other.write_text(LOG.replace("201", "202").replace("setup", "../setup"))
        self.repo = GitRepo(folder / "repos/repo")
        self.repo.commit("[e201.1] one")
        self.repo.run("worktree", "add", "--detach", str(folder / "tree"))
        self.repo.run("-C", str(folder / "tree"), "commit", "--allow-empty", "-qm", "[e202.1] tree")
        self.settings = Settings(
            logs=(str(self.log), str(folder / "logs")),
            repositories=(Root(folder / "repos", 1),),
            index=folder.with_name("index"),
        )
        self.age()

    def age(self) -> None:
        """Have all be written long ago, as what was written just now is looked at again anyhow."""
        for path in (self.log, self.other, self.folder / "setup.org"):
            os.utime(path, (1_500_000_000, 1_500_000_000 + path.stat().st_size))

    def change(self) -> None:
        self.log.write_text(LOG.replace("[ ] one", "[X] one more"))
        self.other.write_text(self.other.read_text() + "3. [ ] three\n")
        self.age()
        self.repo.commit("[e201.2] Results")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "folder")


def look(index: Index, settings: Settings, again: Memory | None = None) -> list[str]:
    """Look once, and return what could not be read."""
    try:
        report = sync(settings, index, memory=again, patient=again is None)
    except OSError as error:  # the daemon says so, and looks again
        return [str(error)]
    return [problem.message for problem in report.problems]


@pytest.mark.parametrize("kind", READING)
def test_each_call_of_a_look_fails_once(world: World, kind: str) -> None:
    settings = replace(world.settings, index=None)
    with closing(Index(None)) as index:
        look(index, settings)
        before = index.counts()
        world.change()
        with failing(world.folder, kind, 0) as calls, closing(Index(None)) as other:
            look(other, settings)
    wanted = rebuilt(settings)
    total = calls.count(kind)
    assert total > 0 or kind in ("creat", "flock")
    for number in range(1, total + 1):
        with closing(Index(None)) as index:
            with failing(world.folder, kind, number):
                look(index, settings)  # the first look
            assert look(index, settings) == []
            assert differences(canonical(index), wanted) == {}, calls.calls[number]
    assert before.experiments == 2


@pytest.mark.parametrize("kind", READING)
def test_what_is_known_stays_while_something_cannot_be_read(world: World, kind: str) -> None:
    path = world.settings.index_path()
    with closing(open_index(path)) as index:
        look(index, world.settings)
        known = index.counts()
    data = path.read_bytes()
    world.change()
    wanted = rebuilt(world.settings)
    number = 0
    while True:
        number += 1
        path.write_bytes(data)
        with closing(open_index(path)) as index:
            with failing(world.folder, kind, number) as calls:
                look(index, world.settings, Memory())
            if calls.count(kind) < number:
                break
            now = index.counts()
            what = [called for called in calls.calls if called[0] == kind][number - 1]
            assert now.experiments == known.experiments, what
            assert now.commits >= known.commits, what
        with closing(open_index(path)) as index:  # after a restart
            assert look(index, world.settings) == []
            assert differences(canonical(index), wanted) == {}, what


def test_a_log_is_tried_again_ever_more_seldom_until_it_can_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    again = Memory()
    with closing(Index(None)) as index:
        look(index, world.settings)
        world.change()
        tries = set()
        for _second in range(600):
            now[0] += 1
            with failing(world.log, "open"):
                problems = look(index, world.settings, again)
            assert problems == [f"{world.log}: it cannot be read: {os.strerror(ERRORS['open'])}"]
            tries.add(again.retries._failures[str(world.log)].until)
        assert 5 < len(tries) < 12
        assert index.counts().experiments == 2
        world.log.write_text(LOG + "3. [ ] touched\n")  # tried at once
        world.age()
        assert look(index, world.settings, again) == []
        assert index.counts().steps == 6
