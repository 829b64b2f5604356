"""An index heals itself wherever it is damaged, in a server and in a terminal, and says so once."""

from __future__ import annotations

import errno
import logging
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from explog.cli import main
from explog.config import Root, Settings
from explog.daemon import pace, syncing
from explog.daemon.loop import Daemon
from explog.index.commits import pending_steps
from explog.index.database import open_index
from explog.index.upkeep import tidy
from explog.queries.search import search
from explog.state import read_state, state_file
from explog.sync.look import sync
from support.damage import damages
from support.repo import CONFIG, GitRepo
from support.waiting import wait_until

WORDS = [f"word{n}" for n in range(2000)]
FILES = ("", "-wal", "-shm")
PLACES = [
    "header",
    "free",
    "root of commits",
    *(
        f"leaf of {table}"
        for table in (
            *("meta", "repositories", "commits", "commits_by_oid", "claims", "logs", "sections"),
            *("experiments", "experiments_by_ident", "steps", "passages"),
            *(
                "commit_words_data",
                "commit_words_config",
                "passage_words_data",
                "passage_words_idx",
            ),
        )
    ),
]
CUTS = ["cut to 0", "cut to 60", "cut to 5000", "cut to 16384", "cut to 49157"]
BITS = [f"bit in header {offset}" for offset in (16, 18, 31, 35, 44, 56, 63, 100, 105)]
COMMANDS = (["index"], ["backfill"], ["search", "word7", "--limit", "9999"])


@dataclass
class World:
    """A log and a repository, and their index: its files when it is closed, and in the middle."""

    settings: Settings
    closed: dict[str, bytes]
    running: dict[str, bytes]
    said: list[str]

    @property
    def path(self) -> Path:
        return self.settings.index_path()

    def put(self, files: dict[str, bytes]) -> None:
        """Have the index consist of FILES."""
        for suffix in (*FILES, "-journal"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        for suffix, data in files.items():
            Path(f"{self.path}{suffix}").write_bytes(data)

    def run(self, command: list[str], statuses: tuple[int, ...] = (0,)) -> tuple[str, str]:
        """Run COMMAND; return what is printed, and what is complained of the index."""
        log, repository = self.settings.logs[0], str(self.settings.repositories[0].path)
        result = CliRunner().invoke(main, ["--log", log, "--repo", repository, *command])
        assert result.exit_code in statuses, result.output
        return result.stdout, "\n".join(
            line for line in result.stderr.splitlines() if "index" in line or "unexpected" in line
        )


def _entry(source: random.Random, ident: int) -> str:
    words = " ".join(source.choices(WORDS, k=60))
    return f"* [{ident}] Title :exp:\n** Notes\n- {words}\n** Experiments\n1. [ ] one\n2. [ ] two\n"


@pytest.fixture(scope="module")
def home_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, home_of_all: Path) -> Iterator[World]:
    """The world, and the home folder that it is made in."""
    with pytest.MonkeyPatch.context() as patch:
        _settle_in(patch, home_of_all)
        yield _made(tmp_path_factory.mktemp("world"))


def _settle_in(patch: pytest.MonkeyPatch, home: Path) -> None:
    (home / ".gitconfig").write_text(CONFIG)
    for name, folder in (("CACHE", ".cache"), ("STATE", ".local/state"), ("CONFIG", ".config")):
        patch.setenv(f"XDG_{name}_HOME", str(home / folder))
    patch.setenv("HOME", str(home))
    patch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))


def _made(folder: Path) -> World:
    source = random.Random(1)
    log, other, repo = folder / "log.org", folder / "other.org", GitRepo(folder / "repo")
    log.write_text("".join(_entry(source, ident) for ident in range(1, 200)))
    other.write_text("".join(_entry(source, ident) for ident in range(1000, 1200)))
    os.utime(log, (1_500_000_000, 1_500_000_000))
    for number in range(40):
        words = " ".join(source.choices(WORDS, k=80))
        repo.commit(f"[e{number + 1}.1] Results\n\n{words}")
    settings = Settings(logs=(str(log),), repositories=(Root(repo.path),))
    path = settings.index_path()
    with closing(open_index(path)) as index:
        sync(Settings(logs=(str(log), str(other)), repositories=settings.repositories), index)
        sync(settings, index)  # the pages of the other log are free now
    closed = {"": path.read_bytes()}
    with closing(open_index(path)) as index:
        tidy(index)
        running = {suffix: Path(f"{path}{suffix}").read_bytes() for suffix in FILES}
    world = World(settings, closed, running, [])
    world.said = [world.run(command)[0] for command in COMMANDS]
    return world


