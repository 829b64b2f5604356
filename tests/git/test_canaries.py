"""Every method and command, over a repository that names a program wherever git may run one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from support.calls import REGISTRY, call
from support.canaries import PLUMBING, Cage

# What git itself makes sing, so that a canary that cannot is noticed.
CONTROLS = {
    "fsmonitor": ["status"],
    "external-diff": ["diff", "HEAD~3", "HEAD", "--", "plain.txt"],
    "diff-driver": ["diff", "HEAD~3", "HEAD", "--", "log.org"],
    "textconv": ["diff", "--no-ext-diff", "HEAD~3", "HEAD"],
    "clean": ["hash-object", "--path=new.txt", "new.txt"],
    "smudge": ["cat-file", "--filters", "HEAD:log.org"],
    "gpg": ["log", "-1", "signed"],
    "ssh": ["-c", "protocol.ssh.allow=always", "fetch", "origin"],
    "credential": ["credential", "fill"],
    "pre-commit": ["-c", "core.fsmonitor=false", "commit", "--allow-empty", "-m", "x"],
}


@pytest.fixture
def cage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cage:
    made = Cage(tmp_path)
    made.set_up()
    monkeypatch.setenv("PATH", f"{made.shim.parent}:{os.environ['PATH']}")
    return made


@pytest.fixture
def daemon(cage: Cage, tmp_path: Path) -> Iterator[Daemon]:
    one = Daemon(background=False)
    settings = Settings(
        index=tmp_path / "index.sqlite",
        logs=(str(cage.log),),
        repositories=(Root(cage.repo.path),),
    )
    one.configure(settings, 4e9)  # nothing is new, and so nothing is placed before it is asked for
    one.look()
    yield one
    one.close()


def useful(cage: Cage, plan: int) -> dict[str, list[object]]:
    """Return arguments with which methods have something to do, by the names of these."""
    return {
        "experiments-of-file": [str(cage.repo.path / "plain.txt")],
        "recent": [str(cage.repo.path)],
        "find-commit": [cage.results],
        "sheets": [plan, 0, 10],
        "unplaced": [plan, 0, 10],
        "sheet": [plan, [0]],
        "apply": [plan, [0]],
    }


def any_arguments(cage: Cage, name: str) -> list[object]:
    """Return arguments of the types that the method NAME takes."""
    values: dict[Any, object] = {str: "1", FileName: str(cage.log), int: 1, bool: True}
    values[list[str]] = ["1"]
    parameters = REGISTRY.find(name).parameters
    return [values.get(one.annotation, []) for one in parameters]


def test_no_method_runs_a_program_that_a_repository_names(cage: Cage, daemon: Daemon) -> None:
    client = Client(lambda *_: None)
    names = [method.name for method in REGISTRY if method.name != "apply"]
    for name in (*names, "apply"):  # after which there is less to do for the others
        given = useful(cage, call(daemon, client, "plan")[0])
        if name in given:
            call(daemon, client, name, *given[name])
        else:
            with suppress(ExplogError):
                call(daemon, client, name, *any_arguments(cage, name))
        assert cage.sang() == set(), name
    assert f"1. [X] a ({cage.results[:7]})" in cage.log.read_text()
    check_runs(cage, {"rev-list", "cat-file", "for-each-ref", "diff-tree", "config", "patch-id"})


@pytest.mark.parametrize(
    "command",
    [
        ["index"],
        ["search", "x"],
        ["results", "1"],
        ["backfill", "--write"],
        ["check", "--hashes"],
        ["doctor"],
    ],
    ids=lambda command: command[0],
)
def test_no_command_runs_a_program_that_a_repository_names(cage: Cage, command: list[str]) -> None:
    options = ["--log", str(cage.log), "--repo", str(cage.repo.path)]
    done = subprocess.run(
        [sys.executable, "-m", "explog", *command, *options],
        cwd=cage.repo.path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr
    assert cage.sang() == set()
    check_runs(cage, {"name-rev"} if command[0] == "check" else set())


# What `explog run` may run: filters of the user's, on the files that she changed, as `git add` does.
FILTERS = {"clean", "smudge"}


@pytest.mark.parametrize(
    ("words", "filters"),
    [
        ("run e1 -- true", {"clean"}),
        ("run e1 --dirty record -- true", {"clean"}),
        ("run e1 --pin -- true", FILTERS),
        ("run --snapshot", {"clean"}),
        ("run --show e1.1 --diff", set()),
        ("run --checkout e1.1 ../copy", {"smudge"}),
        ("runs", set()),
        ("runs --prune e1.1 --yes", set()),
    ],
)
def test_runs_run_filters_alone(cage: Cage, words: str, filters: set[str]) -> None:
    def explog(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        program = [sys.executable, "-m", "explog", *arguments]
        return subprocess.run(program, cwd=cage.repo.path, check=False, capture_output=True)

    if words.startswith("run"):
        explog("run", "e1.1", "--", "true")
        cage.sang()
        cage.runs.unlink()
    done = explog(*words.split())
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert cage.sang() <= filters
    check_runs(cage, set())


def check_runs(cage: Cage, at_least: set[str]) -> None:
    """Check that all commands of git were plumbing, and went through the funnel."""
    seen = set()
    for line in cage.runs.read_text().splitlines():
        words = line.split()
        if words != ["version"]:  # GitPython's
            assert {"core.fsmonitor=false", "--no-pager"} <= set(words), line
            seen.add(next(word for word in words if word in PLUMBING))
    assert at_least <= seen


@pytest.mark.parametrize("name", CONTROLS)
def test_the_canaries_can_sing(cage: Cage, name: str) -> None:
    assert name in cage.control(*CONTROLS[name])
