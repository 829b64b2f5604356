"""Outlines and descriptions: what is told of experiments, from the index alone."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.queries import outline
from explog.sync.look import sync
from support.repo import GitRepo

Make = Callable[..., GitRepo]

LOG = """\
* INPROGRESS [201] ABC in XYZ model [1/3]   :exp:
** Experiments [1/3]
1. [x] Test XYZ without ABC (%s)
2. [-] Test XYZ with ABC
   1. [ ] once
3. [ ] a step whose text
   goes on (%s)
4. no box

* DONE [202] Nothing :exp_vision:
"""


class World:
    """A log, two repositories, and an index of them."""

    def __init__(self, folder: Path, make: Make) -> None:
        self.one, self.two = make("one"), make("two")
        self.results = self.one.commit("[e201.1] Results", date=datetime(2024, 5, 1, tzinfo=UTC))
        self.users = self.two.commit("tidy")
        self.later = self.two.commit("x\n\nsee [e201]", date=datetime(2024, 6, 1, tzinfo=UTC))
        self.log = folder / "log.org"
        self.write(LOG % (self.results[:7], self.users[:9]))
        roots = (Root(self.one.path), Root(self.two.path))
        self.settings = Settings(logs=(str(folder / "*.org"),), repositories=roots)
        self.index: Index = open_index(folder / "index.sqlite")
        self.sync()

    def write(self, text: str, path: Path | None = None) -> None:
        (path or self.log).write_text(text, encoding="utf-8")

    def sync(self) -> None:
        sync(self.settings, self.index)

    def describe(self, *idents: str) -> list[outline.Description]:
        return outline.describe(self.index, idents)


def commits(found: outline.Description) -> dict[str, tuple[str | None, str]]:
    """Return (repository, commit) by the number of the step that has it."""
    return {s.number: (s.repository, s.commit) for s in found.steps if s.commit is not None}


@pytest.fixture
def world(tmp_path: Path, git_repo: Make) -> World:
    return World(tmp_path, git_repo)


def test_a_hash_leads_to_its_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)  # no process is needed for it
    (found,) = world.describe("201")
    assert commits(found) == {
        "1": (str(world.one.path), world.results),
        "3": (str(world.two.path), world.users),
    }
    assert (found.archived, found.problem) == (False, None)
    assert found.title == "ABC in XYZ model"
    assert [step.number for step in found.steps] == ["1", "2", "2.1", "3", "4"]


def test_in_a_clone_it_is_the_same_commit(world: World) -> None:
    clone = world.log.parent / "clone"
    world.two.run("clone", "--quiet", str(world.two.path), str(clone))
    world.settings = Settings(
        logs=world.settings.logs, repositories=(*world.settings.repositories, Root(clone))
    )
    world.sync()
    (found,) = world.describe("201")
    assert commits(found)["3"][1] == world.users


@pytest.mark.parametrize("short", ["0000000", "fffffff" * 9])
def test_a_hash_that_nobody_knows_leads_nowhere(world: World, short: str) -> None:
    world.write(LOG % (short[:40], short[:7]))
    world.sync()
    (found,) = world.describe("201")
    assert commits(found) == {}


def test_a_hash_that_means_two_commits_leads_nowhere(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [(world.users, "/a"), (world.users[:9] + "0" * 31, "/b")]
    monkeypatch.setattr(outline, "commits_with_prefix", lambda _index, _prefix: both)
    (found,) = world.describe("201")
    assert set(commits(found)) == {"1"}  # a commit that says so is meant all the same


def test_what_no_log_has_is_left_out(world: World) -> None:
    assert world.describe("999", "") == []
    assert [d.ident for d in world.describe("202", "999", "202")] == ["202"]


def test_many_ids(world: World) -> None:
    idents = [str(number) for number in range(5000)]
    assert len(world.describe(*idents)) == 2


def test_an_archived_experiment_says_so_and_comes_second(world: World) -> None:
    archive = world.log.with_name("log.org_archive")
    world.write("* DONE [7] Old :exp:\n* DONE [201] Older :exp:\n", archive)
    world.sync()
    (old,) = world.describe("7")
    assert old.archived
    (found,) = world.describe("201")
    assert (found.archived, found.file) == (False, str(world.log))
    assert found.problem == "201 is there more than once: also in log.org_archive:2"


def test_a_log_that_cannot_be_read_is_told_of(world: World) -> None:
    assert outline.problems(world.index) == []
    world.log.unlink()
    world.log.mkdir()
    world.sync()
    (problem,) = outline.problems(world.index)
    assert str(world.log) in problem
    assert world.describe("201") == []


def test_outlines(world: World) -> None:
    files, found, following = outline.outlines(world.index, 0, 10)
    assert (files, following) == ([str(world.log)], None)
    assert found == [
        ("201", "ABC in XYZ model", "INPROGRESS", False, 0, 1, False, 1, 4,
         int(datetime(2024, 6, 1, tzinfo=UTC).timestamp())),
        ("202", "Nothing", "DONE", True, 0, 10, False, 0, 0, None),
    ]  # fmt: skip


@pytest.mark.parametrize("most", [1, 2, 3, 7, 100])
def test_outlines_come_in_pages(world: World, most: int) -> None:
    world.write("".join(f"* [{number}] T :exp:\n" for number in range(14)))
    world.sync()
    idents: list[str] = []
    after: int | None = 0
    while after is not None:
        _files, page, after = outline.outlines(world.index, after, most)
        assert len(page) <= most
        idents += [record.ident for record in page]
    assert idents == [str(number) for number in range(14)]
