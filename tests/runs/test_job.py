"""The jobs of clusters, by their environment, and which run a restarted job goes on with."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from explog.runs.job import array_of, job_of
from explog.runs.record import Job, read_record
from explog.runs.requeue import Earlier, earlier_attempt, set_aside
from support.runs import explog_run, run_folders

SLURM = {"SLURM_JOB_ID": "7"}
PBS = {"PBS_JOBID": "7.server"}


@pytest.mark.parametrize(
    ("environment", "job"),
    [
        ({}, None),
        ({"SLURM_JOB_ID": ""}, None),
        (SLURM, Job("slurm", "7")),
        ({**SLURM, "SLURM_RESTART_COUNT": "2"}, Job("slurm", "7", restart=2)),
        ({**SLURM, "SLURM_RESTART_COUNT": "x"}, Job("slurm", "7")),
        ({**SLURM, "SLURM_ARRAY_JOB_ID": "5", "SLURM_ARRAY_TASK_ID": "3"}, Job("slurm", "5", "3")),
        (
            {**SLURM, "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "9"},
            Job("slurm", "7", "3", size=9),
        ),
        (
            {**SLURM, "SLURM_PROCID": "1", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4"},
            Job("slurm", "7", None, "1", size=4),
        ),
        ({**SLURM, "SLURM_PROCID": "1"}, Job("slurm", "7")),  # a batch script has it, too
        ({**SLURM, "SLURM_PROCID": "1", "SLURM_STEP_ID": "0"}, Job("slurm", "7", None, "1")),
        (PBS, Job("pbs", "7.server")),
        ({**PBS, "PBS_ARRAY_INDEX": "4"}, Job("pbs", "7.server", "4")),
        ({**PBS, "PBS_ARRAYID": "4"}, Job("pbs", "7.server", "4")),
    ],
)
def test_job(environment: dict[str, str], job: Job | None) -> None:
    assert job_of(environment) == job


@pytest.mark.parametrize(
    ("job", "array"),
    [
        (None, None),
        (Job("slurm", "7"), None),
        (Job("slurm", "5", "3"), "slurm 5"),
        (Job("slurm", "7", None, "1"), "slurm 7"),
        (Job("pbs", "7[4].server", "4"), "pbs 7[].server"),
        (Job("pbs", "7-4.server", "4"), "pbs 7.server"),
        (Job("pbs", "7.server"), None),
    ],
)
def test_array(job: Job | None, array: str | None) -> None:
    assert array_of(job) == array


def run(folder: Path, *words: str, **env: Any) -> None:
    explog_run("e1", "--", *words, cwd=folder, **env)


def attempts(folder: Path) -> list[int]:
    return sorted(read_record(path).attempt for path in run_folders(folder))


def test_slurm_goes_on_in_the_order_of_the_script(tmp_path: Path) -> None:
    """A script that makes the same run twice and another one makes them again after its restart."""
    for restart in ("0", "1"):
        for words in (["sh", "-c", "true"], ["sh", "-c", "true"], ["sh", "-c", "exit 1"]):
            run(tmp_path, *words, **SLURM, SLURM_RESTART_COUNT=restart)
    assert attempts(tmp_path) == [2, 2, 2]
    for folder in run_folders(tmp_path):
        assert (folder / "run.1.json").exists()
        lines = (folder / "output.log").read_text().split("\n")
        assert " attempt 2: " in lines[1]


def test_slurm_starts_anew_what_it_has_not_restarted(tmp_path: Path) -> None:
    run(tmp_path, "true", **SLURM)
    run(tmp_path, "true", **SLURM)
    run(tmp_path, "true", SLURM_JOB_ID="8", SLURM_RESTART_COUNT="1")
    run(tmp_path, "echo", **SLURM, SLURM_RESTART_COUNT="1")
    assert attempts(tmp_path) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("script", "wanted"), [("true", [1, 1]), ("exit 1", [1, 1]), ("kill -TERM $$", [2])]
)
def test_pbs_goes_on_with_what_was_killed(script: str, wanted: list[int], tmp_path: Path) -> None:
    for _ in range(2):
        run(tmp_path, "sh", "-c", script, **PBS)
    assert attempts(tmp_path) == wanted


def test_no_job_goes_on_with_nothing(tmp_path: Path) -> None:
    assert earlier_attempt(str(tmp_path), None, "e1", ["true"]) is None
    assert earlier_attempt("/nonexistent", Job("slurm", "7", restart=1), "e1", ["true"]) is None
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("has_links", [True, False])
def test_a_run_that_goes_on_is_never_without_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    run(tmp_path, "true", **SLURM)
    (folder,) = run_folders(tmp_path)
    earlier = Earlier(read_record(folder), str(folder))
    if not has_links:

        def link(*_args: object) -> None:
            raise PermissionError(errno.EPERM, "this drive has no links")

        monkeypatch.setattr(os, "link", link)
    for _twice in range(2):  # whoever set it aside before may have been killed
        set_aside(earlier)
        assert read_record(folder) == earlier.record
        assert (folder / "run.1.json").read_bytes() == (folder / "run.json").read_bytes()
