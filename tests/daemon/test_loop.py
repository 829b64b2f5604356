"""The daemon: what it looks at, what it settles, and what it tells of when."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from explog.config import Root, Settings
from explog.daemon import loop as module
from explog.daemon import notify, tidy
from explog.daemon.doorbell import Doorbell
from explog.daemon.loop import Daemon
from explog.daemon.settle import settle
from explog.index.commits import pending_steps
from explog.index.database import Index
from explog.rpc.client import Client
from support.repo import GitRepo

LOG = """\
* TODO [201] Title :exp:
** Experiments [0/2]
1. [ ] one
2. [ ] two
"""


class Emacs:
    """The client of an Emacs that visits no log: it hears what it is told."""

    closed = False

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.notified: list[str] = []
        self.attention: list[tuple[int, list[str]]] = []

    def notify(self, method: str, *args: Any) -> None:
        self.notified.append(method)
        if method == "attention":
            self.attention.append(args)

    def call(self, method: str, *args: Any, timeout: float) -> object:
        assert timeout > 0
        if method == "entries":
            return [[] for _ in args[0]]
        assert method == "tell"
        self.heard.append(args[0])
        return True


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.org"
    path.write_text(LOG, encoding="utf-8")
    return path


@pytest.fixture
def project(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "project")


@pytest.fixture
def emacs() -> Emacs:
    return Emacs()


def serve(log: Path, project: GitRepo, emacs: Emacs) -> Daemon:
    """Return a daemon that looks when it is told to, and not by itself."""
    daemon = Daemon(background=False)
    daemon.client_ready(cast(Client, emacs))
    settings = Settings(
        logs=(str(log),), repositories=(Root(project.path, 0),), index=log.with_name("index")
    )
    daemon.configure(settings, time.time())
    daemon.look()
    return daemon


@pytest.fixture
def daemon(
    log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Daemon]:
    monkeypatch.setattr(notify, "GRACE_SECONDS", 0.05)
    project.commit("start")
    one = serve(log, project, emacs)
    yield one
    one.close()


def test_a_commit_that_comes_while_the_log_is_written(
    daemon: Daemon, log: Path, project: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [0]

    def slow(*args: Any) -> Any:
        settled = settle(*args)
        if not late[0]:
            late[0] = 1
            project.commit("[e201.2] two")
        return settled

    monkeypatch.setattr(module, "settle", slow)
    first = project.commit("[e201.1] one")
    daemon.look()
    assert f"1. [ ] one ({first[:7]})" in log.read_text(encoding="utf-8")
    assert f"2. [ ] two ({project.head[:7]})" in log.read_text(encoding="utf-8")
    assert not pending_steps(daemon.snapshot().index)


def test_a_problem_is_told_once_and_not_at_once(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    commit = project.commit("[e201.3] three")
    daemon.look()
    assert emacs.heard == []
    time.sleep(0.06)
    daemon.look(rang=False)
    text = f"{commit[:10]} says [e201.3], and the experiment has no such step"
    assert emacs.heard == [f"{log}:1: {text}"]
    log.write_text(f"# a line above\n{LOG}", encoding="utf-8")
    daemon.look()
    time.sleep(0.06)
    daemon.look()
    assert len(emacs.heard) == 1


def test_a_problem_is_not_told_again_when_an_option_changes(
    daemon: Daemon, project: GitRepo, emacs: Emacs
) -> None:
    project.commit("[e201.3] three")
    daemon.look()
    time.sleep(0.06)
    daemon.look(rang=False)
    assert len(emacs.heard) == 1
    settings = daemon.snapshot().settings
    # As when org is loaded, and says which keywords there are.
    daemon.configure(replace(settings, todo_open=("TODO",), todo_done=("DONE",)), time.time())
    daemon.look()
    time.sleep(0.06)
    daemon.look(rang=False)
    assert len(emacs.heard) == 1


def test_a_problem_waits_for_attention_as_long_as_it_is_there(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    commit = project.commit("[e201.3] three")
    daemon.look()
    assert emacs.attention == []
    time.sleep(0.06)
    daemon.look(rang=False)
    text = f"{log}:1: {commit[:10]} says [e201.3], and the experiment has no such step"
    assert emacs.attention == [(1, [text])]
    daemon.look()
    assert len(emacs.attention) == 1
    other = Emacs()  # another one hears of it as well, and the first not again
    daemon.client_ready(cast(Client, other))
    daemon.look()
    assert other.attention == [(1, [text])]
    assert len(emacs.attention) == 1
    log.write_text(LOG + "3. [ ] three\n", encoding="utf-8")
    daemon.look()
    daemon.look()
    assert emacs.attention == other.attention == [(1, [text]), (0, [])]


def test_a_log_that_is_away_while_it_is_saved(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    backup = log.rename(log.with_name("log.org~"))
    commit = project.commit("[e201.1] one")
    daemon.look()
    log.write_text(backup.read_text(encoding="utf-8"), encoding="utf-8")
    daemon.look()
    time.sleep(0.06)
    daemon.look(rang=False)
    assert emacs.heard == [f"e201.1 ← {commit[:7]} (project)"]


def test_a_log_that_stays_away(daemon: Daemon, log: Path, emacs: Emacs) -> None:
    log.unlink()
    daemon.look()
    time.sleep(0.06)
    daemon.look(rang=False)
    daemon.look()
    assert emacs.heard == [f"{log}: there is no such log"]


def test_what_the_index_knew_is_watched(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.1)
    daemon.look()
    watched: list[Path] = []
    monkeypatch.setattr(
        Doorbell, "watch", lambda _bell, repositories, _logs: watched.extend(repositories)
    )
    serve(log, project, emacs)
    assert watched == [project.path / ".git"]


def test_a_look_that_fails_is_made_again(
    log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    daemon = serve(log, project, emacs)
    failures = iter([OSError("no more processes")])

    def fragile(*args: Any) -> Any:
        for failure in failures:
            raise failure
        return settle(*args)

    monkeypatch.setattr(module, "settle", fragile)
    commit = project.commit("[e201.1] one")
    daemon._background = True
    daemon.configure(daemon.snapshot().settings, time.time())
    _wait(lambda: commit[:7] in log.read_text(encoding="utf-8"))
    daemon.close()


@pytest.mark.parametrize(
    "error",
    [None, sqlite3.OperationalError("disk is full"), sqlite3.DatabaseError("image is malformed")],
)
def test_the_index_is_tidied_up_while_nothing_happens(
    log: Path,
    project: GitRepo,
    emacs: Emacs,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(tidy, "_IDLE_SECONDS", 0.2)
    monkeypatch.setattr(module, "_TIDY_SECONDS", 0.01)
    left = [3]

    def one_step(_store: Index) -> bool:
        left[0] -= 1
        if error is not None:
            raise error
        return left[0] > 0

    monkeypatch.setattr(Index, "tidy", one_step)
    daemon = serve(log, project, emacs)
    assert left == [3]  # it was just made
    daemon._background = True
    daemon.configure(daemon.snapshot().settings, time.time())
    wanted = 2 if error else 0
    _wait(lambda: left[0] == wanted)
    time.sleep(0.3)
    assert left == [wanted]  # there is no more to do, or no way to do it
    commit = project.commit("[e201.1] one")
    _wait(lambda: commit[:7] in log.read_text(encoding="utf-8"))
    _wait(lambda: left[0] == wanted - 1)
    daemon.close()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