@pytest.fixture
def world(made: World, home_of_all: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    _settle_in(monkeypatch, home_of_all)
    # All that another process would do is done in this one.
    monkeypatch.setattr(syncing, "sync_apart", lambda *_arguments: None)
    return made


class Server:
    """A daemon that looks when it is told to, and what it says in its log."""

    def __init__(self, settings: Settings, records: list[logging.LogRecord]) -> None:
        self.records = records
        self.daemon = Daemon(background=False)
        self.daemon.configure(settings, 0.0)

    def search(self) -> int:
        """Return how many hits there are; -1 if Emacs is told that the index failed."""
        try:
            return search(self.daemon.snapshot().index, "word7", 9999).total
        except Exception as error:
            known = self.daemon.method_failed(error)
            if known is None:
                raise
            assert known.code == "index-failed"
            return -1

    @property
    def said(self) -> list[str]:
        assert not [record for record in self.records if record.exc_info]
        return [record.getMessage() for record in self.records]


@pytest.fixture
def serve(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[Settings], Server]]:
    made: list[Server] = []

    def server(settings: Settings) -> Server:
        caplog.clear()
        made.append(Server(settings, caplog.records))
        return made[-1]

    yield server
    for one in made:
        one.daemon.snapshot().index.close()


Serve = Callable[[Settings], Server]


def check(world: World, files: dict[str, bytes], serve: Serve, *, same: bool = True) -> int:
    """Use the index that consists of FILES in each way; return how often it was made anew."""
    healed = 0
    for command, wanted in zip(COMMANDS, world.said, strict=True):
        world.put(files)
        out, complaint = world.run(command, (0,) if same else (0, 2))
        assert out == wanted or not same, command
        assert complaint in ("", complaint.partition("\n")[0])
        assert "unexpected" not in complaint
        healed += "made anew" in complaint
    if same:
        assert world.run(COMMANDS[-1]) == (world.said[-1], "")  # it is healed for good
    world.put(files)
    server = serve(world.settings)
    server.daemon.look()
    first = server.search()
    server.daemon.look()
    hits = server.search()
    assert (hits > 0 and first in (hits, -1)) or not same
    server.daemon.look()
    assert server.search() == hits
    assert len(server.said) <= 1
    return healed + len(server.said)


@pytest.mark.parametrize(
    ("how", "place"), [*product(["zeros"], PLACES), *product(["random"], PLACES[::2])]
)
def test_a_page_that_is_lost(world: World, serve: Serve, how: str, place: str) -> None:
    check(world, {"": _damaged(world, f"{how} {place}")}, serve)


@pytest.mark.parametrize("name", [*CUTS, "last page cut off", "one byte cut off", *BITS])
def test_a_file_that_was_cut_or_has_a_bad_header(world: World, serve: Serve, name: str) -> None:
    check(world, {"": _damaged(world, name)}, serve)


@pytest.mark.parametrize("place", PLACES[::3])
def test_bits_that_changed(world: World, serve: Serve, place: str) -> None:
    """SQLite cannot tell whether a letter is right: what is found may differ, and nothing fails."""
    check(world, {"": _damaged(world, f"bits {place}")}, serve, same=False)


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize("how", ["gone", "zeros", "random", "bits", "end"])
def test_files_beside_the_index(world: World, serve: Serve, suffix: str, how: str) -> None:
    data = world.running[suffix]
    middle = len(data) // 2
    changed = {
        "zeros": bytes(len(data)),
        "random": random.Random(1).randbytes(len(data)),
        "bits": bytes(byte ^ (n % 97 == 5) for n, byte in enumerate(data)),
        "end": data[:middle] + random.Random(2).randbytes(len(data) - middle),
    }
    files = {**world.running, suffix: changed.get(how, b"")}
    if how == "gone":
        del files[suffix]
    check(world, files, serve, same=how != "bits")


def _damaged(world: World, name: str) -> bytes:
    world.put(world.closed)
    data = bytearray(world.closed[""])
    dict(damages(world.path))[name](data)
    return bytes(data)


def test_most_damage_is_found(world: World, serve: Serve) -> None:
    """The tests above would pass, too, if nothing that is damaged were ever read."""
    found = [
        check(world, {"": _damaged(world, f"zeros leaf of {table}")}, serve)
        for table in ("logs", "sections", "commit_words_config", "passage_words_data")
    ]
    assert min(found) > 0
    assert sum(found) >= 10


# A server goes on


def test_a_server_whose_file_is_overwritten_makes_it_anew(world: World, serve: Serve) -> None:
    """Also where the file was named by the user: this process knows that it is its own."""
    index = world.path.with_name("named")
    server = serve(replace(world.settings, index=index))
    server.daemon.look()
    hits = server.search()
    for suffix in FILES:
        Path(f"{index}{suffix}").write_bytes(b"x" * 100_000)
    for _ in range(3):
        server.daemon.look()
        server.search()
    assert server.search() == hits
    [said] = server.said
    assert said.startswith(f"{index}: the index was damaged and is made anew")
    assert said in server.daemon.healing.said


