"""Only an index of explog is ever written or removed, and nobody else can read one."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from explog.cli import main
from explog.config import Settings
from explog.config_file import from_mapping
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.index import storage
from explog.index.database import SCHEMA_VERSION, Index, open_index
from explog.sync.look import sync

ENTRY = "* [201] Title :exp:\n** Experiments\n1. [ ] one\n"
WORDS = "These are my words.\n" * 2000


def make_database(path: Path, *, wal: bool = False, application: int = 0) -> None:
    """Make a database of another program; with WAL, as it is while that one runs."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id = {application}")
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE logs (mine TEXT)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO logs VALUES (?)", [("precious",)] * 500)
    connection.execute("COMMIT")
    if not wal:
        connection.close()
        return
    # SQLite takes the files beside it away when the connection is closed.
    kept = {one: one.read_bytes() for one in path.parent.iterdir() if one.is_file()}
    connection.close()
    for one, data in kept.items():
        one.write_bytes(data)


def make_beside(path: Path, suffix: str, data: bytes = b"my notes\n") -> None:
    Path(f"{path}{suffix}").write_bytes(data)


def make_foreign_wal(path: Path) -> None:
    """Make what a program leaves whose database was removed: its pages are of the usual size."""
    make_database(path, wal=True)
    path.unlink()


FOREIGN: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text(WORDS),
    "one byte": lambda path: path.write_bytes(b"x"),
    "random bytes": lambda path: path.write_bytes(os.urandom(50_000)),
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "database": make_database,
    "database of a program with an id": lambda path: make_database(path, application=1234567),
    "database that is written ahead": lambda path: make_database(path, wal=True),
    "header alone": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "wal without a database": make_foreign_wal,
    "text beside (wal)": lambda path: make_beside(path, "-wal"),
    "text beside (shm)": lambda path: make_beside(path, "-shm"),
    "text beside (journal)": lambda path: make_beside(path, "-journal"),
    "folder beside": lambda path: Path(f"{path}-wal").mkdir(),
    "link beside": lambda path: Path(f"{path}-shm").symlink_to("log.org"),
}


