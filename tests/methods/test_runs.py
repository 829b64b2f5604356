"""The methods behind `explog-runs`, as Emacs gets their answers."""

from __future__ import annotations

import os
import re
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
from support.records import put_run
from support.repo import GitRepo

Call = Callable[..., Any]
HEAD, SNAPSHOT = "a" * 40, "b" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project" / "runs"


@pytest.fixture
def call(tmp_path: Path, folder: Path) -> Iterator[Call]:
    """Return a function that calls a method of a server that has looked."""
    GitRepo(folder.parent).commit("begin")
    now = time.time()
    argv = ("python", "train.py", "--lr", "1\x1b[2J")
    put_run(folder / "one", now, start=now - 90, reference="e201.1", argv=argv, head=HEAD)
    done = {"state": "failed", "exit": 3, "start": 1000.0, "end": 1060.5}
    put_run(folder / "two", now, reference="e202", title="A title", snapshot=SNAPSHOT, **done)
    daemon = Daemon(background=False)
    log = tmp_path / "log.org"
    log.write_text("* [201] ABC :exp:\n* [202] DEF :exp:\n", encoding="utf-8")
    settings = Settings(
        logs=(str(log),), repositories=(Root(folder.parent),), index=tmp_path / "index"
    )
    daemon.configure(settings, now)
    daemon.look()
    daemon.runs.look()
    yield partial(calls.call, daemon, None)
    daemon.close()


def test_rows(call: Call, folder: Path) -> None:
    total, (running, failed) = call("runs", "", 9)
    assert total == 2
    assert running[:4] == [str(folder / "one"), "e201.1", "running", "running"]
    assert running[5:8] == [None, "elsewhere", 1]
    assert "\x1b" not in running[8]
    assert running[8].startswith("python train.py --lr")
    assert running[9:] == [None, HEAD]
    assert failed[1:6] == ["e202", "failed", "failed (3)", 1000.0, 60.5]
    assert failed[8:] == ["A title", None, SNAPSHOT]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["e201.1", "e202"]),
        ("state:failed", ["e202"]),
        ("e201", ["e201.1"]),
        ("-e201  title", ["e202"]),
        ("host:elsewhere train", ["e201.1"]),
    ],
)
def test_query(call: Call, query: str, found: list[str]) -> None:
    assert [row[1] for row in call("runs", query, 9)[1]] == found


@pytest.mark.parametrize(("most", "found"), [(1, ["e201.1"]), (0, []), (-1, [])])
def test_only_the_newest(call: Call, most: int, found: list[str]) -> None:
    total, rows = call("runs", "", most)
    assert (total, [row[1] for row in rows]) == (2, found)


def test_bad_query(call: Call) -> None:
    with pytest.raises(ExplogError, match="the states are"):
        call("runs", "state:asleep", 9)


def test_running(call: Call) -> None:
    ((reference, seconds, host),) = call("running")
    assert (reference, host) == ("e201.1", "elsewhere")
    assert 90 <= seconds < 150


def test_an_agenda_says_what_runs(call: Call) -> None:
    running, none = call("agenda-facts", ["201", "202"], [])
    assert (running[0], none[0], none[6]) == ("201", "202", None)
    assert re.fullmatch(r"[12]:\d\d elsewhere", running[6])


def test_text(call: Call, folder: Path) -> None:
    text = call("run-text", str(folder / "one"))
    assert "command   python train.py" in text
    assert "\x1b" not in text
    with pytest.raises(ExplogError, match="no such run any more"):
        call("run-text", os.fspath(folder / "three"))


def test_end(call: Call, folder: Path) -> None:
    with pytest.raises(ExplogError, match="one is not ended: it runs on elsewhere"):
        call("run-end", str(folder / "one"))
    with pytest.raises(ExplogError, match="no such run any more"):
        call("run-end", str(folder.parent))
