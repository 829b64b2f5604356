"""Which runs are to be noted, and what a note says of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from explog.plan.ends import End, find_ends, noted_state, said_of, stamp_of
from explog.plan.noted import Given, Noted
from explog.runs.listing import FoundRun
from explog.runs.record import Job
from support.records import NOW, put_run, record

PLACE = "/p/runs"
SOURCES = {PLACE: "p"}
DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0


def run(name: str = "a", folder: str = PLACE, **values: Any) -> FoundRun:
    """Return a run that began at NOW - 1000 and ended ok at NOW - 10."""
    usual = {"state": "ok", "end": NOW - 10, "host": "node7"}
    return FoundRun(record(name, **{**usual, **values}), f"{folder}/{name}")


def task(number: int, job: str = "5", size: int | None = 3, **values: Any) -> FoundRun:
    return run(f"task{number}", job=Job("slurm", job, str(number), size=size), **values)


def ends(*runs: FoundRun, now: float = NOW, since: float = 0.0, **given: Given) -> list[list[str]]:
    """Return the names of the runs of each end."""
    noted = Noted({"p": since}, {f"{PLACE}/{name}": one for name, one in given.items()})
    found = find_ends(runs, noted, SOURCES, now)
    return [[one.record.run for one in end.runs] for end in found]


def said(*runs: FoundRun) -> str:
    last = max(one.record.end or one.record.start for one in runs)
    return said_of(End(runs, last))


# Which


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({}, True),
        ({"state": "failed", "exit": 1}, True),
        ({"state": "killed", "signal": "SIGTERM"}, True),
        ({"state": "running", "end": None}, False),
        ({"state": "requeued"}, False),
        ({"end": NOW - 29 * DAY, "start": NOW - 30 * DAY}, True),
        ({"end": NOW - 31 * DAY, "start": NOW - 32 * DAY}, False),
        ({"folder": "/elsewhere"}, False),
    ],
)
def test_a_run_is_due_when_it_has_ended(values: dict[str, Any], due: bool) -> None:
    assert ends(run(**values)) == ([["a"]] if due else [])


def test_what_ended_before_the_folder_was_known_is_not_noted() -> None:
    assert ends(run(), since=NOW - 10) == [["a"]]
    assert ends(run(), since=NOW - 9) == []


def test_a_record_that_tells_of_the_future_gives_no_note(tmp_path: Path) -> None:
    """As one that comes with a repository, made to have something written into a log."""
    sources, noted = {str(tmp_path): "p"}, Noted({"p": NOW})
    put_run(tmp_path / "a", beat=NOW, state="ok", end=NOW + 2 * DAY)
    later = FoundRun(record("a", state="ok", end=NOW + 2 * DAY), str(tmp_path / "a"))
    for now in (NOW, NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY):
        assert find_ends([later], noted, sources, now) == []
    put_run(tmp_path / "a", beat=NOW + 2 * DAY, state="ok", end=NOW + 2 * DAY)
    assert len(find_ends([later], noted, sources, NOW + 2 * DAY)) == 1


def test_a_note_is_given_once_for_each_attempt() -> None:
    assert ends(run(), a=Given(1, "ok", NOW)) == []
    assert ends(run(attempt=2), a=Given(1, "killed", NOW)) == [["a"]]
    assert ends(run(attempt=2), a=Given(2, "ok", NOW)) == []


def test_a_lost_run_is_noted_after_an_hour_and_once_more_when_it_comes_back(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").touch()
    os.utime(tmp_path / "a" / "run.json", (NOW, NOW))
    lost = FoundRun(record("a", state="lost"), str(tmp_path / "a"))
    sources, noted = {str(tmp_path): "p"}, Noted({"p": 0.0})
    assert find_ends([lost], noted, sources, NOW + HOUR) == []
    (end,) = find_ends([lost], noted, sources, NOW + HOUR + 1)
    assert end == End((lost,), NOW)
    noted = Noted({"p": 0.0}, end.given())
    assert find_ends([lost], noted, sources, NOW + 2 * HOUR) == []
    os.utime(tmp_path / "a" / "run.json", (NOW + 2 * HOUR, NOW + 2 * HOUR))
    back = lost._replace(record=lost.record._replace(state="ok", end=NOW + 2 * HOUR))
    assert [one.runs for one in find_ends([back], noted, sources, NOW + 3 * HOUR)] == [(back,)]


def test_a_copy_of_a_lost_run_is_not_noted(tmp_path: Path) -> None:
    put_run(tmp_path / "a", beat=NOW, start=NOW - DAY)
    lost = FoundRun(record("a", state="lost", start=NOW - DAY), str(tmp_path / "a"))
    sources = {str(tmp_path): "p"}
    assert find_ends([lost], Noted({"p": NOW - MINUTE}), sources, NOW + 2 * HOUR) == []
    assert len(find_ends([lost], Noted({"p": NOW - DAY}), sources, NOW + 2 * HOUR)) == 1


def test_an_array_is_noted_when_all_its_tasks_have_ended() -> None:
    tasks = [task(1), task(2), task(3, state="running", end=None)]
    assert ends(*tasks) == []
    assert ends(*tasks[:2], task(3, end=NOW - 5)) == [["task1", "task2", "task3"]]


def test_tasks_in_the_queue_are_waited_for_a_day() -> None:
    two = [task(1), task(2)]
    assert ends(*two, now=NOW + HOUR) == []
    assert ends(*two, now=NOW + DAY) == [["task1", "task2"]]
    late = [*two, task(3, end=NOW + 2 * DAY)]
    given = Given(1, "ok", NOW - 10)
    assert ends(*late, now=NOW + 2 * DAY, task1=given, task2=given) == [["task3"]]


def test_an_array_of_unknown_size_is_noted_when_it_is_quiet() -> None:
    some = [task(1, size=None), task(2, size=None)]
    assert ends(*some, now=NOW + 5 * MINUTE) == []
    assert ends(*some, now=NOW + 10 * MINUTE) == [["task1", "task2"]]


def test_a_task_that_was_put_back_into_the_queue_is_waited_for() -> None:
    tasks = [task(1), task(2), task(3, state="requeued")]
    assert ends(*tasks) == []
    assert ends(*tasks, now=NOW + 2 * DAY) == [["task1", "task2"]]


def test_arrays_and_references_are_told_apart() -> None:
    tasks = [task(1, size=1), task(2, "6", size=1), task(3, size=1, reference="e2")]
    assert sorted(ends(*tasks)) == [["task1"], ["task2"], ["task3"]]


# What it says


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, "ok, 16:30 on node7"),
        ({"start": NOW - 9077.5}, "ok, 2:31:07 on node7"),
        ({"state": "failed", "exit": 2}, "failed (2), 16:30 on node7"),
        ({"state": "killed", "signal": "SIGTERM"}, "killed (SIGTERM), 16:30 on node7"),
        ({"state": "killed", "signal": "\n* x"}, "killed, 16:30 on node7"),
        ({"state": "lost", "end": None}, "lost on node7"),
        ({"host": "node7.cluster.edu"}, "ok, 16:30 on node7"),
        ({"host": "a\n* [b]"}, "ok, 16:30 on a----b-"),
        ({"attempt": 2}, "ok, 16:30 on node7, attempt 2"),
        ({"changed": ("a",)}, "ok, 16:30 on node7, with uncommitted changes"),
        ({"start": NOW, "end": NOW - 10}, "ok on node7"),
    ],
)
def test_what_is_said_of_one_run(values: dict[str, Any], wanted: str) -> None:
    assert said(run(**values)) == wanted
    assert (
        noted_state(f"- [2027-01-15 Fri 07:43] (83d45cd) {wanted}")
        == wanted.split(",", maxsplit=1)[0].split(maxsplit=1)[0]
    )


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        (["ok", "ok"], "ok (2 tasks), 16:30 on node7"),
        (["ok"], "ok (1 task), 16:30 on node7"),
        (["failed", "failed"], "failed (2 tasks), 16:30 on node7"),
        (["ok", "failed", "ok"], "failed (1 failed, 2 ok of 3 tasks), 16:30 on node7"),
        (["lost", "killed"], "killed (1 killed, 1 lost of 2 tasks), 16:30 on node7"),
    ],
)
def test_what_is_said_of_an_array(states: list[str], wanted: str) -> None:
    assert said(*(task(n, state=state) for n, state in enumerate(states))) == wanted
    assert noted_state(f"+ [2027-01-15 Fri 07:43] {wanted}") == wanted.split(maxsplit=1)[0]


def test_what_is_said_of_many_hosts() -> None:
    text = said(task(1), task(2, host="node8"))
    assert text == "ok (2 tasks), 16:30 on 2 hosts"
    assert noted_state(f"- [2027-01-15 Fri 07:43] {text}") == "ok"


@pytest.mark.parametrize(
    "item",
    [
        "- [2027-01-15 Fri 07:43] ok, 16:30 on node7, and the loss is 0.3",
        "- [2027-01-15 Fri 07:43] ok, 16:30 on node7\n  as hoped",
        "- [2027-01-15 Fri] lost on the way",
        "- [2027-01-15 Fri] ok now",
        "- ok, 16:30 on node7",
        "[2027-01-15 Fri 07:43] failed on node7",
        "",
    ],
)
def test_what_somebody_wrote_is_no_note_on_an_end(item: str) -> None:
    assert noted_state(item) is None


def test_the_commit_of_an_array_is_the_one_that_all_ran_on() -> None:
    one, other = task(1, head="a" * 40), task(2, head="b" * 40)
    assert End((one,), NOW).head == "a" * 40
    assert End((one, other), NOW).head is None


def test_the_time_is_that_of_the_start() -> None:
    assert stamp_of(End((run(),), NOW)) == "[2027-01-15 Fri 07:43]"
    assert stamp_of(End((run(start=1e14),), NOW)) is None
    assert stamp_of(End((run(start=-1e11),), NOW)) is None
