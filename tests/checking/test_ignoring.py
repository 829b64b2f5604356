"""Problems that are ignored: known again by what is said of them, until they are taken back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from explog.checking.ignoring import split_ignored
from explog.errors import ExplogError
from explog.ignored import (
    IgnoredProblem,
    ignored_problem,
    keep_ignored,
    read_dropped,
    read_ignored,
    read_pattern,
)
from explog.model import PROBLEM_KINDS, Problem
from explog.state import state_file

DEAD = Problem("dead-hash", "/x/log.org", 9, "201", "1", "83d45cd is gone")
OTHER = Problem("duplicate-id", "/x/log.org", 40, "201", None, "e201 is also at /x/log.org:7")
NOWHERE = Problem("unknown-experiment", None, None, "999", "1", "abc says [e999.1]")


def key(one: Problem) -> IgnoredProblem:
    return ignored_problem(one.kind, one.file, one.experiment, one.step, one.message)


@pytest.mark.parametrize("problem", [DEAD, OTHER, NOWHERE], ids=lambda one: one.kind)
def test_a_problem_is_ignored_wherever_it_moves(problem: Problem) -> None:
    every = [DEAD, OTHER, NOWHERE]
    keep_ignored([key(problem)], ignored=True)
    moved = replace(problem, line=1000, message=problem.message.replace(":7", ":12"))
    others = [one for one in every if one != problem]
    assert split_ignored([*others, moved], ()) == (others, [moved])
    keep_ignored([key(moved)], ignored=False)
    assert split_ignored(every, ()) == (every, [])
    assert read_ignored() == frozenset()


def test_another_message_is_another_problem() -> None:
    keep_ignored([key(DEAD)], ignored=True)
    other = Problem("dead-hash", DEAD.file, DEAD.line, "201", "1", "83d45ce is gone")
    assert split_ignored([DEAD, other], ()) == ([other], [DEAD])


@pytest.mark.parametrize(
    ("pattern", "ignored"),
    [
        ("dead-hash", [DEAD]),
        ("dead-hash e201", [DEAD]),
        ("dead-hash [e201.1]", [DEAD]),
        ("dead-hash e201.2", []),
        ("dead-hash e20", []),
        ("cookie e201.1", []),
        ("duplicate-id  e201", [OTHER]),
        ("duplicate-id e201.1", []),
        ("unknown-experiment e999.1", [NOWHERE]),
    ],
)
def test_patterns(pattern: str, ignored: list[Problem]) -> None:
    assert split_ignored([DEAD, OTHER, NOWHERE], [pattern])[1] == ignored


@pytest.mark.parametrize("kind", PROBLEM_KINDS)
def test_every_kind_can_be_ignored(kind: str) -> None:
    assert read_pattern(f"{kind} e7.1.2") == (kind, "7", "1.2")


@pytest.mark.parametrize("text", ["", "dead", "dead-hash 201", "dead-hash e201 e202", "cookie e"])
def test_what_is_no_pattern(text: str) -> None:
    with pytest.raises(ExplogError) as caught:
        read_pattern(text)
    assert caught.value.code == "bad-config"


@pytest.mark.parametrize(
    "table",
    [[], {"problems": 3}, {"problems": [3, ["a"], [1, 2, 3, 4, 5]], "edits": {"a": 1}}],
)
def test_a_broken_state_ignores_nothing_and_can_be_written(table: object) -> None:
    path = state_file("ignored")
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(table), encoding="utf-8")
    assert (read_ignored(), read_dropped()) == (frozenset(), frozenset())
    keep_ignored([key(DEAD)], ignored=True)
    assert read_ignored() == {key(DEAD)}