def state(folder: Path) -> dict[str, tuple[int, bytes | None]]:
    """Return the modes of all that is in FOLDER, and the bytes of files and links."""
    return {
        one.name: (
            one.lstat().st_mode,
            os.readlink(one).encode()
            if one.is_symlink()
            else one.read_bytes()
            if one.is_file()
            else None,
        )
        for one in folder.iterdir()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    (made / "log.org").write_text(ENTRY)
    return made


def explog(*args: str | Path) -> Result:
    """Run explog, which must end with one line and no traceback."""
    result = CliRunner().invoke(main, [*map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("way", ["option", "configuration", "link", "doctor", "server"])
def test_what_is_no_index_stays_as_it_is(folder: Path, kind: str, way: str) -> None:
    path = folder / "precious"
    FOREIGN[kind](path)
    if way == "link":
        (folder / "link").symlink_to(path)
        path = folder / "link"
    before = state(folder)
    log = folder / "log.org"
    if way == "server":
        said = _served(path, log)
    elif way == "doctor":
        said = explog("--index", path, "--log", log, "doctor").output
    else:
        if way == "configuration":
            config = folder.parent / "config.toml"
            config.write_text(f'index = "{path}"\nlogs = ["{log}"]\n')
            result = explog("--config", config, "index")
        else:
            result = explog("--index", path, "--log", log, "backfill", "--write")
        assert result.exit_code == 2
        [said] = result.output.splitlines()
    assert f"{folder}/precious" in said
    assert "name another file for the index" in said
    assert state(folder) == before


def _served(path: Path, log: Path) -> str:
    """Return what a server says of an index at PATH; it goes on with the usual one."""
    daemon = Daemon(background=False)
    daemon.configure(from_mapping({"index": str(path), "logs": [str(log)]}), 0.0)
    daemon.look()
    now = daemon.snapshot()
    assert now.index.counts().experiments == 1
    assert now.index.path is not None
    assert now.index.path.name.startswith("index-")
    now.index.close()
    return " ".join(now.settings.problems)


@pytest.mark.parametrize(
    ("exists", "spec"), [(False, "log.org"), (True, "log.org"), (True, "*.org"), (True, ".")]
)
def test_a_log_is_no_index_even_if_it_is_empty(tmp_path: Path, exists: bool, spec: str) -> None:
    log = tmp_path / "log.org"
    if exists:
        log.write_bytes(b"")
    before = state(tmp_path)
    result = explog("--log", tmp_path / spec, "--index", log, "index")
    assert result.exit_code == 2
    assert f"{log}: it is a log" in result.output
    assert state(tmp_path) == before


# An index of another version, and one that was made before it said whose it is


def make_old(path: Path) -> None:
    """Make an index as explog did before it wrote its id into it."""
    with closing(Index(path)) as index:
        index.write("PRAGMA application_id = 0")
        index.write("PRAGMA user_version = 9")


@pytest.mark.parametrize("cut", [False, True])
def test_an_old_index_is_known_by_its_tables_and_made_anew(folder: Path, cut: bool) -> None:
    path = folder / "index"
    make_old(path)
    path.chmod(0o644)
    if cut:
        path.write_bytes(path.read_bytes()[:-5000])
    result = explog("--index", path, "--log", folder / "log.org", "index")
    assert (result.exit_code, result.output) == (
        0,
        "0 commits in 0 repositories, 1 experiment with 1 step in 1 log\n",
    )
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (storage.APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("data", [b"", b"\0" * 200, b"no index at all"])
def test_at_its_usual_place_whatever_is_there_is_made_anew(folder: Path, data: bytes) -> None:
    settings = Settings(logs=(str(folder / "log.org"),))
    path = settings.index_path()
    open_index(path).close()
    path.write_bytes(data)
    make_beside(path, "-wal", b"rubbish")
    assert explog("--log", folder / "log.org", "index").exit_code == 0
    with closing(open_index(path)) as index:
        assert index.counts().experiments == 1


@pytest.mark.parametrize("beside", ["", "-wal", "-shm"])
def test_who_is_killed_leaves_an_index_that_says_whose_it_is(folder: Path, beside: str) -> None:
    path = folder / "index"
    running = Index(path)  # nothing of it was copied from what is written ahead
    files = state(folder)
    running.close()
    for name, (_mode, data) in files.items():
        if data is not None and name in {"index", f"index{beside}"}:
            (folder / name).write_bytes(data)
    assert explog("--index", path, "--log", folder / "log.org", "index").exit_code == 0


def test_what_another_process_left_beside_a_removed_index_is_its_own(folder: Path) -> None:
    path = folder / "index"
    running = Index(path)
    sync(Settings(logs=(str(folder / "log.org"),)), running)
    path.unlink()
    assert explog("--index", path, "--log", folder / "log.org", "index").exit_code == 0
    running.close()


# Modes


@pytest.fixture
def _usual_umask() -> Iterator[None]:
    old = os.umask(0o022)
    yield
    os.umask(old)


def modes(folder: Path) -> dict[str, int]:
    return {
        str(one.relative_to(folder)): stat.S_IMODE(one.stat().st_mode)
        for one in folder.rglob("*")
        if not one.name.startswith(".git")
    }


@pytest.mark.usefixtures("_usual_umask")
def test_nobody_else_reads_what_explog_keeps(folder: Path, home: Path) -> None:
    daemon = Daemon(background=False)
    daemon.configure(from_mapping({"logs": [str(folder / "log.org")]}), 0.0)
    daemon.look()
    found = modes(home)
    name = daemon.snapshot().settings.index_path().relative_to(home)
    assert {f"{name}", f"{name}-wal", f"{name}-shm", ".local/state/explog/since.json"} <= {*found}
    folders = {name: mode for name, mode in found.items() if (home / name).is_dir()}
    assert set(folders.values()) == {0o700}
    assert {found[name] for name in found.keys() - folders.keys()} == {0o600}
    daemon.snapshot().index.close()


@pytest.mark.usefixtures("_usual_umask")
def test_a_folder_that_was_there_keeps_its_mode(folder: Path, home: Path) -> None:
    cache = home / ".cache"
    cache.mkdir(mode=0o755)
    folder.chmod(0o755)
    explog("--log", folder / "log.org", "index")
    explog("--index", folder / "new/index", "--log", folder / "log.org", "index")
    places = {cache: 0o755, cache / "explog": 0o700, folder: 0o755, folder / "new": 0o700}
    assert {one: stat.S_IMODE(one.stat().st_mode) for one in places} == places


@pytest.mark.usefixtures("_usual_umask")
def test_the_files_of_an_older_version_are_hidden(folder: Path) -> None:
    path = folder / "index"
    running = Index(path)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").chmod(0o664)
    explog("--index", path, "--log", folder / "log.org", "index")
    assert {mode for name, mode in modes(folder).items() if "index" in name} == {0o600}
    running.close()


def test_the_file_that_is_open_is_not_asked(folder: Path) -> None:
    """To open and close it would end the locks of SQLite; and its beginning may be damaged."""
    path = folder / "index"
    with closing(open_index(path)) as index:
        path.write_bytes(b"x" * 20_000)
        with pytest.raises(ExplogError):
            storage.check_place(path)
        assert index.holds(path)
        with closing(open_index(path)) as again:
            assert again.path == path
