"""The daemon: what it looks at, what it settles, and what it tells of when."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from explog.config import Root, Settings
from explog.daemon import loop as module
from explog.daemon import notify, pace, settling, syncing, tidy
from explog.daemon.doorbell import Doorbell
from explog.daemon.loop import Daemon
from explog.daemon.settle import settle
from explog.git.repository import open_repository
from explog.git.signature import signature
from explog.index.commits import pending_steps
from explog.index.database import Index
from explog.rpc.client import Client
from explog.state import state_file
from explog.sync.look import sync_apart
from support.repo import GitRepo
from support.waiting import wait_until

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


def clock(project: GitRepo) -> float:
    """Return what time it is in PROJECT, in seconds since 1970."""
    return project.now.timestamp()


def start_again(log: Path, *projects: GitRepo, since: float, delete: bool = True) -> None:
    """Have an Emacs that starts SINCE look once, its index deleted unless not DELETE."""
    index = log.with_name("index")
    if delete:
        index.unlink(missing_ok=True)
    daemon = Daemon(background=False)
    daemon.client_ready(cast(Client, Emacs()))
    roots = tuple(Root(project.path) for project in projects)
    daemon.configure(Settings(logs=(str(log),), repositories=roots, index=index), since)
    daemon.look()
    daemon.close()


def look_later(daemon: Daemon, *, rang: bool = False) -> None:
    """Have DAEMON look when a problem that it saw before has lasted long enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notify, "GRACE_SECONDS", 0.0)
        daemon.look(rang)


@pytest.fixture
def daemon(
    log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Daemon]:
    monkeypatch.setattr(notify, "GRACE_SECONDS", 600.0)
    project.commit("start")
    one = serve(log, project, emacs)
    yield one
    one.close()


