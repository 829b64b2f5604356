"""What Emacs is told of experiments, and when it is told that it may be old."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.rpc.client import Client
from support.calls import call
from support.repo import GitRepo

LOG = """\
* TODO [201] "Title" with \\ in it :exp:
** Experiments [1/2]
1. [x] one (%s)
2. two
"""


class Emacs:
    """The client of an Emacs that visits no log."""

    closed = False

    def __init__(self) -> None:
        self.changes = 0

    def call(self, method: str, *args: Any, timeout: float) -> object:
        assert timeout > 0
        return [[] for _ in args[0]] if method == "entries" else True

    def notify(self, method: str, *args: Any) -> None:
        assert (method, args) == ("changed", ())
        self.changes += 1


class World:
    """A daemon that looks when it is told to, and the Emacs that it serves."""

    def __init__(self, folder: Path) -> None:
        self.project = GitRepo(folder / "project")
        self.commit = self.project.commit("[e201.1] Results")
        self.log = folder / "log.org"
        self.log.write_text(LOG % self.commit[:7], encoding="utf-8")
        self.settings = Settings(
            logs=(str(self.log),),
            repositories=(Root(self.project.path),),
            index=folder / "index.sqlite",
        )
        self.emacs = Emacs()
        self.daemon = Daemon(background=False)
        self.daemon.client_ready(cast(Client, self.emacs))

    def configure(self) -> None:
        self.daemon.configure(self.settings, time.time())

    def call(self, method: str, *args: object) -> Any:
        return call(self.daemon, self.emacs, method, *args)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    one = World(tmp_path)
    yield one
    one.daemon.close()


@pytest.fixture
def looked(world: World) -> World:
    world.configure()
    world.daemon.look()
    return world


def test_describe(looked: World) -> None:
    complete, problems, rows, others = looked.call("describe", ["201", "999", "2e", "10s"])
    assert (complete, problems, others) == (True, [], ["2e", "10s"])
    repository = str(looked.project.path)
    steps = [
        ["1", "X", "one", looked.commit[:7], 3, repository, looked.commit],
        ["2", None, "two", None, 4, None, None],
    ]
    row = ["201", '"Title" with \\ in it', "TODO", False, str(looked.log), 1, False, None, steps]
    assert rows == [row]


def test_experiments(looked: World) -> None:
    following, files, [row] = looked.call("experiments", 0, 100)
    assert (following, files) == (None, [str(looked.log)])
    assert row[:-1] == ["201", '"Title" with \\ in it', "TODO", False, 0, 1, False, 1, 1]
    assert isinstance(row[-1], int)
    assert looked.call("experiments", 0, 1)[0] == 1


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("describe", [[1]]),
        ("describe", ["201"]),
        ("experiments", [0, 0]),
        ("experiments", ["0", 10]),
        ("experiments", [0, 10**6]),
    ],
)
def test_bad_arguments(looked: World, method: str, args: list[object]) -> None:
    with pytest.raises(ExplogError) as caught:
        looked.call(method, *args)
    assert caught.value.code == "bad-arguments"


def test_before_the_first_look_nothing_is_said_to_be_unknown(world: World) -> None:
    with pytest.raises(ExplogError) as caught:
        world.call("describe", ["201"])
    assert caught.value.code == "not-configured"
    world.configure()
    assert world.call("describe", ["201"])[0] is False
    world.daemon.look()
    assert world.call("describe", ["201"])[0] is True


def test_emacs_hears_of_each_change_once(looked: World) -> None:
    assert looked.emacs.changes == 1
    looked.daemon.look()
    assert looked.emacs.changes == 1
    looked.project.commit("more")
    looked.daemon.look()
    assert looked.emacs.changes == 2
    with looked.log.open("a", encoding="utf-8") as log:
        log.write("* [7] Seven :exp:\n")
    os.utime(looked.log, (1, 1))  # as if it had been written a while ago
    looked.daemon.look()
    assert looked.emacs.changes == 3
    assert looked.call("describe", ["7"])[2]


def test_emacs_hears_of_an_index_that_was_ready(looked: World) -> None:
    again = Daemon(background=False)
    emacs = Emacs()
    again.client_ready(cast(Client, emacs))
    again.configure(looked.settings, time.time())
    again.look()
    assert emacs.changes == 1
    again.close()


def test_a_change_is_told_though_the_look_failed_after_it(
    looked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked.project.commit("[e201.2] two")
    with monkeypatch.context() as patch:
        patch.setattr(Daemon, "_settle", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            looked.daemon.look()
    assert looked.emacs.changes == 1
    looked.daemon.look()
    assert looked.emacs.changes == 2
