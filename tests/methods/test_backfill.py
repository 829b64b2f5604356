"""What Emacs may ask of a plan: its sheets, again and again, and that parts of it be written."""

from __future__ import annotations

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
* TODO [201] First :exp:
** Experiments [7/2]
1. [ ] one
2. [ ] two
"""


class Emacs:
    """The client of an Emacs that visits no log; `flags` is what it was told to show."""

    closed = False

    def __init__(self) -> None:
        self.flags: list[Any] = []

    def call(self, method: str, *args: Any, timeout: float) -> object:
        assert timeout > 0
        return [[] for _ in args[0]] if method == "entries" else []

    def notify(self, method: str, *args: Any) -> None:
        if method == "flags":
            self.flags = args[0]


class World:
    """A daemon that looks when it is told to, with a history that is settled already."""

    def __init__(self, folder: Path) -> None:
        self.project = GitRepo(folder / "project")
        self.one = self.project.commit("[e201.1] Results")
        self.two = self.project.commit("[e201.2] Start")
        self.project.commit("[e999.1] Start")
        self.log = folder / "log.org"
        self.log.write_text(LOG, encoding="utf-8")
        self.emacs = Emacs()
        self.daemon = Daemon(background=False)
        self.daemon.client_ready(cast(Client, self.emacs))
        settings = Settings(
            logs=(str(self.log),),
            repositories=(Root(self.project.path),),
            index=folder / "index.sqlite",
        )
        self.daemon.configure(settings, time.time())

    def call(self, method: str, *args: object) -> Any:
        return call(self.daemon, self.emacs, method, *args)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    one = World(tmp_path)
    yield one
    one.daemon.close()


def test_a_plan_and_its_sheets(world: World) -> None:
    plan, *counts, failures, dropped, cookies = world.call("plan")
    assert (counts, failures, dropped, cookies) == ([1, 1], [], [], 0)
    unplaced = world.call("unplaced", plan, 0, 10)
    [[reason, reference, repository, _commit, message, file, line]] = unplaced
    assert (reason, reference, repository) == (
        "unknown-experiment",
        "e999.1",
        str(world.project.path),
    )
    assert "no log has that experiment" in message
    assert (file, line) == (None, None)
    [[log, line, experiment, title, diff, edits]] = world.call("sheets", plan, 0, 10)
    assert (log, line, experiment, title) == (str(world.log), 1, "201", "First")
    assert [row[1] for row in edits] == ["1", "2"]
    number, step, at, where, commit, said, start, end, replaces = edits[0]
    assert replaces == ""
    assert (step, at, where, commit) == ("1", 3, str(world.project.path), world.one)
    assert said == f"e201.1 ← {world.one[:7]} (project)"
    assert diff[start:end] == f"-1. [ ] one\n+1. [X] one ({world.one[:7]})\n"
    assert world.call("sheets", plan, 1, 10) == []
    alone = world.call("sheet", plan, [number])
    assert [row[0] for row in alone[5]] == [number]
    assert world.two[:7] not in alone[4]


def test_applying(world: World) -> None:
    plan, *_ = world.call("plan")
    assert world.call("apply", plan, [0]) == []
    assert f"1. [X] one ({world.one[:7]})" in world.log.read_text(encoding="utf-8")
    assert world.call("apply", plan, [0, 1]) == [[0, "it is not planned any more"]]
    assert f"2. [ ] two ({world.two[:7]})" in world.log.read_text(encoding="utf-8")
    with pytest.raises(ExplogError, match="not planned any more"):
        world.call("sheet", plan, [0])


def test_what_was_applied_is_taken_back(world: World) -> None:
    plan, *_ = world.call("plan")
    [[*_, edits]] = world.call("sheets", plan, 0, 10)
    assert world.call("apply", plan, [0, 1]) == []
    assert world.call("unapply", plan, [0, 1]) == []
    assert world.log.read_text(encoding="utf-8") == LOG
    assert world.call("sheets", plan, 0, 10)[0][5] == edits
    assert world.call("unapply", plan, [0]) == [[0, "it was not made last"]]


def test_what_is_dropped_stays_so_until_it_is_taken_back(world: World) -> None:
    row = [str(world.log), "201", "1", world.one]
    assert world.call("drop", [row], True)
    *_, dropped, _cookies = world.call("plan")
    said = f"e201.1 ← {world.one[:7]} (project)"
    assert dropped == [[str(world.log), 3, "201", "1", str(world.project.path), world.one, said]]
    assert world.call("drop", [row], [])
    *_, dropped, _cookies = world.call("plan")
    assert dropped == []


def test_a_problem_is_ignored_and_taken_back(world: World) -> None:
    first, *others = world.call("check")
    row = [[] if first[n] is None else first[n] for n in (0, 1, 3, 4, 5)]
    assert world.call("ignore", [row], True)
    assert world.call("check") == [*others, [*first[:-1], True]]
    assert world.call("ignore", [row], [])
    assert world.call("check") == [first, *others]


def test_what_is_dropped_cannot_be_kept(world: World, home: Path) -> None:
    (home / ".local").write_text("no folder", encoding="utf-8")
    with pytest.raises(ExplogError, match="what is dropped cannot be kept") as caught:
        world.call("drop", [], True)
    assert caught.value.code == "not-kept"


def test_a_plan_that_is_forgotten(world: World) -> None:
    first, *_ = world.call("plan")
    world.call("plan")
    world.call("apply", first, [0])
    world.call("plan")
    with pytest.raises(ExplogError, match="does not know this plan") as caught:
        world.call("apply", first, [1])
    assert caught.value.code == "no-such-plan"


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("sheets", ("x", 0, 1)),
        ("sheets", (1, [], 1)),
        ("sheet", (1, "all")),
        ("sheet", (1, [])),
        ("sheet", (1, [True])),
        ("apply", (1, [[1]])),
        ("mend", ("cookie",)),
        ("mend", ([["cookie", "f", "201", "2", []]],)),
        ("mend", ([["cookie", "f", "201", 2, [[1, "a"]]]],)),
    ],
)
def test_nonsense(world: World, method: str, args: tuple[object, ...]) -> None:
    world.call("plan")
    with pytest.raises(ExplogError) as caught:
        world.call(method, *args)
    assert caught.value.code in ("bad-arguments", "no-such-plan", "no-such-edit")


def test_mending(world: World) -> None:
    [row] = [row for row in world.call("check") if row[0] == "cookie"]
    kind, file, line, experiment, _step, _said, mendable, entry_line, _title, lines, _ = row
    assert mendable
    wish = [kind, file, experiment, line - entry_line, lines]
    assert world.call("mend", [wish]) == [None]
    assert "** Experiments [0/2]" in world.log.read_text(encoding="utf-8")
    assert world.call("mend", [wish]) == ["it changed meanwhile"]


def test_flags_reach_emacs(world: World) -> None:
    world.daemon.look()
    assert world.emacs.flags == []
    text = LOG.replace("two", f"two ({world.one[:7]})")
    world.log.write_text(text, encoding="utf-8")
    world.call("plan")  # looks, and waits for a log that is being written
    [[file, line, experiment, digits, message]] = world.emacs.flags
    assert (file, line, experiment, digits) == (str(world.log), 4, "201", world.one[:7])
    assert message == f"{world.one[:7]} says [e201.1]: the list was renumbered"
    world.log.write_text(LOG, encoding="utf-8")
    world.call("plan")
    assert world.emacs.flags == []
