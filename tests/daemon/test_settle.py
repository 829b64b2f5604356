"""Settle: what is pending gets into buffers or files, and nothing is written behind an Emacs."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon.settle import Settled, forget_settled, settle
from explog.entries.emacs import BufferEntry, Editor
from explog.errors import ExplogError
from explog.index.commits import pending_steps
from explog.index.database import Index, open_index
from explog.model import Change
from explog.plan import planner
from explog.plan.plans import Plan
from explog.sync.look import sync
from support import buffers
from support.repo import GitRepo

ENTRY = """\
* TODO [201] Title :exp:
** Experiments [0/2]
1. [ ] one
2. [ ] two
"""


@dataclass
class Emacs(buffers.Emacs):
    """An Emacs that remembers what it was asked, and that may not answer."""

    asked: list[list[tuple[str, str]]] = field(default_factory=list)
    fails: str | None = None

    def save(self, path: Path) -> None:
        """Save the buffer."""
        path.write_text(self.buffers[str(path)])
        self.modified.discard(str(path))

    def entries(self, wanted: Sequence[tuple[str, str]]) -> list[BufferEntry | None]:
        self.asked.append(list(wanted))
        if self.fails == "entries":
            raise ExplogError("timeout", "Emacs does not answer")
        return super().entries(wanted)

    def edit_file(self, file: str, changes: Sequence[Change]) -> dict[str, str]:
        if self.fails == "edit":
            raise ExplogError("changed", "the buffer is not as expected")
        return super().edit_file(file, changes)


@dataclass
class Server:
    """One explog server: it looks as `explog.daemon.loop.Daemon` does."""

    settings: Settings
    index: Index
    editors: list[Editor] = field(default_factory=list)

    def look(self) -> Settled:
        sync(self.settings, self.index)
        settled = settle(self.settings, self.index, self.editors)
        sync(self.settings, self.index)
        forget_settled(self.settings, self.index)
        return settled

    def pending(self) -> set[str]:
        """Return the references that are pending."""
        return {f"e{ident}.{step[0]}" for ident, step in pending_steps(self.index)}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.org"
    path.write_text(ENTRY)
    return path


@pytest.fixture
def server(tmp_path: Path, repo: GitRepo, log: Path) -> Server:
    settings = Settings(
        logs=(str(log),), repositories=(Root(repo.path),), index=tmp_path / "index.sqlite"
    )
    made = Server(settings, open_index(tmp_path / "index.sqlite"))
    assert made.look() == Settled()
    return made


@pytest.fixture
def emacs(server: Server) -> Emacs:
    made = Emacs()
    server.editors.append(made)
    return made


def test_without_an_emacs_the_file_is_written(server: Server, repo: GitRepo, log: Path) -> None:
    oid = repo.commit("[e201.1] Results")
    settled = server.look()
    assert settled.done == [f"e201.1 ← {oid[:7]} (proj)"]
    assert (settled.problems, settled.retry) == ([], False)
    assert f"1. [X] one ({oid[:7]})" in log.read_text()
    assert server.pending() == set()
    assert server.look() == Settled()


def test_emacs_that_does_not_visit_it(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    oid = repo.commit("[e201.1] Results")
    assert len(server.look().done) == 1
    assert emacs.asked == [[(str(log), "201")]]
    assert oid[:7] in log.read_text()


def test_visited_and_saved(server: Server, emacs: Emacs, repo: GitRepo, log: Path) -> None:
    emacs.visit(log)
    oid = repo.commit("[e201.1] Results")
    assert server.look() == Settled()
    assert emacs.shown == [f"e201.1 ← {oid[:7]} (proj)"]
    assert "[1/2]" in log.read_text()
    assert log.read_text() == emacs.buffers[str(log)]
    assert server.pending() == set()


def test_visited_with_unsaved_changes(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    emacs.visit(log)
    emacs.type(log, "one", "one, typed just now")
    oid = repo.commit("[e201.1] Results")
    assert server.look() == Settled()
    assert f"1. [X] one, typed just now ({oid[:7]})" in emacs.buffers[str(log)]
    assert log.read_text() == ENTRY
    assert server.pending() == {"e201.1"}, "the file lacks it still"
    before = emacs.buffers[str(log)]
    assert server.look() == Settled()
    assert emacs.buffers[str(log)] == before
    assert log.read_text() == ENTRY
    emacs.save(log)
    server.look()
    assert server.pending() == set()
    assert len(emacs.shown) == 1


def test_experiment_that_is_in_no_file_yet(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    emacs.visit(log)
    emacs.type(log, "* TODO [201]", ENTRY.replace("201", "202") + "* TODO [201]")
    oid = repo.commit("[e202.1] Start")
    assert server.look() == Settled()
    assert emacs.asked[-1] == [("", "202")]
    assert f"1. [ ] one ({oid[:7]})" in emacs.buffers[str(log)]
    assert server.pending() == {"e202.1"}
    emacs.save(log)
    server.look()
    assert server.pending() == set()


def test_experiment_nowhere_is_told_and_waited_for(
    server: Server, repo: GitRepo, log: Path
) -> None:
    oid = repo.commit("[e202.1] Start")
    [told] = server.look().problems
    assert "no log has that experiment" in told
    assert server.pending() == {"e202.1"}
    log.write_text(ENTRY + ENTRY.replace("201", "202"))
    assert len(server.look().done) == 1
    assert log.read_text().endswith(f"1. [ ] one ({oid[:7]})\n2. [ ] two\n")
    assert server.pending() == set()


def test_step_taken_by_hand_is_told_once_and_done_with(
    server: Server, repo: GitRepo, log: Path
) -> None:
    log.write_text(ENTRY.replace("one", f"one ({repo.head[:7]})"))
    server.look()
    repo.commit("[e201.1] Results")
    assert len(server.look().problems) == 1
    assert server.pending() == set()


def test_buffer_that_has_the_entry_no_more(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    emacs.visit(log)
    emacs.type(log, ENTRY, "* All deleted, and not saved\n")
    repo.commit("[e201.1] Results")
    server.look()
    assert log.read_text() == ENTRY
    assert server.pending() == {"e201.1"}


def test_buffer_that_must_not_be_edited(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    emacs.visit(log)
    emacs.problem = "the buffer is read-only"
    repo.commit("[e201.1] Results")
    settled = server.look()
    assert settled.problems == ["e201.1: the buffer is read-only"]
    assert settled.retry
    assert log.read_text() == ENTRY == emacs.buffers[str(log)]
    assert server.pending() == {"e201.1"}
    emacs.problem = None
    assert server.look() == Settled()
    assert "[X]" in log.read_text()


@pytest.mark.parametrize("fails", ["entries", "edit"])
def test_emacs_that_fails(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path, fails: str
) -> None:
    emacs.visit(log)
    emacs.fails = fails
    repo.commit("[e201.1] Results")
    settled = server.look()
    assert settled.retry
    assert len(settled.problems) == 1
    assert settled.done == []
    assert log.read_text() == ENTRY
    assert server.pending() == {"e201.1"}
    emacs.fails = None
    server.look()
    assert "[X]" in log.read_text()
    assert server.pending() == set()


def test_second_emacs_that_fails_keeps_all_files_as_they_are(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.org"
    other.write_text(ENTRY.replace("201", "202"))
    server.settings = Settings(
        logs=(str(log), str(other)), repositories=server.settings.repositories
    )
    emacs.visit(log)
    second = Emacs(fails="entries")
    server.editors.append(second)
    repo.commit("[e201.1][e202.1] Results")
    assert server.look().retry
    assert "[X]" in log.read_text(), "the first could be asked"
    assert "[X]" not in other.read_text()
    second.fails = None
    server.look()
    assert "[X]" in other.read_text()


def test_entry_in_the_buffer_that_cannot_be_planned_holds_up_no_other(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.org"
    other.write_text(ENTRY.replace("201", "202"))
    server.settings = Settings(
        logs=(str(log), str(other)), repositories=server.settings.repositories
    )
    server.look()
    emacs.visit(log)
    emacs.type(log, "* TODO [201]", "* TODO [201](link)")
    repo.commit("[e201.1][e202.1] Results")
    settled = server.look()
    assert "[X]" in other.read_text()
    assert log.read_text() == ENTRY
    assert "e201.1" in settled.problems[0]
    assert settled.retry


def test_stale_buffer(server: Server, emacs: Emacs, repo: GitRepo, log: Path) -> None:
    """The file changed on disk, the buffer did not: Emacs says so, and nothing is lost."""
    emacs.visit(log)
    log.write_text(ENTRY.replace("two", "two, from a pull"))
    emacs.problem = "the file changed on disk"
    repo.commit("[e201.1] Results")
    settled = server.look()
    assert settled.problems == ["e201.1: the file changed on disk"]
    assert "from a pull" in log.read_text()
    emacs.problem = None
    emacs.visit(log)
    server.look()
    assert "from a pull" in log.read_text()
    assert "[X]" in log.read_text()


def test_same_id_twice_in_a_visited_log(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    log.write_text(ENTRY + ENTRY)
    server.look()
    emacs.visit(log)
    repo.commit("[e201.1] Results")
    settled = server.look()
    assert "more than one" in settled.problems[0]
    assert log.read_text() == emacs.buffers[str(log)] == ENTRY + ENTRY


def test_same_id_in_two_visited_logs_is_told_once(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    other = log.with_name("other.org")
    other.write_text(ENTRY)
    server.settings = replace(server.settings, logs=(str(log), str(other)))
    server.look()
    emacs.visit(log)
    emacs.visit(other)
    repo.commit("[e201.1] Results")
    [told] = server.look().problems
    assert "more than one" in told
    repo.commit("[e201.2] Results")
    assert len(server.look().problems) == 2  # that of the other step is still there


def test_log_visited_by_another_name(
    server: Server,
    emacs: Emacs,
    repo: GitRepo,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    link = tmp_path / "link.org"
    link.symlink_to(log)
    server.settings = Settings(
        logs=(str(link),), repositories=server.settings.repositories, index=server.settings.index
    )
    server.look()
    emacs.visit(log)
    emacs.type(log, "two", "two, unsaved")
    held = emacs.entries

    def entries(wanted: Sequence[tuple[str, str]]) -> list[BufferEntry | None]:
        return held([(str(Path(file).resolve()) if file else "", ident) for file, ident in wanted])

    monkeypatch.setattr(emacs, "entries", entries)
    repo.commit("[e201.1] Results")
    assert server.look().done == []
    assert log.read_text() == ENTRY
    assert "[X]" in emacs.buffers[str(log)]


def test_rewritten_history_in_a_visited_log(
    server: Server, emacs: Emacs, repo: GitRepo, log: Path
) -> None:
    emacs.visit(log)
    repo.commit("[e201.1] Results", file="file")
    server.look()
    first = repo.head[:7]
    repo.amend(file="file")
    server.look()
    assert first not in log.read_text()
    assert repo.head[:7] in log.read_text()


@pytest.mark.parametrize("visited", [False, True])
def test_two_servers_on_one_index(
    server: Server, repo: GitRepo, log: Path, tmp_path: Path, visited: bool
) -> None:
    second = Server(server.settings, open_index(tmp_path / "index.sqlite"))
    if visited:
        emacs = Emacs()
        emacs.visit(log)
        server.editors.append(emacs)
    oids = [repo.commit(f"[e201.{n}] Results")[:7] for n in (1, 2)]
    sync(server.settings, server.index)
    sync(second.settings, second.index)
    settled = [settle(one.settings, one.index, one.editors) for one in (server, second)]
    assert [one.problems for one in settled] == [[], []]
    assert not any(one.retry for one in settled)
    expected = ENTRY.replace("[0/2]", "[2/2]")
    for name, oid in zip(("one", "two"), oids, strict=True):
        expected = expected.replace(f"[ ] {name}", f"[X] {name} ({oid})")
    assert log.read_text() == expected
    for one in (server, second, server):
        assert one.look() == Settled()
        assert one.pending() == set()
    assert log.read_text() == expected


def test_two_servers_at_the_same_time(
    server: Server, repo: GitRepo, log: Path, tmp_path: Path
) -> None:
    second = Server(server.settings, open_index(tmp_path / "index.sqlite"))
    log.write_text(
        "* [201] T :exp:\n** Experiments [0/40]\n" + "".join(f"{n}. [ ] s\n" for n in range(1, 41))
    )
    server.look()
    failed: list[BaseException] = []

    def work(one: Server) -> None:
        try:
            for _ in range(15):
                one.look()
        except BaseException as error:  # noqa: BLE001 - a thread's error is the test's
            failed.append(error)

    threads = [Thread(target=work, args=(one,)) for one in (server, second)]
    for thread in threads:
        thread.start()
    for number in range(1, 41):
        repo.commit(f"[e201.{number}] Results", date=None)
    for thread in threads:
        thread.join()
    assert failed == []
    server.look()
    second.look()
    text = log.read_text()
    assert text.count("[X]") == 40
    assert "[40/40]" in text
    assert text.count("(") == 40
    assert server.pending() == set()


def test_file_that_changes_meanwhile_is_planned_anew(
    server: Server, repo: GitRepo, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = planner.plan

    def plan(*args: Any, **options: Any) -> Plan:
        planned = made(*args, **options)
        if "pulled" not in log.read_text():
            log.write_text("* pulled\n" + log.read_text())
        return planned

    monkeypatch.setattr("explog.daemon.settle.plan", plan)
    repo.commit("[e201.1] Results")
    settled = server.look()
    assert (len(settled.done), settled.problems) == (1, [])
    assert log.read_text().startswith("* pulled\n* TODO [201]")
    assert "[X]" in log.read_text()


def test_buffer_that_changes_meanwhile_is_planned_anew(
    server: Server,
    emacs: Emacs,
    repo: GitRepo,
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emacs.visit(log)
    made = planner.plan

    def plan(*args: Any, **options: Any) -> Plan:
        planned = made(*args, **options)
        if "typed" not in emacs.buffers[str(log)]:
            emacs.type(log, "one", "one, typed just now")
        return planned

    monkeypatch.setattr("explog.daemon.settle.plan", plan)
    oid = repo.commit("[e201.1] Results")
    assert server.look() == Settled()
    assert f"1. [X] one, typed just now ({oid[:7]})" in emacs.buffers[str(log)]
    assert len(emacs.shown) == 1


@pytest.mark.parametrize("spoil", ["read-only", "locked"])
def test_file_that_cannot_be_written_now(
    server: Server, repo: GitRepo, log: Path, spoil: str
) -> None:
    lock = log.with_name(f".#{log.name}")
    if spoil == "locked":
        lock.symlink_to("someone@else.1")
    else:
        log.chmod(0o444)
    repo.commit("[e201.1] Results")
    settled = server.look()
    assert settled.retry
    assert settled.problems[0].startswith("e201.1: ")
    assert server.pending() == {"e201.1"}
    lock.unlink(missing_ok=True)
    log.chmod(0o644)
    assert len(server.look().done) == 1
    assert server.pending() == set()


def test_log_that_cannot_be_read_now(server: Server, repo: GitRepo, log: Path) -> None:
    repo.commit("[e201.1] Results")
    sync(server.settings, server.index)
    text = log.read_text()
    log.unlink()
    settled = settle(server.settings, server.index, [])
    assert (settled.done, settled.retry) == ([], True)
    forget_settled(server.settings, server.index)
    assert server.pending() == {"e201.1"}
    log.write_text(text)
    assert len(server.look().done) == 1
