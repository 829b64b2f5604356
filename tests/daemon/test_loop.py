"""The service: what it looks at, what it settles, and what it tells of when."""

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
from explog.daemon import notify
from explog.daemon.doorbell import Doorbell
from explog.daemon.loop import Service
from explog.daemon.settle import settle
from explog.index.sqlite import SqliteStore
from explog.rpc.connection import Client
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


def serve(log: Path, project: GitRepo, emacs: Emacs) -> Service:
    """Return a service that looks when it is told to, and not by itself."""
    service = Service()
    service._thread = cast(Any, "none")
    service.client_ready(cast(Client, emacs))
    settings = Settings(
        logs=(str(log),), repositories=(Root(project.path, 0),), index=log.with_name("index")
    )
    service.configure(settings, time.time())
    service.look()
    return service


@pytest.fixture
def service(
    log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    monkeypatch.setattr(notify, "GRACE_SECONDS", 0.05)
    project.commit("start")
    one = serve(log, project, emacs)
    yield one
    one.close()


def test_a_commit_that_comes_while_the_log_is_written(
    service: Service, log: Path, project: GitRepo, monkeypatch: pytest.MonkeyPatch
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
    service.look()
    assert f"1. [ ] one ({first[:7]})" in log.read_text(encoding="utf-8")
    assert f"2. [ ] two ({project.head[:7]})" in log.read_text(encoding="utf-8")
    assert service.status()["pending"] == 0


def test_a_problem_is_told_once_and_not_at_once(
    service: Service, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    commit = project.commit("[e201.3] three")
    service.look()
    assert emacs.heard == []
    time.sleep(0.06)
    service.look(rang=False)
    text = f"{commit[:10]} says [e201.3], and the experiment has no such step"
    assert emacs.heard == [f"{log}:1: {text}"]
    log.write_text(f"# a line above\n{LOG}", encoding="utf-8")
    service.look()
    time.sleep(0.06)
    service.look()
    assert len(emacs.heard) == 1


def test_a_problem_is_not_told_again_when_an_option_changes(
    service: Service, project: GitRepo, emacs: Emacs
) -> None:
    project.commit("[e201.3] three")
    service.look()
    time.sleep(0.06)
    service.look(rang=False)
    assert len(emacs.heard) == 1
    settings = service.settings
    assert settings is not None
    # As when org is loaded, and says which keywords there are.
    service.configure(replace(settings, todo_open=("TODO",), todo_done=("DONE",)), time.time())
    service.look()
    time.sleep(0.06)
    service.look(rang=False)
    assert len(emacs.heard) == 1


def test_a_problem_waits_for_attention_as_long_as_it_is_there(
    service: Service, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    commit = project.commit("[e201.3] three")
    service.look()
    assert emacs.attention == []
    time.sleep(0.06)
    service.look(rang=False)
    text = f"{log}:1: {commit[:10]} says [e201.3], and the experiment has no such step"
    assert emacs.attention == [(1, [text])]
    service.look()
    assert len(emacs.attention) == 1
    other = Emacs()  # another one hears of it as well, and the first not again
    service.client_ready(cast(Client, other))
    service.look()
    assert other.attention == [(1, [text])]
    assert len(emacs.attention) == 1
    log.write_text(LOG + "3. [ ] three\n", encoding="utf-8")
    service.look()
    service.look()
    assert emacs.attention == other.attention == [(1, [text]), (0, [])]


def test_a_log_that_is_away_while_it_is_saved(
    service: Service, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    backup = log.rename(log.with_name("log.org~"))
    commit = project.commit("[e201.1] one")
    service.look()
    log.write_text(backup.read_text(encoding="utf-8"), encoding="utf-8")
    service.look()
    time.sleep(0.06)
    service.look(rang=False)
    assert emacs.heard == [f"e201.1 ← {commit[:7]} (project)"]


def test_a_log_that_stays_away(service: Service, log: Path, emacs: Emacs) -> None:
    log.unlink()
    service.look()
    time.sleep(0.06)
    service.look(rang=False)
    service.look()
    assert emacs.heard == [f"{log}: there is no such log"]


def test_what_the_index_knew_is_watched(
    service: Service, log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.1)
    service.look()
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
    service = serve(log, project, emacs)
    failures = iter([OSError("no more processes")])

    def fragile(*args: Any) -> Any:
        for failure in failures:
            raise failure
        return settle(*args)

    monkeypatch.setattr(module, "settle", fragile)
    commit = project.commit("[e201.1] one")
    service._thread = None
    assert service.settings is not None
    service.configure(service.settings, time.time())
    _wait(lambda: commit[:7] in log.read_text(encoding="utf-8"))
    service.close()


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
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.2)
    monkeypatch.setattr(module, "_TIDY_SECONDS", 0.01)
    left = [3]

    def tidy(_store: SqliteStore) -> bool:
        left[0] -= 1
        if error is not None:
            raise error
        return left[0] > 0

    monkeypatch.setattr(SqliteStore, "tidy", tidy)
    service = serve(log, project, emacs)
    assert left == [3]  # it was just made
    service._thread = None
    assert service.settings is not None
    service.configure(service.settings, time.time())
    wanted = 2 if error else 0
    _wait(lambda: left[0] == wanted)
    time.sleep(0.3)
    assert left == [wanted]  # there is no more to do, or no way to do it
    commit = project.commit("[e201.1] one")
    _wait(lambda: commit[:7] in log.read_text(encoding="utf-8"))
    _wait(lambda: left[0] == wanted - 1)
    service.close()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
