"""The values of commits are read by the daemon, behind the hashes and a few at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.daemon import reading
from explog.daemon.loop import Daemon
from explog.daemon.reading import Reading
from explog.index.database import Index
from explog.index.samples import count_unread
from explog.results.kept import kept_values
from explog.results.values import Values
from explog.sync.look import sync
from support.repo import GitRepo
from support.waiting import wait_until


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo")


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    yield daemon
    daemon.close()


@pytest.fixture
def index() -> Iterator[Index]:
    index = Index(None)
    yield index
    index.close()


def is_read(daemon: Daemon, oid: str) -> bool:
    return oid in kept_values(daemon.snapshot().index, [oid])


def sources(daemon: Daemon, oid: str) -> list[str]:
    values = kept_values(daemon.snapshot().index, [oid]).get(oid, Values())
    return [sample.source for sample in values.samples]


def test_the_daemon_reads_values(daemon: Daemon, repo: GitRepo, tmp_path: Path) -> None:
    oids = [repo.commit(f"[e1.{n}] Results acc={n}") for n in range(3)]
    settings = Settings(repositories=(Root(repo.path),), index=tmp_path / "index.sqlite")
    daemon.configure(settings, 0)
    wait_until(lambda: all(is_read(daemon, oid) for oid in oids))
    new = repo.commit("[e1.4] Results", file="other.json", text='{"acc": 5}')
    daemon.bell.ring()
    wait_until(lambda: is_read(daemon, new))
    assert sources(daemon, new) == []
    daemon.configure(replace(settings, metrics=("other.json",)), 0)
    wait_until(lambda: sources(daemon, new) == ["other.json"])


def test_some_at_a_time(index: Index, repo: GitRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_AT_ONCE", 2)
    settings = Settings(repositories=(Root(repo.path),))
    for number in range(3):
        repo.commit(f"[e1.{number}] Results")
    sync(settings, index)
    one = Reading()
    assert (one.step(settings, index), one.ended(), count_unread(index)) == (True, False, 1)
    assert (one.step(settings, index), one.ended(), count_unread(index)) == (False, True, 0)
    assert (one.step(settings, index), one.ended()) == (False, False)
    one.require()
    assert (one.step(settings, index), one.ended()) == (False, False)


def test_what_cannot_be_written_is_tried_again_when_something_comes(
    repo: GitRepo, tmp_path: Path
) -> None:
    index = Index(tmp_path / "index.sqlite")
    settings = Settings(repositories=(Root(repo.path),))
    repo.commit("[e1.1] Results")
    sync(settings, index)
    index.write(
        "CREATE TEMP TRIGGER full BEFORE UPDATE ON readings BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    one = Reading()
    with pytest.raises(sqlite3.IntegrityError, match="full"):
        one.step(settings, index)
    assert (one.step(settings, index), one.ended()) == (False, False)
    index.write("DROP TRIGGER full")
    one.require()
    assert (one.step(settings, index), count_unread(index)) == (False, 0)
    index.close()


def test_whoever_writes_the_index_is_waited_for(repo: GitRepo, tmp_path: Path) -> None:
    index = Index(tmp_path / "index.sqlite")
    settings = Settings(repositories=(Root(repo.path),))
    repo.commit("[e1.1] Results")
    sync(settings, index)
    other = sqlite3.connect(tmp_path / "index.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    list(index.read("PRAGMA busy_timeout = 0"))
    one = Reading()
    assert (one.step(settings, index), count_unread(index)) == (False, 1)
    other.execute("ROLLBACK")
    assert (one.step(settings, index), count_unread(index)) == (False, 0)
    other.close()
    index.close()
