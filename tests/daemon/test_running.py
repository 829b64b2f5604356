"""Which runs the server knows: what a look sees, and what it costs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from explog.config import Root, Settings
from explog.daemon import running
from explog.daemon.loop import Daemon
from explog.daemon.running import KnownRuns, running_texts
from explog.rpc.client import Client
from explog.run_settings import RunSettings
from explog.runs.folder import run_places
from explog.runs.listing import LOST_SECONDS
from support.clock import cpu_seconds
from support.records import NOW, put_run
from support.repo import GitRepo
from support.runs import start_run
from support.waiting import wait_until


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def known() -> KnownRuns:
    return KnownRuns()


def states(known: KnownRuns) -> dict[str, str]:
    return {run.record.run: run.record.state for run in known.found}


def states_in(daemon: Daemon) -> list[str]:
    return [run.record.state for run in daemon.runs.found]


def settle(known: KnownRuns) -> None:
    """Have it be long ago that a folder changed."""
    for folder in known._folders.values():
        folder.settled = 0.0


def test_a_run_comes_ends_and_goes(known: KnownRuns, runs: Path) -> None:
    places = [str(runs)]
    assert not known.look(places, NOW)
    one = put_run(runs / "e1-a")
    assert known.look(places, NOW)
    assert states(known) == {"e1-a": "running"}
    settle(known)
    assert not known.look(places, NOW)
    put_run(one, beat=NOW + 5, state="ok", end=NOW + 5)
    assert known.look(places, NOW)
    assert states(known) == {"e1-a": "ok"}
    shutil.rmtree(one)
    assert known.look(places, NOW)
    assert known.found == ()


def test_the_newest_run_is_first(known: KnownRuns, runs: Path) -> None:
    for name, start in (("b", 1), ("a", 2), ("c", 3)):
        put_run(runs / name, start=float(start))
    known.look([str(runs)], NOW)
    assert list(states(known)) == ["c", "a", "b"]


def test_a_heartbeat_is_no_news(known: KnownRuns, runs: Path) -> None:
    one = put_run(runs / "a", beat=NOW)
    known.look([str(runs)], NOW)
    os.utime(one / "run.json", (NOW + 30, NOW + 30))
    assert not known.look([str(runs)], NOW + 31)


def test_a_run_that_nobody_touches_is_lost_and_may_come_back(known: KnownRuns, runs: Path) -> None:
    one = put_run(runs / "a", beat=NOW)
    known.look([str(runs)], NOW)
    settle(known)
    assert not known.look([str(runs)], NOW + LOST_SECONDS)
    assert known.look([str(runs)], NOW + LOST_SECONDS + 1)
    assert states(known) == {"a": "lost"}
    assert not known.look([str(runs)], NOW + LOST_SECONDS + 2)
    put_run(one, beat=NOW + 500, state="ok", end=NOW + 500)
    assert known.look([str(runs)], NOW + 500)
    assert states(known) == {"a": "ok"}


def test_a_record_that_comes_after_its_folder_is_seen(known: KnownRuns, runs: Path) -> None:
    one = runs / "a"
    one.mkdir()
    assert not known.look([str(runs)], NOW)
    stamp = os.stat(runs)
    put_run(one)
    os.utime(runs, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert known.look([str(runs)], NOW)


def test_a_run_that_had_ended_and_runs_again_is_seen_by_a_full_look(
    known: KnownRuns, runs: Path
) -> None:
    one = put_run(runs / "a", state="killed", end=NOW)
    known.look([str(runs)], NOW)
    put_run(one, beat=NOW + 9, attempt=2)
    assert known.look([str(runs)], NOW + 10, full=True)
    assert states(known) == {"a": "running"}


@pytest.mark.parametrize("content", [b"", b'{"schema": 1', b"[]"])
def test_a_record_that_cannot_be_read_stays_as_it_was(
    known: KnownRuns, runs: Path, content: bytes
) -> None:
    one = put_run(runs / "a", state="running")
    known.look([str(runs)], NOW)
    settle(known)
    (one / "run.json").write_bytes(content)
    assert not known.look([str(runs)], NOW)
    assert states(known) == {"a": "running"}
    put_run(one, beat=NOW + 1, state="failed", end=NOW, exit=1)
    assert known.look([str(runs)], NOW)
    assert states(known) == {"a": "failed"}


def test_a_folder_that_does_not_answer_stays_as_it_was(
    known: KnownRuns, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_run(runs / "a")
    known.look([str(runs)], NOW)

    def stale(_path: object) -> None:
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", stale)
        assert not known.look([str(runs)], NOW, full=True)
    with monkeypatch.context() as patch:
        patch.setattr(running, "run_folders", lambda _folder: iter(()))
        assert not known.look([str(runs)], NOW, full=True)
    assert states(known) == {"a": "running"}


def test_a_hostile_record_is_read_once(known: KnownRuns, runs: Path) -> None:
    (runs / "a").mkdir()
    os.mkfifo(runs / "a" / "run.json")
    (runs / "b").mkdir()
    (runs / "b" / "run.json").symlink_to("/dev/zero")
    (runs / "c").symlink_to(put_run(runs.parent / "elsewhere"))
    put_run(runs / "d")
    assert known.look([str(runs)], NOW)
    assert states(known) == {"d": "running"}


def test_a_folder_that_is_looked_at_no_more(known: KnownRuns, runs: Path) -> None:
    put_run(runs / "a")
    known.look([str(runs)], NOW)
    assert known.look([], NOW)
    assert known.found == ()


def test_a_look_costs_little_without_runs(known: KnownRuns, tmp_path: Path) -> None:
    places = [str(tmp_path / f"repo{n}" / "runs") for n in range(500)]
    known.look(places, NOW)
    settle(known)

    def cost() -> float:
        before = cpu_seconds()
        for _ in range(10):
            known.look(places, NOW)
        return (cpu_seconds() - before) / 10 / len(places)

    assert min(cost() for _ in range(5)) < 20e-6


def test_what_runs_for_an_experiment(known: KnownRuns, runs: Path) -> None:
    put_run(runs / "a", reference="e201.1", start=NOW - 151, host="node7")
    put_run(runs / "b", reference="e201", start=NOW - 200)
    put_run(runs / "c", reference="e201.2", state="ok", end=NOW)
    put_run(runs / "d", reference="e2.1.3", start=NOW + 5, host="a\x1bb")
    known.look([str(runs)], NOW)
    texts = running_texts(known.found, NOW)
    assert texts.keys() == {"201", "2"}
    assert texts["201"] == "2:31 node7 and 1 more"
    assert texts["2"].startswith("0:00 a")
    assert "\x1b" not in texts["2"]


# Which folders


def test_the_folders_of_settings_configuration_and_repositories(tmp_path: Path) -> None:
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "explog" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'runs = ["out", "{tmp_path}/mount"]\n')
    settings = Settings(runs=RunSettings(folders=("runs",)))
    places = run_places(settings.runs.folders, ["/one", "/two"])
    assert places[:5] == (f"{tmp_path}/mount", "/one/runs", "/one/out", "/two/runs", "/two/out")
    assert places[5:] == (f"{os.environ['XDG_STATE_HOME']}/explog/runs",)
    config.write_text("runs = 5\n")
    assert run_places(settings.runs.folders, ["/one"])[0] == "/one/runs"


# In the daemon


class Emacs:
    """The client of an Emacs that counts how often it is told of changes."""

    closed = False

    def __init__(self) -> None:
        self.changes = 0

    def notify(self, method: str, *_args: object) -> None:
        self.changes += method == "changed"

    def call(self, _method: str, *args: object, timeout: float) -> object:
        assert timeout > 0
        return [[] for _ in cast(list[object], args[0])]


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    daemon = Daemon()
    yield daemon
    daemon.close()


def test_a_real_run_is_known_while_it_runs_and_after(daemon: Daemon, tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit("begin")
    emacs = Emacs()
    daemon.client_ready(cast(Client, emacs))
    daemon.configure(Settings(repositories=(Root(repo.path),), index=tmp_path / "index"), 0)
    wait_until(lambda: emacs.changes, "the first look")
    before = emacs.changes
    process = start_run("e201.1", "--", "cat", cwd=repo.path, stdin=-1, stdout=-1)
    wait_until(lambda: states_in(daemon) == ["running"])
    wait_until(lambda: emacs.changes > before)
    process.communicate(b"")
    wait_until(lambda: states_in(daemon) == ["ok"])


def test_runs_are_looked_at_when_asked(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit("begin")
    daemon = Daemon(background=False)
    settings = Settings(repositories=(Root(repo.path),), index=tmp_path / "index")
    daemon.configure(settings, time.time())
    put_run(repo.path / "runs" / "a", beat=time.time())
    daemon.look()
    assert states_in(daemon) == []
    daemon.runs.look()
    assert [run.folder for run in daemon.runs.found] == [str(repo.path / "runs" / "a")]
    daemon.close()


def test_runs_of_a_linked_worktree_are_known(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "repo")
    repo.commit("begin")
    linked = tmp_path / "linked"
    repo.run("worktree", "add", "-q", "--detach", str(linked))
    daemon = Daemon(background=False)
    settings = Settings(repositories=(Root(repo.path),), index=tmp_path / "index")
    daemon.configure(settings, time.time())
    put_run(linked / "runs" / "a", beat=time.time())
    daemon.look()
    daemon.runs.look()
    assert [run.folder for run in daemon.runs.found] == [str(linked / "runs" / "a")]
    daemon.close()