def test_a_server_whose_file_is_removed_makes_it_anew(world: World, serve: Serve) -> None:
    world.put({})
    server = serve(world.settings)
    server.daemon.look()
    hits = server.search()
    world.put({})
    server.daemon.look()
    assert (server.search(), server.said) == (hits, [])
    assert world.path.exists()


def test_two_that_find_it_damaged_use_one_file_in_the_end(world: World, serve: Serve) -> None:
    files = {"": _damaged(world, "zeros leaf of logs")}
    world.put(files)
    daemons = [serve(world.settings).daemon for _ in range(2)]
    for _ in range(3):
        for daemon in daemons:
            daemon.look()
    assert all(daemon.snapshot().index.is_in_place() for daemon in daemons)
    assert {daemon.snapshot().index.counts().experiments for daemon in daemons} == {199}


def test_a_file_that_is_damaged_again_at_once_is_given_up_for_a_while(
    world: World, serve: Serve
) -> None:
    bad = _damaged(world, "zeros leaf of logs")
    world.put({"": bad})
    server = serve(world.settings)
    server.daemon.look()
    assert server.daemon.snapshot().index.path is not None
    server.daemon.snapshot().index.close()
    Path(world.path).write_bytes(bad)
    server.daemon.look()
    now = server.daemon.snapshot().index
    assert now.path is None
    assert now.counts().experiments == 199
    assert [said.rpartition(";")[2] for said in server.said[1:]] == [" the index is kept in memory"]
    world.put({})
    server.daemon.healing._until = 0.0  # a minute later
    server.daemon.look()
    assert server.daemon.snapshot().index.path == world.path


def test_what_is_remembered_elsewhere_survives(world: World, serve: Serve) -> None:
    """Commits that were made before explog came are not placed because the index is made anew."""
    world.put({})
    state_file("since").unlink(missing_ok=True)
    server = serve(world.settings)
    server.daemon.configure(world.settings, time.time() + 10**9)
    server.daemon.look()
    assert not pending_steps(server.daemon.snapshot().index)
    since = read_state("since")
    server.daemon.snapshot().index.close()
    world.put({"": _damaged(world, "zeros leaf of logs")})
    server = serve(world.settings)
    server.daemon.configure(world.settings, time.time() + 10**9)
    server.daemon.look()
    assert server.said
    assert read_state("since") == since != {}
    assert not pending_steps(server.daemon.snapshot().index)


def test_a_failure_that_is_not_of_the_index_is_told_once(
    world: World, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put(world.closed)
    server = serve(world.settings)
    server.daemon.look()
    reason: Exception = ValueError("a bug")
    looks = []

    def fail(*_args: Any, **_more: Any) -> Any:
        looks.append(1)
        raise reason

    monkeypatch.setattr(syncing, "sync", fail)
    monkeypatch.setattr(pace, "SWEEP_SECONDS", 0.01)
    server.daemon._background = True
    server.daemon.configure(world.settings, 0.0)
    wait_until(lambda: len(looks) > 5)
    reason = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    looks.clear()
    wait_until(lambda: len(looks) > 5)
    assert server.daemon.healing.failure
    server.daemon.close()
    [bug, full] = server.records
    assert bug.exc_info
    assert not full.exc_info
    assert "No space left" in full.getMessage()
    server.records.clear()


# What cannot be written is kept in memory


@pytest.fixture
def cache(home_of_all: Path) -> Iterator[Path]:
    """The folder of the index, on a file system of its own, in which a megabyte is free."""
    folder = home_of_all / ".cache/explog"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    options = ["-o", "size=300k", "-t", "tmpfs", "tmpfs"]
    if subprocess.run(["mount", *options, folder], check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_disk_that_is_full_or_read_only(
    world: World, serve: Serve, cache: Path, how: str
) -> None:
    if how == "read-only":
        subprocess.run(["mount", "-o", "remount,ro", cache], check=True)
    for command, wanted in zip(COMMANDS, world.said, strict=True):
        out, complaint = world.run(command)
        assert out == wanted
        assert complaint.startswith(f"explog: {world.path}: ")
        assert complaint.endswith("the index is kept in memory")
        assert "\n" not in complaint
    server = serve(world.settings)
    for _ in range(3):
        server.daemon.look()
    hits = server.search()
    [said] = server.said
    assert said.endswith("the index is kept in memory")
    subprocess.run(["mount", "-o", "remount,rw,size=50m", cache], check=True)
    server.daemon.healing._until = 0.0  # an hour later
    server.daemon.look()
    now = server.daemon.snapshot().index
    assert (now.path, server.search()) == (world.path, hits)
