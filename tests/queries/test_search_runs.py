"""Runs as hits of a search: which queries find them, and what a hit says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from explog.cli import main
from explog.config import Settings
from explog.errors import ExplogError
from explog.index.database import Index, open_index
from explog.queries.search import SearchResult, search
from explog.runs.listing import FoundRun
from explog.sync.look import sync
from support.records import put_run, record
from support.repo import GitRepo

LOG = """\
* TODO [201] ABC in XYZ :exp_vision:
** Experiments
1. [ ] train
* DONE [202] Another :exp:
** Experiments
1. [X] run
"""
NOW = time.time()
DAY = 86400.0


def run(name: str, days: float, **values: Any) -> FoundRun:
    """Return a run that began so many DAYS ago and took a minute."""
    start = NOW - days * DAY
    usual = {"start": start, "end": start + 60, "state": "ok", "repository": "/src/model"}
    return FoundRun(record(name, **{**usual, **values}), f"/src/model/runs/{name}")


RUNS = (
    run("now", 0.0, reference="e201.1", state="running", end=None, host="node7.cluster",
        argv=("python", "train.py", "--lr", "0.01")),
    run("bad", 1.0, reference="e201.1", state="failed", exit=2, host="node8",
        argv=("python", "train.py", "--lr", "0.1"), branch="wide"),
    run("good", 2.0, reference="e202.1", host="node7.cluster", title="Warm-up",
        head="83d45cd" + "0" * 33),
    run("old", 50.0, reference="e999", state="killed", signal="SIGTERM", host="node8",
        repository="/src/other"),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("search")
    (folder / "log.org").write_text(LOG, encoding="utf-8")
    found = open_index(folder / "index.sqlite")
    sync(Settings(logs=(str(folder / "log.org"),)), found)
    return found


def find(index: Index, query: str, runs: tuple[FoundRun, ...] = RUNS) -> SearchResult:
    return search(index, query, runs=runs)


def names(index: Index, query: str) -> list[str]:
    """Return the names of the runs that QUERY finds, and the kinds of other hits."""
    return [
        Path(hit.file or "").parent.name if hit.kind == "run" else hit.kind
        for hit in find(index, query).hits
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind:run", ["now", "bad", "good", "old"]),
        ("state:failed", ["bad"]),
        ("state:Running", ["now"]),
        ("state:failed OR state:killed", ["bad", "old"]),
        ("host:node7", ["now", "good"]),
        ("host:node7.cluster", ["now", "good"]),
        ("host:node", []),
        ("kind:run -host:node7", ["bad", "old"]),
        ("kind:run -state:failed", ["now", "good", "old"]),
        ("kind:run e201", ["now", "bad"]),
        ("kind:run e201.1", ["now", "bad"]),
        ("kind:run 201", ["now", "bad"]),
        ("kind:run [e999]", ["old"]),
        ("kind:run train.py", ["now", "bad"]),
        ("kind:run lr=0.01", ["now"]),
        ("kind:run lr=0.0", ["now"]),
        ("kind:run lr=0.0 ", []),
        ("kind:run -lr=0.1", ["now", "good", "old"]),
        ('kind:run "train.py --lr"', ["now", "bad"]),
        ("kind:run warm", ["good"]),
        ("kind:run wide", ["bad"]),
        ("kind:run 83d45cd", ["good"]),
        ("kind:run after:2w", ["now", "bad", "good"]),
        ("kind:run before:2w", ["old"]),
        ("kind:run repo:other", ["old"]),
        ("kind:run repo:src/model", ["now", "bad", "good"]),
        ("kind:run tag:vision", []),
        ("kind:run tag:exp_vision", ["now", "bad"]),
        ("kind:run state:TODO", ["now", "bad"]),
        ("kind:run log:log", ["now", "bad", "good"]),
        ("kind:run author:ada", []),
        ("kind:run OR kind:experiment after:2w", ["now", "bad", "good"]),
        ("host:node8 OR kind:experiment", ["experiment", "experiment", "bad", "old"]),
        # Without asking for runs, none is found.
        ("train.py", []),
        ("e201.1", ["step"]),
        ("-kind:run XYZ", ["experiment"]),
        ("kind:step", ["step", "step"]),
        ("state:DONE kind:step", ["step"]),
    ],
)
def test_what_a_query_finds(index: Index, query: str, found: list[str]) -> None:
    assert sorted(names(index, query)) == sorted(found)
    runs = [name for name in names(index, query) if name in ("now", "bad", "good", "old")]
    assert runs == [name for name in ("now", "bad", "good", "old") if name in runs]


def test_what_a_hit_says(index: Index) -> None:
    (hit,) = find(index, "state:failed lr").hits
    assert hit._asdict() == {
        "kind": "run",
        "experiment": "201",
        "step": "1",
        "title": "ABC in XYZ",
        "snippet": "failed (2), 1:00 on node8: python train.py --⟦lr⟧ 0.1",
        "file": "/src/model/runs/bad/output.log",
        "line": 1,
        "repository": "/src/model",
        "commit": None,
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - DAY)),
    }


def test_what_a_hit_says_of_a_hostile_record(index: Index) -> None:
    odd = run("odd", 0, reference="x\x1b", host="a\x1bb\n* c", argv=("e\x1b\n",))
    (hit,) = find(index, "kind:run", (odd,)).hits
    assert (hit.experiment, hit.step) == (None, None)
    assert not set("\x1b\n").intersection(hit.snippet)


def test_more_runs_than_are_shown(index: Index) -> None:
    many = tuple(run(f"r{n}", n) for n in range(300))
    result = search(index, "kind:run", 10, runs=many)
    assert (result.total, len(result.hits)) == (300, 10)
    assert result.hits[0].file == "/src/model/runs/r0/output.log"


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("host:node9", "no run was on the host node9; there are node7, node8; searched 1 log and"),
        ("state:lost", "searched 1 log and"),
        ("state:WAIT", "no experiment is in the state WAIT; there are"),
    ],
)
def test_nothing_found(index: Index, query: str, note: str) -> None:
    result = find(index, query)
    assert (result.hits, result.note[: len(note)]) == ((), note)
    assert result.note.endswith("0 repositories, and 4 runs") is (query != "state:WAIT")


def test_a_filter_without_a_value_lists_the_values(index: Index) -> None:
    with pytest.raises(ExplogError, match="host: needs a value: node7, node8"):
        find(index, "host:")
    with pytest.raises(ExplogError, match=r"kind: needs a value: .*commit, run"):
        find(index, "kind:")
    with pytest.raises(ExplogError, match=r"state: needs a value: .*TODO, .*running, ok, failed"):
        find(index, "state:")


def test_a_terminal_finds_runs(
    tmp_path: Path, git_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo("proj")
    repo.commit("root")
    put_run(repo.path / "runs" / "a", state="failed", exit=1, end=NOW, start=NOW - 5, host="node7")
    monkeypatch.chdir(tmp_path)
    options = ["--repo", str(repo.path), "--index", str(tmp_path / "index")]
    done = CliRunner().invoke(main, ["search", *options, "host:node7"])
    place = f"{repo.path}/runs/a/output.log:1"
    assert done.stdout == f"{place}: [e1] failed (1), 0:05 on node7: true\n"
    done = CliRunner().invoke(main, ["search", *options, "--json", "state:failed"])
    (hit,) = json.loads(done.stdout)["hits"]
    assert (hit["kind"], hit["experiment"], hit["step"]) == ("run", "1", None)
    assert CliRunner().invoke(main, ["search", *options, "true"]).stdout == ""
