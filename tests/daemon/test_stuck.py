"""One repository that does not answer holds up no other, loses nothing, and is named."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from explog.config import Root, Settings
from explog.daemon.loop import Daemon
from explog.index.logs import all_logs
from explog.rpc.client import Client
from explog.stuck import any_silent, is_silent
from explog.sync.finding import no_answer
from support.calls import call
from support.hanging import be_impatient, hanging_drive
from support.repo import GitRepo
from support.waiting import wait_until

LOG = "* [1] x :exp:\n** Experiments\n1. [ ] a\n2. [ ] b\n3. [ ] c\n"


class World:
    """A log, a repository that answers and one that stops to do so, and the daemon."""

    def __init__(self, folder: Path, make: Callable[..., GitRepo], depth: int) -> None:
        self.log = folder / "log.org"
        self.log.write_text(LOG)
        self.good, self.bad = make("good"), make("bad")
        self.client = Client(lambda *_: None)
        self.daemon = Daemon(background=False)
        settings = Settings(
            index=folder / "index.sqlite",
            logs=(str(self.log),),
            repositories=(Root(folder, 1),)
            if depth
            else (Root(self.bad.path), Root(self.good.path)),
        )
        self.daemon.configure(settings, 4e9)  # nothing is placed by itself
        self.known = self.bad.commit("[e1.1] Results")
        self.look()

    def look(self) -> float:
        """Look, and return how many seconds that took."""
        begun = time.monotonic()
        self.daemon.look(patient=True)
        return time.monotonic() - begun

    def call(self, name: str, *args: object) -> Any:
        return call(self.daemon, self.client, name, *args)

    def check_while_silent(self, said: str = "git gets no answer here") -> None:
        """Check what holds while one of the repositories does not answer."""
        here = str(self.bad.path)
        problems = [p.message for p in self.daemon.snapshot().problems if p.file == here]
        assert len(problems) == 1
        assert problems[0].startswith(f"{here}: {said}")
        assert self.look() < 0.4
        assert [p.message for p in self.daemon.snapshot().problems] == problems
        commit = self.good.commit("[e1.2] Results")
        assert self.look() < 10
        assert [row[0] for row in self.call("commits", "1", "2")] == [commit]
        assert [row[0] for row in self.call("commits", "1", "1")] == [self.known]
        plan = self.call("plan")[0]
        self.call("apply", plan, [0])
        assert f"2. [X] b ({commit[:7]})" in self.log.read_text()
        assert "1. [ ] a\n" in self.log.read_text()  # nothing of the other is written
        findings = [row for row in self.call("doctor") if not row[1]]
        assert [row[2] for row in findings] == problems
        told = [row[5] for row in self.call("check") if row[1] == here]
        assert problems[0].removeprefix(f"{here}: ") in told

    def check_answering(self) -> None:
        """Check that what does answer again is read."""
        wait_until(lambda: not is_silent(self.bad.path))
        self.look()
        assert self.daemon.snapshot().problems == ()
        commit = self.bad.commit("[e1.3] Results")
        self.look()
        assert [row[0] for row in self.call("commits", "1", "3")] == [commit]


@pytest.fixture(params=[0, 1], ids=["named", "in a folder"])
def world(
    tmp_path: Path,
    git_repo: Callable[..., GitRepo],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Iterator[World]:
    made = World(tmp_path, git_repo, request.param)
    be_impatient(monkeypatch)
    yield made
    made.daemon.close()


def test_a_repository_with_a_pipe_for_its_head(world: World) -> None:
    head = world.bad.path / ".git/HEAD"
    text = head.read_bytes()
    head.unlink()
    os.mkfifo(head)
    assert world.look() < 10
    world.check_while_silent()
    head.unlink()
    head.write_bytes(text)
    world.check_answering()


def test_a_repository_on_a_drive_that_hangs(world: World) -> None:
    with hanging_drive(world.bad.path):
        assert world.look() < 10
        world.check_while_silent()
    world.check_answering()


def test_a_repository_on_a_drive_that_fails(world: World) -> None:
    with hanging_drive(world.bad.path, broken=True):
        world.look()
        world.check_while_silent("it cannot be read now: ")
    world.check_answering()


def test_a_hash_that_nobody_else_knows_stays_meanwhile(world: World) -> None:
    world.log.write_text(LOG.replace("c\n", "c (a1b2c3d)\n"))
    world.good.commit("[e1.3] Results")
    head = world.bad.path / ".git/HEAD"
    text = head.read_bytes()
    head.unlink()
    os.mkfifo(head)
    world.look()
    assert is_silent(world.bad.path)
    plan = world.call("plan")
    assert plan[1] == 0  # there is nothing to write
    head.unlink()
    head.write_bytes(text)
    wait_until(lambda: not is_silent(world.bad.path))
    plan = world.call("plan")
    world.call("apply", plan[0], [0, 1])
    assert "c (a1b2c3d)" not in world.log.read_text()


class Logs:
    """A log that answers and one on a drive that stops to do so, a repository, and the daemon."""

    def __init__(self, folder: Path, repo: GitRepo, spec: str) -> None:
        self.good, self.bad = folder / "good.org", folder / "drive/bad.org"
        self.bad.parent.mkdir()
        self.good.write_text(LOG)
        self.bad.write_text(LOG.replace("[1]", "[2]"))
        self.repo = repo
        self.client = Client(lambda *_: None)
        self.daemon = Daemon(background=False)
        settings = Settings(
            index=folder / "index.sqlite",
            logs=(str(self.good), str(folder / spec)),
            repositories=(Root(repo.path),),
        )
        repo.commit("[e2.1] Results")
        self.daemon.configure(settings, 4e9)  # nothing is placed by itself

    def look(self) -> float:
        begun = time.monotonic()
        self.daemon.look(patient=True)
        return time.monotonic() - begun

    def problems(self) -> list[str]:
        return [p.message for p in self.daemon.snapshot().problems]

    def known(self) -> dict[str, int]:
        """Return the size in bytes of each log that the index has, by name."""
        return {one.path: one.size for one in all_logs(self.daemon.snapshot().index)}


@pytest.mark.parametrize("spec", ["drive/bad.org", "drive", "drive/*.org"])
def test_a_log_on_a_drive_that_hangs(
    spec: str, tmp_path: Path, git_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Logs(tmp_path, git_repo("repo"), spec)
    world.look()
    before = world.bad.read_bytes()
    place = str(tmp_path / spec).removesuffix("/*.org")
    be_impatient(monkeypatch)
    with hanging_drive(world.bad.parent):
        assert world.look() < 10
        commit = world.repo.commit("[e1.1] Results")
        world.repo.commit("[e2.2] Results")
        assert world.look() < 10
        plan, *_ = call(world.daemon, world.client, "plan")
        call(world.daemon, world.client, "apply", plan, [0])
        assert f"1. [X] a ({commit[:7]})" in world.good.read_text()
        assert world.look() < 0.4
        assert world.problems() == [no_answer(place)]
        assert world.known().keys() == {str(world.good), str(world.bad)}
        told = [row[2] for row in call(world.daemon, world.client, "doctor") if not row[1]]
        assert world.problems()[0] in told
        call(world.daemon, world.client, "check")
    wait_until(lambda: not any_silent())
    assert world.bad.read_bytes() == before
    world.look()
    assert world.problems() == []
    world.bad.write_text(world.bad.read_text() + "* [3] y :exp:\n")
    world.look()
    assert world.known()[str(world.bad)] == world.bad.stat().st_size


def test_a_server_that_starts_while_a_drive_hangs(
    tmp_path: Path, git_repo: Callable[..., GitRepo], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = Logs(tmp_path, git_repo("repo"), "drive")
    be_impatient(monkeypatch)
    with hanging_drive(world.bad.parent):
        assert world.look() < 10
        assert world.known().keys() == {str(world.good)}
    wait_until(lambda: not any_silent())
    world.look()
    assert world.known().keys() == {str(world.good), str(world.bad)}
