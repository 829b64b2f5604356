"""explog-run.pyz: all of `explog run`, with nothing else in reach, and on the oldest Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.repo import GitRepo
from support.runs import explog_run, only_run, output_of, record_of

CHECKOUT = Path(__file__).parents[2]


def old_python() -> str | None:
    """Return the oldest Python that is to be had here from 3.9 on, but not the one of the tests."""
    versions = Path(os.environ.get("PYENV_ROOT", "/root/.pyenv"), "versions")
    found = [shutil.which(f"python3.{minor}") for minor in (9, 10)]
    found += [str(path) for path in sorted(versions.glob("3.9.*/bin/python3"))]
    for path in filter(None, found):
        check = [path, "-c", "import sys; print(sys.version_info[:2])"]
        done = subprocess.run(check, capture_output=True, text=True, check=False)
        if done.stdout.strip() in ("(3, 9)", "(3, 10)"):
            return path
    return None


OLD = old_python()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, made as `make zipapp` makes it."""
    path = tmp_path_factory.mktemp("zipapp") / "explog-run.pyz"
    subprocess.run([sys.executable, CHECKOUT / "server/zipapp_run.py", path], check=True)
    return path


@pytest.mark.parametrize("python", ["own", "old"])
def test_all_of_it_runs_alone(
    python: str, program: Path, git_repo: Callable[..., GitRepo], tmp_path: Path
) -> None:
    if python == "old" and OLD is None:
        pytest.skip("there is no Python 3.9 or 3.10 here")
    interpreter = sys.executable if python == "own" else str(OLD)
    command = (interpreter, "-S", "-I", str(program))
    repo = git_repo()
    repo.commit("Start", file="file", text="one\n")
    (repo.path / "file").write_text("two\n")
    script = "import os, signal; os.write(1, b'out'); os.kill(os.getpid(), signal.SIGTERM)"
    words = ["e201.1", "--pin", "--", interpreter, "-c", script]
    done = explog_run(*words, cwd=repo.path, command=command)
    assert (done.returncode, done.stdout, done.stderr) == (-15, b"out", b"")
    record = record_of(repo.path)
    assert (record["state"], record["signal"]) == ("killed", "SIGTERM")
    assert output_of(repo.path) == b"out"
    shown = explog_run("--show", "e201.1", "--diff", cwd=repo.path, command=command)
    assert b"-one\n+two\n" in shown.stdout
    run = only_run(repo.path).name
    explog_run("--checkout", run, tmp_path / "copy", cwd=repo.path, command=command)
    assert (tmp_path / "copy/file").read_text() == "two\n"
    (repo.path / "results").write_text("0.9\n")
    words = ["e202", "--commit", "--out", "results", "--", "true"]
    assert explog_run(*words, cwd=repo.path, command=command).returncode == 0
    assert repo.run("log", "--format=%s").split("\n")[:2] == [
        "[e202] Results- true",
        "[e202] Before- true",
    ]
    assert explog_run("--help", cwd=repo.path, command=command).stdout.startswith(b"Usage: ")


def test_it_is_a_program(program: Path, tmp_path: Path) -> None:
    # Its first line asks for python3, which a machine may have by other names alone.
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        [program, "e1", "--", "true"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert record_of(tmp_path)["state"] == "ok"


def test_the_same_source_makes_the_same_program(program: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.pyz"
    subprocess.run([sys.executable, CHECKOUT / "server/zipapp_run.py", again], check=True)
    assert again.read_bytes() == program.read_bytes()
