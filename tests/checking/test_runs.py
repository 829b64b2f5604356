"""Runs whose reference means no step, or several."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explog.checking.check import check
from explog.config import Root, Settings
from explog.index.database import open_index
from explog.runs.listing import FoundRun
from explog.sync.look import sync
from support.records import record
from support.repo import GitRepo

LOG = """\
* TODO [201] ABC in XYZ :exp:
** Experiments
1. [ ] one
2. [ ] two
2. [ ] two again
* TODO [202] No steps :exp:
"""
DAY = 86400.0


@pytest.fixture
def found(tmp_path: Path, git_repo: Callable[..., GitRepo]) -> Callable[..., list[list[object]]]:
    """Return what finds the problems of runs for references, without what is not about runs."""
    log = tmp_path / "log.org"
    log.write_text(LOG, encoding="utf-8")
    repo = git_repo("proj")
    repo.commit("root")
    settings = Settings(logs=(str(log),), repositories=(Root(repo.path),))
    index = open_index(tmp_path / "index.sqlite")
    sync(settings, index)
    without = check(settings, index)

    def find(*references: str, on: bool = True, **values: Any) -> list[list[object]]:
        now = time.time()
        usual = {"state": "ok", "start": now - 9, "end": now - 5, "repository": str(repo.path)}
        runs = [
            FoundRun(record(f"r{n}", **{**usual, "reference": one, **values}), f"/runs/r{n}")
            for n, one in enumerate(references)
        ]
        problems = check(replace(settings, run_notes=on), index, runs=runs)
        new = [one for one in problems if one not in without]
        return [[one.kind, one.line, one.experiment, one.step, one.message] for one in new]

    return find


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ("e201.1", None),
        ("e201", None),
        ("e202.1", None),  # there are no steps, and the entry says why
        ("nonsense", None),
        ("e201.7", ["unknown-step", 1, "201", "7", "and the experiment has no such step"]),
        ("e201.2", ["ambiguous", 1, "201", "2", "and there is more than one"]),
        ("e999.1", ["unknown-experiment", None, "999", "1", "and no log has that experiment"]),
    ],
)
def test_references(
    found: Callable[..., list[list[object]]], reference: str, problem: list[object] | None
) -> None:
    if problem is not None:
        problem[-1] = f"r0: it was run for [{reference}], {problem[-1]}"
    assert found(reference) == ([] if problem is None else [problem])


def test_many_runs_are_one_problem(found: Callable[..., list[list[object]]]) -> None:
    (problem,) = found("e201.7", "e201.7", "e201.1", "e201.7")
    assert str(problem[-1]).startswith("r0 and 2 more: it was run for [e201.7]")


@pytest.mark.parametrize(
    "values",
    [
        {"state": "running", "end": None},
        {"end": time.time() - 31 * DAY, "start": time.time() - 32 * DAY},
        {"repository": "/elsewhere"},
        {"repository": None},
        {"on": False},
    ],
)
def test_what_is_no_problem(
    found: Callable[..., list[list[object]]], values: dict[str, Any]
) -> None:
    assert found("e201.7", **values) == []
