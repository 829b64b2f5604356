"""The methods between experiments and commits, as Emacs gets their answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from support import calls
from support.repo import GitRepo

Call = Callable[..., Any]


@pytest.fixture
def project(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "project")


@pytest.fixture
def call(tmp_path: Path, project: GitRepo) -> Iterator[Call]:
    """Return a function that calls a method of a server that has looked."""
    for name in ("a.org", "b.org"):
        (tmp_path / name).write_text("* [201] Title :exp:\n* [7] Seven :exp:\n", encoding="utf-8")
    (tmp_path / "b.org").write_text("* [201] Title :exp:\n", encoding="utf-8")
    project.commit("[e201.1] Results- one\n\n[e7] as well", file="a.txt")
    daemon = Daemon(background=False)
    settings = Settings(
        logs=(str(tmp_path / "*.org"),),
        repositories=(Root(project.path, 0),),
        index=tmp_path / "index",
    )
    daemon.configure(settings, time.time())
    daemon.look()
    yield partial(calls.call, daemon, None)
    daemon.close()


def test_places(call: Call, tmp_path: Path) -> None:
    both = [str(tmp_path / "a.org"), str(tmp_path / "b.org")]
    assert call("places", "201") == [both, True]
    assert call("places", "7") == [both[:1], True]
    assert call("places", "x") == [[], True]


def test_commits(call: Call, project: GitRepo) -> None:
    time_of = int(project.run("log", "-1", "--format=%ct"))
    row = [project.head, project.head[:7], str(project.path), "Ada Tester", time_of]
    subject = "[e201.1] Results- one"
    assert call("commits", "201", "") == [[*row, subject, "1", "subject", True]]
    assert call("commits", "201", "1") == [[*row, subject, "1", "subject", True]]
    assert call("commits", "7", "") == [[*row, subject, "", "body", False]]
    assert call("commits", "201", "2") == call("commits", "", "") == []
    with pytest.raises(ExplogError, match="not the number of a step"):
        call("commits", "201", "x")


def test_commits_by_hash(call: Call, project: GitRepo) -> None:
    for size in (7, 40):
        oid = project.head[:size]
        assert call("find-commit", oid) == [[project.head, str(project.path)]]
    assert call("find-commit", "0" * 40) == []
    for bad in ("", "abc", "HEAD", "%", "0123456789abcdefg", "0" * 65):
        with pytest.raises(ExplogError, match="not the hash of a commit"):
            call("find-commit", bad)


def test_the_experiments_of_a_file(call: Call, project: GitRepo) -> None:
    time_of = int(project.run("log", "-1", "--format=%ct"))
    assert sorted(call("experiments-of-file", str(project.path / "a.txt"))) == [
        ["201", 1, time_of],
        ["7", 1, time_of],
    ]
    assert call("experiments-of-file", str(project.path / "none")) == []
    for bad in ("a.txt", ""):
        with pytest.raises(ExplogError, match="not an absolute file name"):
            call("experiments-of-file", bad)
    with pytest.raises(ExplogError, match="in no repository that is looked at"):
        call("experiments-of-file", "/")
