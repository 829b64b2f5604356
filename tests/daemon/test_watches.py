"""Folders that are watched: what rings, for whom, and what does not."""

from __future__ import annotations

import errno
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from explog.daemon import folders, observed
from explog.daemon.doorbell import Doorbell, Rung
from explog.daemon.folders import FolderWatches
from explog.daemon.inotify import OVERFLOW, Event, Inotify
from explog.daemon.observed import ObservedFolders
from explog.daemon.watches import LOGS, Owner
from support.repo import GitRepo
from support.waiting import wait_until

Make = Callable[..., GitRepo]


class Bell:
    """What rang since somebody asked."""

    def __init__(self, folder: Path) -> None:
        self.rung: list[Owner | None] = []
        self.mark = folder / "mark"
        self.mark.mkdir()
        self._marks = 0

    def ring(self, owner: Owner | None) -> None:
        self.rung.append(owner)

    def take(self) -> set[Owner | None]:
        """Return for whom it rang, having heard all that happened before."""
        self._marks += 1
        (self.mark / f"{self._marks}").touch()
        wait_until(lambda: LOGS in self.rung, "the mark")
        found, self.rung[:] = set(self.rung), []
        return found - {LOGS}


@pytest.fixture
def bell(tmp_path: Path) -> Bell:
    return Bell(tmp_path)


@pytest.fixture
def watches(bell: Bell) -> Iterator[FolderWatches]:
    made = FolderWatches(bell.ring)
    yield made
    made.close()


def common(repo: GitRepo) -> str:
    return str(repo.path / ".git")


def watch(watches: FolderWatches, bell: Bell, *repos: GitRepo) -> None:
    watches.watch([common(repo) for repo in repos], {str(bell.mark): None})
    bell.take()


def _moves(elsewhere: Path) -> Iterator[list[str]]:
    """Yield what moves a ref; each is run on what the ones before left."""
    linked = str(elsewhere / "linked")
    yield ["commit", "--allow-empty", "-m", "x"]
    yield ["commit", "--amend", "--allow-empty", "-m", "y"]
    yield ["reset", "--hard", "HEAD~1"]
    yield ["branch", "topic/deep/er"]
    yield ["branch", "-f", "topic/deep/er", "HEAD~1"]
    yield ["switch", "topic/deep/er"]
    yield ["commit", "--allow-empty", "-m", "z"]
    yield ["switch", "--detach", "main"]
    yield ["commit", "--allow-empty", "-m", "detached"]
    yield ["pack-refs", "--all", "--prune"]
    yield ["update-ref", "refs/heads/topic/deep/er", "HEAD"]
    yield ["worktree", "add", "--detach", linked]
    yield ["-C", linked, "commit", "--allow-empty", "-m", "w"]
    yield ["fetch", str(elsewhere / "other"), "+main:refs/remotes/other/main"]
    yield ["update-ref", "refs/remotes/other/main", "HEAD"]
    yield ["branch", "-D", "topic/deep/er"]
    yield ["worktree", "remove", linked]


def test_each_move_of_a_ref_rings(
    git_repo: Make, tmp_path: Path, bell: Bell, watches: FolderWatches
) -> None:
    other, quiet, repo = git_repo("other"), git_repo("quiet"), git_repo()
    for one in (other, repo):
        one.commit("one")
        one.commit("two")
    watch(watches, bell, quiet, repo)
    for command in _moves(tmp_path):
        repo.run(*command)
        assert bell.take() == {common(repo)}, command
        watches.watch_again([common(repo)])


def test_what_moves_no_ref_does_not_ring(
    git_repo: Make, bell: Bell, watches: FolderWatches
) -> None:
    repo = git_repo()
    repo.commit("one", file="file")
    watch(watches, bell, repo)
    (repo.path / "file").write_text("other")
    for command in (["status"], ["add", "file"], ["diff"], ["stash", "list"], ["tag", "t"]):
        repo.run(*command)
    assert bell.take() == set()


def test_a_ref_that_is_written_in_place_rings(
    git_repo: Make, bell: Bell, watches: FolderWatches
) -> None:
    repo = git_repo()
    oid = repo.commit("one")
    watch(watches, bell, repo)
    (repo.path / ".git/refs/heads/main").write_text(f"{oid}\n")
    assert bell.take() == {common(repo)}


def test_a_large_worktree_costs_no_watch(
    git_repo: Make, bell: Bell, watches: FolderWatches
) -> None:
    small, large = git_repo("small"), git_repo("large")
    for number in range(50):
        (large.path / f"a/{number}/b").mkdir(parents=True)
        (large.path / f".git/objects/{number:02x}").mkdir(exist_ok=True)
    watch(watches, bell, small)
    few = watches.count()
    watch(watches, bell, large)
    assert watches.count() == few < 7
    watch(watches, bell)
    assert watches.count() == 1


