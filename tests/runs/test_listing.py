"""The runs in a folder: which there are, and how each of them is now."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from explog.errors import ExplogError
from explog.runs.listing import LOST_SECONDS, find_run, host_name, read_run, read_runs
from explog.runs.process import identity, is_alive
from explog.runs.record import RunRecord, write_record
from support.repo import GitRepo
from support.runs import SERVER, explog_run, only_run, record_of, run_folders, start_run
from support.waiting import wait_until

NOW = 1_800_000_000.0


def make(folder: Path, beat: float | None = None, **values: object) -> Path:
    """Write a record into FOLDER, which was touched at BEAT."""
    folder.mkdir(parents=True, exist_ok=True)
    record = RunRecord(
        run=folder.name, reference="e1", state="running", argv=("true",), cwd=".", repository=None,
        branch=None, head=None, head_after=None, snapshot=None, changed=(), pushed=None,
        host="elsewhere", pid=1, start=NOW - 1000,
    )._replace(**values)  # type: ignore[arg-type]  # fmt: skip
    write_record(folder, record)
    os.utime(folder / "run.json", (NOW if beat is None else beat,) * 2)
    return folder


def ended_process() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("host", "pid", "beat", "state"),
    [
        ("elsewhere", "own", NOW, "running"),
        ("elsewhere", "own", NOW - LOST_SECONDS - 1, "lost"),
        ("elsewhere", "own", NOW - LOST_SECONDS + 1, "running"),
        ("here", "ended", NOW - LOST_SECONDS - 1, "lost"),
        ("here", "own", NOW - LOST_SECONDS - 1, "running"),  # stopped, or the disk is away
        ("here", "reused", NOW - LOST_SECONDS - 1, "lost"),
        ("here", "ended", NOW - 1, "running"),
        ("elsewhere", "own", NOW + 60, "running"),  # clocks differ
        ("elsewhere", "own", NOW + 10 * LOST_SECONDS, "lost"),  # a clock went wrong
        ("here", "own", NOW + 10 * LOST_SECONDS, "running"),
        ("here", "zero", NOW - LOST_SECONDS - 1, "lost"),
        ("here", "minus", NOW - LOST_SECONDS - 1, "lost"),
        ("here", "huge", NOW - LOST_SECONDS - 1, "lost"),
    ],
)
def test_state(host: str, pid: str, beat: float, state: str, tmp_path: Path) -> None:
    pids = {"own": os.getpid(), "reused": os.getpid(), "zero": 0, "minus": -1, "huge": 1 << 60}
    number = pids[pid] if pid in pids else ended_process()
    process = "another:1" if pid == "reused" else identity(number)
    where = host_name() if host == "here" else host
    folder = make(tmp_path / "run", beat, host=where, pid=number, process=process)
    run = read_run(str(folder), NOW)
    assert run is not None
    assert run.state == state


@pytest.mark.parametrize("state", ["ok", "failed", "killed", "requeued"])
def test_a_run_that_has_ended_stays_so(state: str, tmp_path: Path) -> None:
    run = read_run(str(make(tmp_path / "run", NOW - 1e6, state=state)), NOW)
    assert run is not None
    assert run.state == state


def test_what_is_no_run_is_passed_over(tmp_path: Path) -> None:
    make(tmp_path / "runs/one", start=NOW - 2)
    make(tmp_path / "runs/two", start=NOW - 1)
    make(tmp_path / "outside")
    runs = tmp_path / "runs"
    (runs / "link").symlink_to("../outside")
    (runs / "half").mkdir()
    (runs / "half/run.json").write_text('{"schema": 1, "run": "ha')
    (runs / "events").mkdir()
    (runs / "file").write_text("")
    make(runs / ".hidden")
    pipe = runs / "pipe"
    pipe.mkdir()
    os.mkfifo(pipe / "run.json")
    assert [run.run for run in read_runs(runs, NOW)] == ["two", "one"]
    assert read_runs(tmp_path / "nowhere") == []
    assert read_runs(runs / "file") == []


def test_processes_are_told_apart() -> None:
    own = identity(os.getpid())
    assert own is not None
    assert is_alive(os.getpid(), own)
    assert is_alive(os.getpid(), None)
    assert not is_alive(os.getpid(), own + "0")
    assert is_alive(1, None)


def test_which_run_is_meant(tmp_path: Path) -> None:
    first = make(tmp_path / "e1-20260101T000000-a-1", start=1.0)
    second = make(tmp_path / "e1-20260102T000000-a-1", start=2.0)
    step = make(tmp_path / "e1.1-20260101T000000-a-1")
    folders = [str(tmp_path), "/nonexistent"]
    assert find_run(first.name, folders) == str(first)
    assert find_run(str(first), []) == str(first)
    assert find_run("e1", folders) == find_run("[e1]", folders) == str(second)
    assert find_run("e1.1", folders) == str(step)
    assert find_run("e1.1-2026", folders) == str(step)
    with pytest.raises(ExplogError, match="no such run"):
        find_run("e3", folders)


# With real runs


def test_a_run_that_was_killed_by_force_is_lost(tmp_path: Path) -> None:
    run = start_run("e1", "--", "sleep", "1000", cwd=tmp_path, stdout=subprocess.PIPE)
    wait_until(lambda: run_folders(tmp_path))
    wait_until((run_folders(tmp_path)[0] / "output.log").exists)
    folder = str(run_folders(tmp_path)[0])
    assert getattr(read_run(folder), "state", "") == "running"
    later = time.time() + LOST_SECONDS + 1
    assert getattr(read_run(folder, later), "state", "") == "running"  # the process lives
    os.killpg(run.pid, signal.SIGKILL)
    run.wait(60)
    assert run.stdout is not None
    run.stdout.close()
    assert getattr(read_run(folder, later), "state", "") == "lost"


def test_a_run_is_touched_while_it_is_stopped(tmp_path: Path) -> None:
    """Shorten the heartbeat, as a test cannot wait for half a minute."""
    program = (
        "import explog.runs.witness as w, sys; w.HEARTBEAT_SECONDS = 0.05;"
        " from explog.runs.command import main; sys.exit(main(sys.argv[1:]))"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program, "e1", "--", "sh", "-c", "> begun; sleep 1000"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(SERVER)}, process_group=0,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until((tmp_path / "begun").exists)
        record = only_run(tmp_path) / "run.json"
        os.kill(run.pid, signal.SIGSTOP)
        stopped, _status = os.waitpid(run.pid, os.WUNTRACED)
        assert stopped == run.pid
        last = record.stat().st_mtime_ns
        wait_until(lambda: record.stat().st_mtime_ns > last)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(60)


def test_a_hundred_at_once(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()
    repo.commit("Start", file="file", text="one\n")
    (repo.path / "file").write_text("two\n")
    names = range(100)
    runs = [
        start_run(
            "e1", "--", "sh", "-c", f"echo {n}",
            cwd=repo.path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for n in names
    ]  # fmt: skip
    said = [run.communicate(timeout=120)[1] for run in runs]
    assert said == [b""] * 100
    assert [run.returncode for run in runs] == [0] * 100
    folders = run_folders(repo.path)
    assert len(folders) == 100
    records = [json.loads((folder / "run.json").read_text()) for folder in folders]
    assert {record["state"] for record in records} == {"ok"}
    assert len({record["snapshot"] for record in records}) == 1
    output = [(folder / "output.log").read_text().split("\n")[1] for folder in folders]
    assert sorted(map(int, output)) == list(names)
    assert len(repo.run("for-each-ref", "refs/explog").split("\n")) == 100
    assert repo.run("status", "--porcelain") == " M file"


# Folders


def test_git_ignores_the_runs(git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()
    repo.commit("Start", file="file")
    explog_run("e1", "--", "true", cwd=repo.path)
    assert repo.run("status", "--porcelain") == ""
    assert (repo.path / "runs/.gitignore").read_text().endswith("\n*\n")


@pytest.mark.parametrize("kind", ["tracked", "own rules"])
def test_a_folder_of_the_users_stays_as_it_is(kind: str, git_repo: Callable[..., GitRepo]) -> None:
    repo = git_repo()
    name = "runs/.gitignore" if kind == "own rules" else "runs/readme"
    repo.commit("Start", file=name, text="x\n")
    explog_run("e1", "--", "true", cwd=repo.path)
    assert repo.run("status", "--porcelain", "--untracked-files=all") == ""
    (repo.path / "runs/mine").write_text("x\n")
    assert repo.run("status", "--porcelain", "--untracked-files=all") == "?? runs/mine"


def test_a_folder_that_cannot_be_made(tmp_path: Path, home: Path) -> None:
    (tmp_path / "runs").write_text("a file\n")
    done = explog_run("e1", "--", "true", cwd=tmp_path)
    assert done.returncode == 0
    kept = list((home / ".local/state/explog/runs").glob("e1-*/run.json"))
    assert len(kept) == 1
    assert "the run is kept in" in done.stderr.decode()
    shown = explog_run("--show", "e1", cwd=tmp_path)
    assert shown.returncode == 0


def test_no_folder_at_all(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file\n")
    done = explog_run(
        "e1", "--", "sh", "-c", "echo ran; exit 3", cwd=tmp_path, XDG_STATE_HOME="/proc/self"
    )
    assert (done.returncode, done.stdout) == (3, b"ran\n")
    assert "the run is not kept" in done.stderr.decode()


def test_a_folder_elsewhere(tmp_path: Path) -> None:
    done = explog_run("e1", "--dir", tmp_path / "else where/deep", "--", "true", cwd=tmp_path)
    assert done.returncode == 0
    assert len(list((tmp_path / "else where/deep").glob("e1-*/run.json"))) == 1
    explog_run("e1", "--", "true", cwd=tmp_path, EXPLOG_RUNS=f"{tmp_path}/variable:/elsewhere")
    assert len(list((tmp_path / "variable").glob("e1-*/run.json"))) == 1


def test_a_folder_that_is_removed_while_it_runs(tmp_path: Path) -> None:
    done = explog_run("e1", "--", "sh", "-c", 'rm -rf "$EXPLOG_RUN_DIR"; echo ran', cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, b"ran\n")
    assert "its record cannot be written" in done.stderr.decode()


def test_chosen_variables_alone_are_recorded(tmp_path: Path) -> None:
    explog_run(
        "e1", "--", "true", cwd=tmp_path,
        EXPLOG_ENVIRONMENT="SEED:WANDB_*", SEED="1", WANDB_MODE="off", SECRET="x",
    )  # fmt: skip
    assert record_of(tmp_path)["environment"] == {"SEED": "1", "WANDB_MODE": "off"}
    assert not {"x"} & set(record_of(tmp_path)["environment"].values())
