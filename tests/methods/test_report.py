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
from support.records import put_run
from support.repo import GitRepo

Call = Callable[..., Any]
LOG = "* DONE [201] ABC :exp:\nCLOSED: [2018-06-08 Fri]\n** Experiments\n1. [ ] one\n** Conclusions\nYes.\n*** More\n"


@pytest.fixture
def project(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "project")
    repo.commit("[e201.1] Results: acc=0.9", date=datetime(2018, 6, 6, 12, tzinfo=UTC))
    return repo


@pytest.fixture
def call(tmp_path: Path, project: GitRepo) -> Iterator[Call]:
    """Return a function that calls a method of a server that has looked."""
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
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
    text, pictures, problems = call("report", "2018-06", "", "all", "experiment", "", "", "/x/r")
    assert "* Concluded\n** [[exp:201][201]] ABC\nDONE · 2018-06-08\n\nYes.\n*** More\n" in text
    assert "[[file:/x/r-timeline.svg]]" in text
    [[name, svg, bars]] = pictures
    assert name == "/x/r-timeline.svg"
    assert svg.startswith("<svg")
    assert bars.splitlines()[1].startswith("201 ABC  ")
    assert problems == []
    text, _pictures, _problems = call(
        "report", "2018-06", "", "all", "experiment", "results", "", ""
    )
    assert "* Concluded" not in text
    assert "file:" not in text


def test_the_plot_of_a_report(call: Call, project: GitRepo) -> None:
    _text, pictures, problems = call("report", "2018-06", "", "all", "experiment", "", "acc", "r")
    assert [name for name, _svg, _bars in pictures] == ["r-timeline.svg"]
    assert problems == ["acc is not plotted, which takes 3 values: it has 1 value in the period"]
    for number in (2, 3):
        day = datetime(2018, 6, 6 + number, 12, tzinfo=UTC)
        project.commit(f"[e201.{number}] Results: acc=1", date=day)
    text, pictures, problems = call("report", "2018-06", "", "all", "experiment", "", "acc", "r")
    assert "* acc\n[[file:r-plot.svg]]" in text
    assert [name for name, _svg, _bars in pictures] == ["r-timeline.svg", "r-plot.svg"]
    assert problems == []
    text, svg, _problems = call(
        "report-block", "2018-06", "", "all", "experiment", "", "acc", "x.svg"
    )
    assert "\n[[file:x.svg]]\n" in text
    assert svg == pictures[1][1]


def test_the_runs_that_the_server_knows(call: Call, project: GitRepo) -> None:
    day = datetime(2018, 6, 7, 12, tzinfo=UTC).timestamp()
    values: dict[str, Any] = {"start": day, "end": day + 60, "state": "failed", "exit": 1}
    put_run(project.path / "runs" / "a", reference="e201.1", repository=str(project.path), **values)
    put_run(project.path / "runs" / "b", reference="e201.1", repository="/elsewhere", **values)
    _text, [[_name, svg, _bars]], _problems = call(
        "report", "2018-06", "", "all", "experiment", "", "", "r"
    )
    assert svg.count('<rect class="failed"') == 1


def test_a_block_has_no_headings(call: Call) -> None:
    text, _svg, _problems = call(
        "report-block", "2018-06", "", "all", "experiment", "", "", "x.svg"
    )
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
        call("report-block", *arguments, "", "")
    assert failed.value.code == code