def test_folders_that_are_gone_and_come_again(
    git_repo: Make, bell: Bell, watches: FolderWatches
) -> None:
    repo = git_repo()
    oid = repo.commit("one")
    watch(watches, bell, repo)
    heads = repo.path / ".git/refs/heads"
    for _ in range(3):
        shutil.rmtree(heads)
        assert bell.take() == {common(repo)}
        heads.mkdir()
        watches.watch_again([common(repo)])
        bell.take()
        (heads / "main").write_text(f"{oid}\n")
        assert bell.take() == {common(repo)}
    heads.rename(heads.with_name("away"))
    heads.mkdir()
    watches.watch_again([common(repo)])
    bell.take()
    (heads / "main").write_text(f"{oid}\n")
    assert bell.take() == {common(repo)}


def test_no_more_folders_than_half_of_the_limit(
    git_repo: Make,
    bell: Bell,
    watches: FolderWatches,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(folders, "most_watches", lambda: 8)
    repos = [git_repo(f"r{number}") for number in range(5)]
    for _ in range(2):
        watch(watches, bell, *repos)
    assert watches.count() == 4
    for repo in repos:
        repo.commit("one")
    assert bell.take() == {common(repo) for repo in repos[:3]}  # the first folder of each
    assert watches.unwatched == {common(repo) for repo in repos}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "fs.inotify.max_user_watches" in caplog.text
    monkeypatch.setattr(folders, "most_watches", lambda: 800)
    watch(watches, bell, *repos)
    assert watches.unwatched == frozenset()


def test_other_programs_have_all_watches(
    git_repo: Make, bell: Bell, watches: FolderWatches, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def add(_inotify: Inotify, folder: str) -> int:
        calls.append(folder)
        raise OSError(errno.ENOSPC, "No space left on device")

    watch(watches, bell)
    repos = [git_repo(f"r{number}") for number in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(Inotify, "add", add)
        watches.watch(list(map(common, repos)), {})
    assert len(calls) == 1  # and not one for each folder
    assert watches.unwatched == set(map(common, repos))


def test_an_overflow_may_be_about_everything(watches: FolderWatches) -> None:
    assert watches._owners(Event(-1, OVERFLOW, "")) == {None}


def test_close_ends_the_thread(bell: Bell) -> None:
    before = threading.enumerate()
    watches = FolderWatches(bell.ring)
    (thread,) = (one for one in threading.enumerate() if one not in before)
    watches.close()
    wait_until(lambda: not thread.is_alive())


def test_watchdog_rings_where_there_is_no_inotify(
    git_repo: Make, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observed, "MOST_WATCHES", 3)
    repos = [git_repo(f"r{number}") for number in range(3)]
    watches = ObservedFolders(bell.ring)
    watches.watch(list(map(common, repos)), {str(bell.mark): frozenset(("log",))})
    assert watches.count() == 3
    assert watches.unwatched == {common(repos[2])}
    repos[1].commit("one")
    wait_until(lambda: common(repos[1]) in bell.rung)
    (bell.mark / "other").touch()
    (bell.mark / "log").touch()
    wait_until(lambda: LOGS in bell.rung)
    assert set(bell.rung) == {common(repos[1]), LOGS}
    watches.close()


def test_the_bell_says_what_rang() -> None:
    bell = Doorbell()
    for owner in ("a", LOGS, "a"):
        bell.ring(owner)
    rung = bell.wait(60)
    assert rung == Rung(False, frozenset(("a", LOGS)))
    assert rung.repositories == {"a"}
    bell.ring("b")
    bell.ring()
    assert bell.wait(60) == Rung(True, frozenset("b"))
    assert not bell.wait(0)


@pytest.mark.parametrize("kind", [FolderWatches, ObservedFolders])
def test_watches_that_are_closed_take_no_more(
    kind: type[FolderWatches | ObservedFolders],
    git_repo: Make,
    bell: Bell,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As when the server ends in the midst of a look."""
    one, other = git_repo("one"), git_repo("other")
    before = threading.enumerate()
    watches = kind(bell.ring)
    watches.watch([common(one)], {})
    watched = watches.count()
    watches.close()
    wait_until(lambda: threading.enumerate() == before)
    watches.watch([common(other)], {})
    watches.watch_again([common(other)])
    watches.close()
    assert watches.count() <= watched
    assert threading.enumerate() == before
    assert [one for one in caplog.records if one.name.startswith("explog")] == []


def test_a_bell_that_is_closed_watches_nothing(git_repo: Make) -> None:
    repo = git_repo("one")
    before = threading.enumerate()
    bell = Doorbell()
    bell.close()
    bell.watch([repo.path / ".git"], [])
    wait_until(lambda: threading.enumerate() == before)
    assert bell.watched() == 0
