"""What rings is looked at first and alone; what does not ring is seen by a sweep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon import pace
from explog.daemon.doorbell import Doorbell
from explog.daemon.loop import Daemon
from explog.daemon.watches import LOGS
from explog.git import discovery, signature
from explog.git.repository import Repository
from explog.index.commits import all_repositories
from explog.sync import history
from explog.sync import survey as module
from explog.sync.survey import Familiar, Survey
from support.objects import opened, settled
from support.repo import GitRepo
from support.waiting import wait_until

LOG = "* [1] x :exp:\n** Experiments\n1. [ ] a\n2. [ ] b\n"
NAMES = "one", "two", "three"


class World:
    """A log and three repositories, the daemon, and what its looks looked at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.log = folder / "log.org"
        self.log.write_text(LOG)
        self.repos = {name: GitRepo(self.root / name) for name in NAMES}
        for repo in self.repos.values():
            repo.commit("start")
        self.looks: list[set[str] | None] = []
        self.daemon = Daemon(background=False)
        self.settings = Settings(
            logs=(str(self.log),), repositories=(Root(self.root, 1),), index=folder / "index"
        )
        some, every = module.survey_again, module.survey

        def survey_again(repositories: Sequence[Repository], familiar: Familiar) -> Survey:
            self.looks.append({one.path.name for one in repositories})
            return some(repositories, familiar)

        def survey(*arguments: Any) -> Survey:
            self.looks.append(None)
            return every(*arguments)

        monkeypatch.setattr(history, "survey_again", survey_again)
        monkeypatch.setattr(history, "survey", survey)

    def serve(self) -> None:
        """Begin to look by itself."""
        self.daemon._background = True
        self.configure()

    def configure(self) -> None:
        """Tell the daemon the settings, as Emacs does."""
        self.daemon.configure(self.settings, time.time())

    def known(self) -> list[str]:
        """Return the names of the repositories that the index has."""
        return [Path(one.path).name for one in all_repositories(self.daemon.snapshot().index)]

    def is_known(self, oid: str) -> bool:
        """Tell whether the index has a commit."""
        return (
            self.daemon.snapshot().index.first("SELECT 1 FROM commits WHERE oid = ?", oid)
            is not None
        )


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path, monkeypatch)
    yield made
    made.daemon.close()


def quiet(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have WORLD look at everything, and then sweep no more."""
    monkeypatch.setattr(pace, "SWEEP_SECONDS", 3600.0)
    monkeypatch.setattr(pace, "LONGEST_SECONDS", 3600.0)
    world.daemon.pace = pace.Pace()
    world.serve()
    wait_until(lambda: world.daemon._watching)
    for _ in range(2):  # behind the first of these there may be a look at everything
        world.looks.clear()
        world.daemon.bell.ring(LOGS)
        wait_until(lambda: set() in world.looks)
    world.looks.clear()


def test_only_what_rang_is_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(world, monkeypatch)
    for name in ("one", "three", "one", "three"):
        oid = world.repos[name].commit("[e1.1] more")
        wait_until(lambda oid=oid: world.is_known(oid))  # type: ignore[misc]
    assert None not in world.looks
    assert set().union(*(one or set() for one in world.looks)) == {"one", "three"}


def test_a_change_of_the_log_has_no_repository_looked_at(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(world, monkeypatch)
    world.log.write_text(LOG + "3. [ ] new\n")
    index = world.daemon.snapshot().index
    wait_until(lambda: index.first("SELECT 1 FROM steps WHERE text = 'new'"))
    assert world.looks
    assert all(one == set() for one in world.looks)


@pytest.mark.parametrize("name", ["topic", "topic/deep"])
def test_a_new_branch_rings_and_so_does_what_comes_on_it(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    quiet(world, monkeypatch)
    repo = world.repos["two"]
    for number in range(3):
        repo.run("checkout", "-q", "-B", f"{name}/{number}")
        oid = repo.commit(f"more {number}")
        wait_until(lambda oid=oid: world.is_known(oid))  # type: ignore[misc]


def test_a_lost_ring_is_made_up_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Doorbell, "watch", lambda *_args: None)
    monkeypatch.setattr(pace, "SWEEP_SECONDS", 0.05)
    monkeypatch.setattr(pace, "LONGEST_SECONDS", 0.1)
    world.serve()
    wait_until(lambda: len(world.looks) > 1)
    oid = world.repos["three"].commit("more")
    wait_until(lambda: world.is_known(oid))
    GitRepo(world.root / "four").commit("start")
    wait_until(lambda: "four" in world.known())


def test_a_repository_that_goes_while_it_rings(world: World) -> None:
    world.configure()
    world.daemon.look()
    gone = world.repos["two"].path
    gone.rename(world.folder / "away")
    world.daemon.look(only=[str(gone / ".git")])
    assert "two" in world.known()  # a look at one alone does not say that it is gone for good
    assert world.daemon.snapshot().problems == ()
    world.daemon.look()
    assert world.known() == ["one", "three"]


def test_problems_of_others_are_not_forgotten(world: World) -> None:
    world.configure()
    world.daemon.look()
    (world.repos["one"].path / ".git/refs/heads/bad").write_text(f"{'1' * 40}\n")
    settled(opened(world.repos["one"].path))
    world.daemon.look()
    [problem] = world.daemon.snapshot().problems
    for only in ([str(world.repos["two"].path / ".git")], []):
        world.daemon.look(only=only)
        assert [one.file for one in world.daemon.snapshot().problems] == [problem.file]
    (world.repos["one"].path / ".git/refs/heads/bad").unlink()
    settled(opened(world.repos["one"].path))
    world.daemon.look(only=[str(world.repos["one"].path / ".git")])
    assert world.daemon.snapshot().problems == ()
    world.daemon.look(only=[])
    assert world.daemon.snapshot().problems == ()


def test_a_new_index_has_all_looked_at(world: World) -> None:
    world.configure()
    world.daemon.look()
    (world.folder / "index").unlink()
    world.daemon.look(only=[])
    assert sorted(world.known()) == sorted(NAMES)


def test_a_sweep_of_what_has_not_changed_lists_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    examined: list[str] = []

    def count(module: Any, name: str) -> None:
        real: Callable[..., Any] = getattr(module, name)

        def examine(*arguments: Any, **rest: Any) -> Any:
            examined.append(name)
            return real(*arguments, **rest)

        monkeypatch.setattr(module, name, examine)

    def sweep() -> list[str]:
        examined.clear()
        world.daemon.look(rang=False)
        return list(examined)

    count(discovery, "_examine")
    count(signature, "_examine")
    count(history.HistoryLook, "_look_at")
    world.configure()
    wait_until(lambda: sweep() == [], "a sweep that finds all as it was")
    world.repos["one"].commit("more")
    wait_until(lambda: "_look_at" in sweep())
    assert examined.count("_look_at") == 1
    wait_until(lambda: sweep() == [])
