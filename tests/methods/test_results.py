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
from support.records import put_run
from support.repo import GitRepo

Call = Callable[..., Any]
LOG = "* [201] ABC :exp:\n** Experiments\n1. [ ] one\n2. [ ] two\n3. [ ] three\n"


@pytest.fixture
def project(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "project")


@pytest.fixture
def daemon(tmp_path: Path, project: GitRepo) -> Iterator[Daemon]:
    """Return a server that has looked."""
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
    project.write("params.json", '{"lr": 0.1}')
    project.commit("[e201.1] Results", file="metrics.csv", text="seed,acc\n1,71.4 %\n2,71.6 %\n")
    project.write("params.json", '{"lr": 0.01}')
    text = '{"acc": "72.40%", "loss": NaN}'
    project.commit("[e201.2] Results: better", file="metrics.json", text=text)
    daemon = Daemon(background=False)
    settings = Settings(
        logs=(str(tmp_path / "log.org"),),
        repositories=(Root(project.path, 0),),
        index=tmp_path / "index",
    )
    daemon.configure(settings, time.time())
    daemon.look()
    yield daemon
    daemon.close()


@pytest.fixture
def call(daemon: Daemon) -> Call:
    """Return a function that calls a method of the server."""
    return partial(calls.call, daemon, None)


def test_a_row_of_a_run(project: GitRepo, daemon: Daemon, call: Call) -> None:
    folder = put_run(project.path / "runs" / "e201.3-a", reference="e201.3", state="ok")
    (folder / "metrics.json").write_text('{"acc": 70}')
    daemon.runs.look()
    (row,) = call("results", "201.3", [], [], [], [])[2]
    assert row[6:9] == ["", "", ""]
    assert (row[10], row[11], row[12]) == (str(folder / "metrics.json"), 1, [["70", 70.0, False]])
    assert call("results-text", "201.3", [], [], [], [], "commit metrics", "csv")[0].startswith(
        "commit,acc,acc sd\r\n,70,\r\n"
    )


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


def test_cells(call: Call) -> None:
    metrics, parameters, rows, troubles = call("results", "201", [], "t", "max acc", [])
    assert (metrics, parameters, troubles) == (["acc", "loss"], ["lr"], [])
    assert [row[10:] for row in rows] == [
        ["metrics.csv", 2, [["71.50 ± 0.14 %", 71.5, False], None], ["0.1"]],
        ["metrics.json", 1, [["72.40 %", 72.4, True], ["nan", None, False]], ["0.01"]],
    ]


def test_no_parameters_unless_they_are_asked_for(call: Call) -> None:
    assert call("results", "201", [], [], [], [])[1] == []
    assert call("results", "201", [], "seed", [], [])[1] == ["seed"]


def test_names(call: Call) -> None:
    assert call("results-names", "201", []) == [["acc", "loss"], ["lr", "seed"]]


def test_an_unknown_name_leaves_the_rest(call: Call) -> None:
    metrics, _parameters, rows, troubles = call("results", "201", "acc los", [], [], [])
    assert (metrics, len(rows)) == (["acc"], 2)
    assert troubles == ["no step has the metric los; did you mean loss?"]


def test_a_block(call: Call) -> None:
    text, troubles = call(
        "results-text", "201", "acc loss", "t", "max acc", [], "step n parameters metrics", "org"
    )
    assert troubles == []
    assert text == (
        "| step       | n |   lr | acc            | loss |\n"
        "|------------+---+------+----------------+------|\n"
        "| =[e201.1]= | 2 |  0.1 | 71.50 ± 0.14 % |      |\n"
        "| =[e201.2]= | 1 | 0.01 | *72.40 %*      |  nan |\n"
    )


def test_plot(call: Call) -> None:
    svg, troubles = call("results-plot", "201", "acc", "max acc", [], [])
    assert troubles == []
    assert svg.startswith("<?xml")
    assert ">71.50 ± 0.14 %</text>" in svg


def test_text(call: Call, project: GitRepo) -> None:
    oid = project.run("rev-parse", "HEAD~1")
    text, _troubles = call("results-text", "201.1", [], [], [], [], "step, commit", "org")
    assert (
        text == f"| step       | commit  |\n|------------+---------|\n| =[e201.1]= | {oid[:7]} |\n"
    )


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("results", ("999", [], [], [], []), "unknown-experiment"),
        ("results", ("201", [], [], "acc", []), "bad-best"),
        ("results-names", ("201.9", []), "unknown-step"),
        ("results-text", ("201", [], [], [], [], "nothing", "org"), "unknown-column"),
        ("results-text", ("201", [], [], [], [], [], "html"), "unknown-format"),
        ("results-plot", ("201", "loss", [], [], []), "no-plot"),
    ],
)
def test_what_cannot_be_answered(
    call: Call, name: str, arguments: tuple[object, ...], code: str
) -> None:
    with pytest.raises(ExplogError) as raised:
        call(name, *arguments)
    assert raised.value.code == code


def test_one_metric_in_an_agenda(call: Call) -> None:
    call("results", "201", [], [], [], [])  # which reads the values
    facts = call("agenda-facts", ["201", "999"], "acc")
    assert [(row[0], row[5]) for row in facts] == [("201", "72.40 %")]  # that of the newest step
    assert call("agenda-facts", ["201"], "bleu")[0][5] is None
    assert call("agenda-facts", ["201"], [])[0][5] is None
