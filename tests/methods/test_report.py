"""The methods behind `explog-report`, as Emacs gets their answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
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
LOG = "* DONE [201] ABC :exp:\nCLOSED: [2018-06-08 Fri]\n** Experiments\n1. [ ] one\n** Conclusions\nYes.\n*** More\n"


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    """Return a function that calls a method of a server that has looked."""
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
    project = GitRepo(tmp_path / "project")
    project.commit("[e201.1] Results: acc=0.9", date=datetime(2018, 6, 6, 12, tzinfo=UTC))
    daemon = Daemon(background=False)
    settings = Settings(
        logs=(str(tmp_path / "log.org"),),
        repositories=(Root(project.path, 0),),
        index=tmp_path / "index",
    )
    daemon.configure(settings, time.time())
    yield partial(calls.call, daemon, None)
    daemon.close()


def test_report(call: Call) -> None:
    text, svg, problems = call("report", "2018-06", "", "all", "experiment", "", "x.svg")
    assert "* Concluded\n** [[exp:201][201]] ABC\nDONE · 2018-06-08\n\nYes.\n*** More\n" in text
    assert "[[file:x.svg]]" in text
    assert svg.startswith("<svg")
    assert problems == []
    text, svg, _problems = call("report", "2018-06", "", "all", "experiment", "results", "")
    assert "* Concluded" not in text
    assert "file:" not in text
    assert svg == ""


def test_a_block_has_no_headings(call: Call) -> None:
    text, _problems = call("report-block", "2018-06", "", "all", "experiment", "")
    assert "*Concluded*\n\n- [[exp:201][201]] ABC · DONE · 2018-06-08\n  Yes.\n" in text
    assert "  - [[exp:201.1][1]] one · " in text
    assert not any(line.startswith("* ") or line.startswith("**") for line in text.splitlines())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["soon", "", "all", "experiment", ""], "bad-period"),
        (["week", "kind:x", "all", "experiment", ""], "bad-query"),
        (["week", "", "all", "colour", ""], "bad-grouping"),
        (["week", "", "all", "experiment", "x"], "bad-section"),
    ],
)
def test_bad_arguments(call: Call, arguments: list[str], code: str) -> None:
    with pytest.raises(ExplogError) as failed:
        call("report-block", *arguments)
    assert failed.value.code == code