@pytest.mark.parametrize("large", [True, False])
def test_only_a_large_first_index_is_made_by_another_process(
    log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    apart: list[Path] = []

    def record(settings: Settings, index: Path, *rest: Any) -> None:
        apart.append(index)
        sync_apart(settings, index, *rest)

    monkeypatch.setattr(syncing, "sync_apart", record)
    if large:
        monkeypatch.setattr("explog.sync.sections.LONG_BYTES", log.stat().st_size)
    project.commit("[e201.1] Results", date=datetime.now(tz=UTC) + timedelta(seconds=5))
    daemon = serve(log, project, emacs)
    daemon.look()
    daemon.close()
    assert apart == ([log.with_name("index")] if large else [])
    assert f"1. [X] one ({project.head[:7]})\n" in log.read_text(encoding="utf-8")
    assert emacs.notified.count("changed") > 0


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

    monkeypatch.setattr(settling, "settle", slow)
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
    look_later(daemon)
    text = f"{commit[:10]} says [e201.3], and the experiment has no such step"
    assert emacs.heard == [f"{log}:1: {text}"]
    log.write_text(f"# a line above\n{LOG}", encoding="utf-8")
    daemon.look()
    look_later(daemon, rang=True)
    assert len(emacs.heard) == 1


def test_a_problem_is_not_told_again_when_an_option_changes(
    daemon: Daemon, project: GitRepo, emacs: Emacs
) -> None:
    project.commit("[e201.3] three")
    daemon.look()
    look_later(daemon)
    assert len(emacs.heard) == 1
    settings = daemon.snapshot().settings
    # As when org is loaded, and says which keywords there are.
    daemon.configure(replace(settings, todo_open=("TODO",), todo_done=("DONE",)), time.time())
    daemon.look()
    look_later(daemon)
    assert len(emacs.heard) == 1


def test_a_problem_waits_for_attention_as_long_as_it_is_there(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    commit = project.commit("[e201.3] three")
    daemon.look()
    assert emacs.attention == []
    look_later(daemon)
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
    look_later(daemon)
    assert emacs.heard == [f"e201.1 ← {commit[:7]} (project)"]


def test_a_log_that_stays_away(daemon: Daemon, log: Path, emacs: Emacs) -> None:
    log.unlink()
    daemon.look()
    look_later(daemon)
    daemon.look()
    assert emacs.heard == [f"{log}: there is no such log"]


def test_what_the_index_knew_is_watched(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = open_repository(project.path)
    assert repository is not None
    wait_until(lambda: signature(repository) is not None, "a repository that did not just change")
    daemon.look()
    watched: list[Path] = []
    monkeypatch.setattr(
        Doorbell, "watch", lambda _bell, repositories, _logs: watched.extend(repositories)
    )
    serve(log, project, emacs)
    assert watched == [project.path / ".git"]


def test_nothing_is_written_while_no_emacs_is_connected(
    daemon: Daemon, log: Path, project: GitRepo, emacs: Emacs
) -> None:
    """It may visit the log: it hung up a moment ago, or has said hello and is not known yet."""
    emacs.closed = True
    commit = project.commit("[e201.1] one")
    daemon.look()
    daemon.look()
    assert log.read_text(encoding="utf-8") == LOG
    daemon.client_ready(cast(Client, Emacs()))
    daemon.look()
    assert f"1. [ ] one ({commit[:7]})" in log.read_text(encoding="utf-8")


def test_a_look_that_fails_is_made_again(
    log: Path, project: GitRepo, emacs: Emacs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SWEEP_SECONDS", 0.05)
    daemon = serve(log, project, emacs)
    failures = iter([OSError("no more processes")])

    def fragile(*args: Any) -> Any:
        for failure in failures:
            raise failure
        return settle(*args)

    monkeypatch.setattr(settling, "settle", fragile)
    commit = project.commit("[e201.1] one")
    daemon._background = True
    daemon.configure(daemon.snapshot().settings, time.time())
    wait_until(lambda: commit[:7] in log.read_text(encoding="utf-8"))
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
    monkeypatch.setattr(pace, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(tidy, "_IDLE_SECONDS", 0.2)
    monkeypatch.setattr(module, "_TIDY_SECONDS", 0.01)
    left, looks = [3], [0]

    def step(tidying: tidy.Tidying, index: Index) -> bool:
        looks[0] += 1
        return real_step(tidying, index)

    real_step = tidy.Tidying.step
    monkeypatch.setattr(tidy.Tidying, "step", step)

    def one_step(_store: Index) -> bool:
        left[0] -= 1
        if error is not None:
            raise error
        return left[0] > 0

    monkeypatch.setattr(tidy, "tidy", one_step)
    daemon = serve(log, project, emacs)
    assert left == [3]  # it was just made
    daemon._background = True
    daemon.configure(daemon.snapshot().settings, time.time())
    wanted = 2 if error else 0
    wait_until(lambda: left[0] == wanted)
    looks[0] = 0
    wait_until(lambda: looks[0] > 8)
    assert left == [wanted]  # there is no more to do, or no way to do it
    commit = project.commit("[e201.1] one")
    wait_until(lambda: commit[:7] in log.read_text(encoding="utf-8"))
    wait_until(lambda: left[0] == wanted - 1)
    daemon.close()


# Since when hashes come by themselves


def test_results_made_while_emacs_was_off_are_placed_without_an_index(
    log: Path, project: GitRepo
) -> None:
    project.commit("[e201.1] before explog")
    start_again(log, project, since=clock(project) + 1)
    made = project.commit("[e201.2] Results")
    start_again(log, project, since=clock(project) + 1)
    text = log.read_text(encoding="utf-8")
    assert f"1. [ ] one\n2. [X] two ({made[:7]})" in text


def test_a_new_repository_brings_what_is_new_alone(
    log: Path, project: GitRepo, tmp_path: Path
) -> None:
    start_again(log, project, since=clock(project))
    other = GitRepo(tmp_path / "other")
    other.commit("[e201.1] before it was named")
    start_again(log, project, other, since=clock(other) + 1)
    assert log.read_text(encoding="utf-8") == LOG


def test_a_new_log_gets_what_is_new_alone(log: Path, project: GitRepo, tmp_path: Path) -> None:
    start_again(log, project, since=clock(project))
    project.commit("[e201.1] before the log was named")
    new = tmp_path / "new" / "log.org"
    new.parent.mkdir()
    new.write_text(LOG, encoding="utf-8")
    start_again(new, project, since=clock(project) + 1)
    assert new.read_text(encoding="utf-8") == LOG
    start_again(log, project, since=clock(project) + 1)
    assert f"1. [ ] one ({project.head[:7]})" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "table", [b"", b"[]", b'{"repositories": [1]}', b'{"logs": {"/x": true}, "repositories": 3}']
)
def test_a_broken_state_is_made_anew(log: Path, project: GitRepo, table: bytes) -> None:
    path = state_file("since")
    path.parent.mkdir(parents=True)
    path.write_bytes(table)
    start_again(log, project, since=clock(project))
    made = project.commit("[e201.2] Results")
    start_again(log, project, since=clock(project) + 1)
    assert f"two ({made[:7]})" in log.read_text(encoding="utf-8")


def test_a_clock_that_was_ahead_forgets_nothing_of_this_session(
    log: Path, project: GitRepo
) -> None:
    start_again(log, project, since=time.time() + 1e9)
    began = clock(project)
    made = project.commit("[e201.2] Results")
    start_again(log, project, since=began)
    assert f"two ({made[:7]})" in log.read_text(encoding="utf-8")


def test_nothing_is_written_behind_an_emacs_that_hung_up_meanwhile(
    log: Path, project: GitRepo
) -> None:
    class Leaving(Emacs):
        """Hangs up, having answered once; by then there is another commit."""

        def call(self, method: str, *args: Any, timeout: float) -> object:
            answer = super().call(method, *args, timeout=timeout)
            if not self.closed:
                project.commit("[e201.2] Results")
                self.closed = True
            return answer

    daemon = serve(log, project, Leaving())
    first = project.commit("[e201.1] Results")
    daemon.look()
    text = log.read_text(encoding="utf-8")
    assert f"1. [X] one ({first[:7]})" in text, "which was planned while it was there"
    assert "2. [ ] two\n" in text, "as it may visit the log by now"
    daemon.client_ready(cast(Client, Emacs()))
    daemon.look()
    assert "2. [X] two (" in log.read_text(encoding="utf-8")
