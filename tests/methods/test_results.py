"""The methods behind `explog-results`, as Emacs gets their answers."""

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
LOG = "* [201] ABC :exp:\n** Experiments\n1. [ ] one\n2. [ ] two\n3. [ ] three\n"


@pytest.fixture
def project(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "project")


@pytest.fixture
def call(tmp_path: Path, project: GitRepo) -> Iterator[Call]:
    """Return a function that calls a method of a server that has looked."""
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
    project.commit("[e201.1] Results: first")
    project.commit("[e201.2] Results: second")
    daemon = Daemon(background=False)
    settings = Settings(
        logs=(str(tmp_path / "log.org"),),
        repositories=(Root(project.path, 0),),
        index=tmp_path / "index",
    )
    daemon.configure(settings, time.time())
    daemon.look()
    yield partial(calls.call, daemon, None)
    daemon.close()


def test_rows(call: Call, project: GitRepo, tmp_path: Path) -> None:
    first, _second = call("results", "201", [], [], [], [])[2]
    oid = project.run("rev-parse", "HEAD~1")
    assert first[:8] == [
        "201",
        "1",
        "ABC",
        "one",
        str(tmp_path / "log.org"),
        3,
        str(project.path),
        oid,
    ]
    assert first[8:10] == [oid[:7], "2024-01-01T00:01:00Z"]


def test_text(call: Call, project: GitRepo) -> None:
    oid = project.run("rev-parse", "HEAD~1")
    text, _troubles = call("results-text", "201.1", [], [], [], [], "step, commit", "org")
    assert text == f"| step     | commit  |\n|----------+---------|\n| [e201.1] | {oid[:7]} |\n"


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("results", ("999", [], [], [], []), "unknown-experiment"),
        ("results", ("201", [], [], "acc", []), "bad-best"),
        ("results-names", ("201.9", []), "unknown-step"),
        ("results-text", ("201", [], [], [], [], "nothing", "org"), "unknown-column"),
        ("results-text", ("201", [], [], [], [], [], "html"), "unknown-format"),
        ("results-plot", ("201", [], [], [], []), "no-plot"),
    ],
)
def test_what_cannot_be_answered(
    call: Call, name: str, arguments: tuple[object, ...], code: str
) -> None:
    with pytest.raises(ExplogError) as raised:
        call(name, *arguments)
    assert raised.value.code == code
