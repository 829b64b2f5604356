"""Notes on runs that have ended: which step gets one, once, in the buffer or in the file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from explog import state
from explog.config import Project, Root, Settings
from explog.daemon import noting
from explog.daemon.noting import Noting
from explog.daemon.running import RunWatch
from explog.entries.emacs import Editor
from explog.index.commits import all_repositories
from explog.index.database import Index, open_index
from explog.plan.noted import Noted, keep_sources, read_noted
from explog.runs.record import Job
from explog.sync.look import sync
from support import buffers
from support.records import put_run
from support.repo import GitRepo

ENTRY = """\
* TODO [201] Title :exp:
** Experiments [0/2]
1. [ ] one
   1. [ ] inner
2. [ ] two
"""
STARTED = 1000.0
"""How many seconds before the test each run began."""


@dataclass
class Server:
    """One explog server with its own memory, that looks as `explog.daemon.loop.Daemon` does."""

    settings: Settings
    index: Index
    editors: list[Editor]
    runs: RunWatch = field(default_factory=lambda: RunWatch(lambda: None))
    noting: Noting = field(default_factory=Noting)

    def look(self) -> list[str]:
        """Look, and return what Emacs is told that was put in files."""
        sync(self.settings, self.index)
        records = all_repositories(self.index)
        self.runs.serve(self.settings, [(one.path, one.common_dir) for one in records])
        self.runs.look()
        self.noting._due = 0.0  # enough time has passed
        done, changed = self.noting.look(self.settings, self.index, self.editors, self.runs)
        if changed:
            sync(self.settings, self.index)
        return done


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.org"
    path.write_text(ENTRY)
    return path


@pytest.fixture
def emacs() -> buffers.Emacs:
    return buffers.Emacs()


@pytest.fixture
def new_server(
    tmp_path: Path, repo: GitRepo, log: Path, emacs: buffers.Emacs
) -> Callable[[], Server]:
    """Return what starts a server that has looked once."""

    def start() -> Server:
        settings = Settings(logs=(str(log),), repositories=(Root(repo.path),))
        count = len(list(tmp_path.glob("index*")))
        made = Server(settings, open_index(tmp_path / f"index{count}"), [emacs])
        made.look()
        return made

    return start


@pytest.fixture
def server(new_server: Callable[[], Server]) -> Server:
    return new_server()


def end(repo: GitRepo, name: str = "a", **values: Any) -> Path:
    """Have a run for e201.1 end now."""
    now = time.time()
    usual = {
        "state": "ok", "reference": "e201.1", "repository": str(repo.path), "end": now,
        "start": now - STARTED, "head": repo.head, "host": "node7",
    }  # fmt: skip
    return put_run(repo.path / "runs" / name, beat=now, **{**usual, **values})


def noted(text: str) -> list[str]:
    """Return the notes in TEXT, without their times; check that nothing else has changed."""
    lines = text.split("\n")
    notes = [line for line in lines if " on node7" in line]
    rest = [line for line in lines if line not in notes and line.strip() != "Notes:"]
    assert "\n".join(rest) == ENTRY
    return [note.strip().partition("] ")[2] for note in notes]


def test_the_end_of_a_run_is_noted_on_its_step(server: Server, repo: GitRepo, log: Path) -> None:
    end(repo, reference="e201.2")
    began = time.strftime("%Y-%m-%d %a %H:%M", time.localtime(time.time() - STARTED))
    assert server.look() == ["e201.2: ok, 16:40 on node7"]
    head, note = log.read_text().split("2. [ ] two\n")
    assert head + "2. [ ] two\n" == ENTRY
    assert note.startswith(f"   - [{began[:10]}")
    assert note.endswith(f"] ({repo.head[:7]}) ok, 16:40 on node7\n")
    assert server.look() == []
    assert noted(log.read_text()) == [f"({repo.head[:7]}) ok, 16:40 on node7"]


def test_a_buffer_is_changed_in_one_call(
    server: Server, repo: GitRepo, log: Path, emacs: buffers.Emacs
) -> None:
    emacs.visit(log)
    end(repo, "a")
    end(repo, "b", reference="e201.1.1", state="failed", exit=1)
    end(repo, "c", reference="e201.2", state="killed", signal="SIGTERM")
    assert server.look() == []  # Emacs tells of its buffers by itself
    assert emacs.calls == 1
    assert sorted(emacs.shown) == [
        "e201.1.1: failed (1), 16:40 on node7",
        "e201.1: ok, 16:40 on node7",
        "e201.2: killed (SIGTERM), 16:40 on node7",
    ]
    short = repo.head[:7]
    assert [note.removeprefix(f"({short}) ") for note in noted(log.read_text())] == [
        "failed (1), 16:40 on node7",
        "ok, 16:40 on node7",
        "killed (SIGTERM), 16:40 on node7",
    ]
    lines = log.read_text().split("\n")
    assert [len(line) - len(line.lstrip()) for line in lines[3:8]] == [3, 6, 3, 3, 0]


def test_what_the_user_deleted_does_not_come_back(
    server: Server, repo: GitRepo, log: Path, new_server: Callable[[], Server]
) -> None:
    end(repo)
    server.look()
    log.write_text(ENTRY)
    assert server.look() == []
    assert new_server().look() == []
    assert log.read_text() == ENTRY


def test_two_servers_give_one_note(
    server: Server, repo: GitRepo, log: Path, new_server: Callable[[], Server]
) -> None:
    other = new_server()
    end(repo)
    assert (len(server.look()), len(other.look())) == (1, 0)
    assert len(noted(log.read_text())) == 1


def test_of_two_servers_that_look_at_once_one_writes(
    repo: GitRepo, log: Path, new_server: Callable[[], Server]
) -> None:
    servers = [new_server(), new_server()]
    for number in range(5):
        end(repo, f"r{number}", reference="e201.2", attempt=number + 1)
        ready = Barrier(2)

        def look(server: Server, ready: Barrier = ready) -> None:
            sync(server.settings, server.index)
            server.runs.look()
            ready.wait()
            server.noting._due = 0.0
            server.noting.look(server.settings, server.index, server.editors, server.runs)

        threads = [Thread(target=look, args=(server,)) for server in servers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(noted(log.read_text())) == number + 1


def test_a_note_that_stands_there_is_not_written_again(
    server: Server, repo: GitRepo, log: Path
) -> None:
    """As after a crash before it was kept that the note was given, or by another machine."""
    end(repo)
    server.look()
    table = state.read_state("notes")
    state.keep_state("notes", {**table, "given": {}})
    assert Server(server.settings, server.index, server.editors).look() == []
    assert len(noted(log.read_text())) == 1


def test_runs_that_read_the_same_are_noted_each(server: Server, repo: GitRepo, log: Path) -> None:
    now = time.time()
    for name in ("a", "b"):
        end(repo, name, end=now, start=now - 60)
    end(repo, "c", end=now, start=now - 60, reference="e201.2")
    server.look()
    assert len(noted(log.read_text())) == 3
    end(repo, "d", end=now, start=now - 60)
    server.look()
    assert len(noted(log.read_text())) == 4


def test_what_ended_before_is_not_noted(
    repo: GitRepo, log: Path, new_server: Callable[[], Server]
) -> None:
    end(repo, end=time.time() - 100)
    assert new_server().look() == []
    assert log.read_text() == ENTRY


def test_what_ends_while_no_server_runs_is_noted_later(
    server: Server, repo: GitRepo, log: Path, new_server: Callable[[], Server]
) -> None:
    end(repo)
    log.write_text(ENTRY)
    new_server()
    assert len(noted(log.read_text())) == 1
    assert server.look() == []


def test_nothing_is_written_without_an_emacs(
    server: Server, repo: GitRepo, log: Path, emacs: buffers.Emacs
) -> None:
    server.editors = []
    end(repo)
    assert server.look() == []
    assert log.read_text() == ENTRY
    server.editors = [emacs]
    assert len(server.look()) == 1


def test_the_option_turns_notes_off(server: Server, repo: GitRepo, log: Path) -> None:
    on = server.settings
    server.settings = Settings(logs=on.logs, repositories=on.repositories, run_notes=False)
    server.look()
    end(repo, end=time.time() - 90)
    assert server.look() == []
    server.settings = on  # what ended meanwhile stays without a note
    assert server.look() == []
    assert log.read_text() == ENTRY
    end(repo, "b")
    assert len(server.look()) == 1


def test_a_job_array_gets_one_note(server: Server, repo: GitRepo, log: Path) -> None:
    for number in range(3):
        state = {"state": "failed", "exit": 1} if number == 1 else {}
        end(repo, f"t{number}", job=Job("slurm", "7", str(number), size=3), **state)
        assert len(server.look()) == (number == 2)
    (note,) = noted(log.read_text())
    assert note.endswith("failed (1 failed, 2 ok of 3 tasks), 16:40 on node7")


def test_a_requeued_run_gets_its_note_after_the_last_attempt(server: Server, repo: GitRepo) -> None:
    end(repo, state="requeued", signal="SIGTERM")
    assert server.look() == []
    end(repo, state="running", end=None, attempt=2)
    assert server.look() == []
    end(repo, attempt=2)
    assert server.look() == ["e201.1: ok, 16:40 on node7, attempt 2"]


def test_a_change_that_was_not_committed_is_said(server: Server, repo: GitRepo, log: Path) -> None:
    end(repo, snapshot="b" * 40, changed=("train.py",))
    server.look()
    (note,) = noted(log.read_text())
    assert note.endswith(" on node7, with uncommitted changes")


# Where it is not clear


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("e201", "its end is not noted, as [e201] names no step"),
        ("e201.7", "it was run for [e201.7], and the experiment has no such step"),
        ("e999.1", "it was run for [e999.1], and no log has that experiment"),
        ("e201.1]\n* x", "its record has wrong values"),
    ],
)
def test_nothing_is_written_where_no_step_is_meant(
    server: Server, repo: GitRepo, log: Path, reference: str, why: str
) -> None:
    end(repo, reference=reference)
    assert server.look() == []
    (problem,) = server.noting.problems
    assert problem.startswith("a: ")
    assert problem.endswith(why)
    assert log.read_text() == ENTRY


def test_a_run_of_another_log_is_no_problem(server: Server, repo: GitRepo) -> None:
    end(repo, reference="e999.1", repository="/elsewhere")
    server.look()
    assert server.noting.problems == []


def test_runs_without_a_place_are_told_of_together(server: Server, repo: GitRepo) -> None:
    for name in "abc":
        end(repo, name, reference="e201.7")
    server.look()
    said = "it was run for [e201.7], and the experiment has no such step"
    assert [one.partition(": ")[2] for one in server.noting.problems] == [said]
    assert " and 2 more: " in server.noting.problems[0]


def test_what_has_no_place_gets_one_when_the_log_has_it(
    server: Server, repo: GitRepo, log: Path
) -> None:
    end(repo, reference="e201.3")
    server.look()
    log.write_text(f"{ENTRY}3. [ ] three\n")
    assert server.look() == ["e201.3: ok, 16:40 on node7"]
    assert server.noting.problems == []


def test_what_has_no_place_for_a_day_is_given_up(server: Server, repo: GitRepo) -> None:
    table = state.read_state("notes")
    since = table["since"]
    assert isinstance(since, dict)
    state.keep_state("notes", {**table, "since": dict.fromkeys(since, 0.0)})
    server = Server(server.settings, server.index, server.editors)
    now = time.time()
    end(repo, reference="e201.3", start=now - 200_000, end=now - 100_000)
    server.look()
    assert len(server.noting.problems) == 1
    server.look()
    assert server.noting.problems == []


def test_of_two_logs_the_one_of_the_repository_gets_the_note(
    server: Server, repo: GitRepo, log: Path
) -> None:
    other = log.with_name("other.org")
    other.write_text(ENTRY)
    end(repo)
    server.settings = Settings(
        logs=(str(log), str(other)), repositories=server.settings.repositories
    )
    assert server.look() == []
    assert server.noting.problems[0].endswith("for [e201.1], and there is more than one")
    server.settings = Settings(
        logs=server.settings.logs,
        repositories=server.settings.repositories,
        projects=(Project(other, (repo.path,)),),
    )
    assert len(server.look()) == 1
    assert len(noted(other.read_text())) == 1
    assert log.read_text() == ENTRY


def test_a_merge_that_is_not_resolved_is_waited_for(
    server: Server, repo: GitRepo, log: Path
) -> None:
    log.write_text(f"{ENTRY}<<<<<<< HEAD\n")
    end(repo)
    assert server.look() == []
    assert "merge conflict" in server.noting.problems[0]
    log.write_text(ENTRY)
    assert len(server.look()) == 1
    assert server.noting.problems == []


def test_a_buffer_that_must_not_be_edited_is_waited_for(
    server: Server, repo: GitRepo, log: Path, emacs: buffers.Emacs
) -> None:
    emacs.visit(log)
    emacs.problem = "the buffer is read-only"
    end(repo)
    server.look()
    assert server.noting.problems == [
        "e201.1: the end of a run is not noted: the buffer is read-only"
    ]
    emacs.problem = None
    server.look()
    assert len(noted(log.read_text())) == 1


def test_nothing_is_written_while_what_was_given_cannot_be_read(
    server: Server, repo: GitRepo, log: Path
) -> None:
    end(repo)
    path = state.state_file("notes")
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    assert server.look() == []
    assert log.read_text() == ENTRY
    assert "are not noted" in server.noting.problems[0]
    path.rmdir()
    path.write_bytes(content)
    assert len(server.look()) == 1


def test_a_repository_that_comes_while_another_is_noted_is_not_missed(
    server: Server, repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs are looked at by another thread."""
    runs = server.runs
    sources = dict(runs.sources)
    runs.sources = {"/elsewhere/runs": "elsewhere"}

    def keep(some: Iterable[str], since: float) -> Noted:
        runs.sources = {**sources, "/later/runs": "later"}
        return keep_sources(some, since)

    monkeypatch.setattr(noting, "keep_sources", keep)
    for _ in range(2):
        server.noting.look(server.settings, server.index, [], runs)
    assert {"elsewhere", "later"} <= read_noted().since.keys()
    assert f"{repo.path}/.git:runs" in read_noted().since
