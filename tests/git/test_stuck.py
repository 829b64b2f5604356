"""Nobody waits for ever for a git, a file or a drive that does not answer."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from explog.git.discovery import discover
from explog.git.process import end_all
from explog.git.repository import Repository, tips
from explog.git.run import GitError, run, stream
from explog.git.signature import signature
from explog.git.walk import read_all
from explog.stuck import is_silent
from support.hanging import StandIn, be_impatient
from support.objects import opened
from support.repo import GitRepo
from support.waiting import wait_until

Make = Callable[..., GitRepo]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    be_impatient(monkeypatch)


def read(repository: Repository) -> int:
    """Read all of a repository, as a look does; return how many commits there are."""
    signature(repository)
    return read_all(repository, tips(repository))[0]


def read_or_not(repository: Repository) -> str:
    """Read all of a repository; return the code of the error, if it cannot be read."""
    try:
        return f"{read(repository)} commits"
    except GitError as error:
        assert str(repository.path) in error.message
        return error.code


def put_pipe(name: str) -> Callable[[Path], None]:
    def put(git_dir: Path) -> None:
        path = git_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        os.mkfifo(path)

    return put


def include_pipe(git_dir: Path) -> None:
    os.mkfifo(git_dir / "pipe")
    with (git_dir / "config").open("a") as config:
        config.write(f"[include]\n\tpath = {git_dir}/pipe\n")


PIPES: dict[str, Callable[[Path], None]] = {
    **{
        name: put_pipe(name)
        for name in (
            *("HEAD", "config", "config.worktree", "packed-refs", "shallow", "index", "commondir"),
            *("refs/heads/main", "refs/heads/other", "objects/info/alternates", "info/grafts"),
            *("objects/info/commit-graph", "objects/pack/multi-pack-index", "gitdir", "ORIG_HEAD"),
            *("worktrees/x/HEAD", "worktrees/x/gitdir", "worktrees/x/commondir"),
        )
    },
    "included": include_pipe,
}


@pytest.mark.parametrize("name", PIPES)
def test_a_pipe_in_a_repository_is_not_waited_for(git_repo: Make, name: str) -> None:
    repo = git_repo()
    repo.commit("one")
    repository = opened(repo.path)
    PIPES[name](repo.path / ".git")
    begun = time.monotonic()
    found = read_or_not(repository)
    assert found in ("1 commits", "stuck", "git-failed", "not-a-repository"), found
    assert time.monotonic() - begun < 30
    if found == "stuck":
        begun = time.monotonic()
        assert read_or_not(repository) == "stuck"
        assert time.monotonic() - begun < 0.4  # it is not asked again


def test_what_is_a_pipe_instead_of_git_dir_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    os.mkfifo(tmp_path / "one/.git")
    assert discover([(tmp_path, 1)]) == []


def test_a_pipe_that_goes_away_again(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("one")
    repository = opened(repo.path)
    head = repo.path / ".git/HEAD"
    text = head.read_bytes()
    put_pipe("HEAD")(repo.path / ".git")
    assert read_or_not(repository) == "stuck"
    head.unlink()
    head.write_bytes(text)
    wait_until(lambda: not is_silent(repo.path))
    assert read_or_not(repository) == "1 commits"


@pytest.fixture
def hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], StandIn]]:
    """Make a git that hangs by a script of the shell, and turn it on."""

    def make(script: str) -> StandIn:
        stand_in = StandIn(tmp_path / "stand-in", script)
        monkeypatch.setenv("PATH", stand_in.path)
        stand_in.turn(on=True)
        return stand_in

    yield make
    end_all()


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 600",
        "kill -STOP $$",
        "echo 0123456789; exec sleep 600",
        "exec >&- 2>&-; exec sleep 600",
        # This keeps the output open when the shell is killed.
        "sleep 600 & echo $! >> $PIDS; wait",
    ],
)
def test_a_git_that_hangs(git_repo: Make, hang: Callable[[str], StandIn], script: str) -> None:
    repo = git_repo()
    repo.commit("one")
    repository = opened(repo.path)
    pids = repo.path / "pids"
    stand_in = hang(f"PIDS='{pids}'; echo $$ >> $PIDS; {script}")
    assert read_or_not(repository) == "stuck"
    assert is_silent(repo.path)
    stand_in.turn(on=False)
    wait_until(lambda: not is_silent(repo.path))
    assert read_or_not(repository) == "1 commits"
    for pid in filter(runs, pids.read_text().split()):
        os.kill(int(pid), signal.SIGKILL if "&" in script else 0)
    wait_until(lambda: not any(map(runs, pids.read_text().split())), "they are ended")


def runs(pid: str) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_git_that_works_for_long_is_not_interrupted(
    git_repo: Make, hang: Callable[[str], StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    repo.commit("one")
    be_impatient(monkeypatch, 0.3)
    hang("i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done")
    assert run(repo.path, "rev-list", "--count", "HEAD") == b"1\n"


def test_who_takes_long_with_the_output_is_not_taken_for_git(git_repo: Make) -> None:
    repo = git_repo()
    repo.commit("x" * 3_000_000)
    with stream(repo.path, "cat-file", "commit", "HEAD", stdin=None) as output:
        output.read(10)
        time.sleep(1)  # twice the patience
        assert len(output.read()) > 3_000_000


def test_when_the_server_ends_so_does_a_git_that_hangs(
    git_repo: Make, hang: Callable[[str], StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = git_repo()
    be_impatient(monkeypatch, 600)
    started = repo.path / "started"
    hang(f"touch {started}; exec sleep 600")
    thread = threading.Thread(target=lambda: read_or_not(Repository(repo.path, repo.path)))
    thread.start()
    wait_until(started.exists)
    end_all()
    thread.join(30)
    assert not thread.is_alive()
