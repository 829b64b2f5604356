"""The writer of logs: all or nothing, and only over what was read."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from explog import flock
from explog.errors import ExplogError
from explog.org.files import read_log, replace_log
from explog.org.locks import lock_owner, lock_places

OLD, NEW = b"* [201] old\r\n", b"* [201] new\r\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that holds OLD, in a folder of its own."""
    path = tmp_path / "logs" / "log.org"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


def refused(path: Path, expected: bytes = OLD) -> tuple[str, str]:
    """Return the code and the message with which replacing PATH fails; nothing may have changed."""
    with pytest.raises(ExplogError) as caught:
        replace_log(path, expected, NEW)
    assert caught.value.data["file"] == str(path)
    assert str(path) in caught.value.message
    return caught.value.code, caught.value.message


def only(path: Path, *others: str) -> None:
    """Assert that the folder of PATH holds it and OTHERS alone."""
    assert sorted(os.listdir(path.parent)) == sorted([path.name, *others])


def test_a_log_is_replaced(log: Path) -> None:
    replace_log(log, OLD, NEW)
    assert read_log(log) == NEW
    only(log)


@pytest.mark.parametrize(
    "name", ["é 実験.org", "x" * 251 + ".org", "実" * 83 + ".org", "\udcff.org", "-.org"]
)
def test_any_name_will_do(log: Path, name: str) -> None:
    path = log.rename(log.with_name(name))
    replace_log(path, OLD, NEW)
    assert read_log(path) == NEW
    only(path)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o777, 0o4755])
def test_the_mode_stays(log: Path, mode: int) -> None:
    log.chmod(mode)
    replace_log(log, OLD, NEW)
    assert stat.S_IMODE(log.stat().st_mode) == mode


def test_the_owner_stays(log: Path) -> None:
    owner = (1234, 2345) if os.geteuid() == 0 else (os.getuid(), os.getgroups()[-1])
    os.chown(log, *owner)
    log.chmod(0o6750)
    replace_log(log, OLD, NEW)
    status = log.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (*owner, 0o6750)


def test_extended_attributes_stay(log: Path) -> None:
    os.setxattr(log, "user.note", b"\0x")
    replace_log(log, OLD, NEW)
    assert os.getxattr(log, "user.note") == b"\0x"


def test_an_attribute_that_cannot_be_kept_keeps_the_log(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.setxattr(log, "user.note", b"x")

    def denied(*_args: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", denied)
    assert refused(log)[0] == "not-written"
    assert read_log(log) == OLD
    only(log)
    monkeypatch.setattr(os, "listxattr", lambda _path: ["security.selinux"])
    monkeypatch.setattr(os, "getxattr", lambda _path, _name: b"label")
    replace_log(log, OLD, NEW)
    assert read_log(log) == NEW


def test_a_symbolic_link_stays_one(log: Path, tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("logs/log.org")
    link = tmp_path / "two"
    link.symlink_to("one")
    replace_log(link, OLD, NEW)
    assert (os.readlink(link), os.readlink(tmp_path / "one")) == ("one", "logs/log.org")
    assert read_log(log) == NEW
    only(log)


def test_hard_links_are_refused(log: Path) -> None:
    (log.parent / "other").hardlink_to(log)
    code, message = refused(log)
    assert code == "hard-linked"
    assert "2 hard links" in message
    assert read_log(log) == OLD


def test_read_only_is_read_only_for_root_too(log: Path) -> None:
    log.chmod(0o444)
    assert refused(log)[0] == "read-only"
    assert read_log(log) == OLD
    only(log)


def test_a_log_that_is_not_there(log: Path) -> None:
    log.unlink()
    assert refused(log)[0] == "missing"
    with pytest.raises(ExplogError, match="there is no such log") as caught:
        read_log(log)
    assert caught.value.code == "missing"
    assert os.listdir(log.parent) == []


def test_what_is_no_file(log: Path) -> None:
    os.mkfifo(log.parent / "pipe")
    (log.parent / "loop").symlink_to("loop")
    for path in (log.parent, log.parent / "pipe", log.parent / "loop"):
        assert refused(path)[0] == "unreadable"
        with pytest.raises(ExplogError) as caught:
            read_log(path)
        assert caught.value.code == "unreadable"


def test_a_log_that_changed_meanwhile(log: Path) -> None:
    assert refused(log, b"other")[0] == "changed"
    assert read_log(log) == OLD
    only(log)


@pytest.mark.parametrize("how", ["in place", "by rename"])
def test_a_change_at_the_last_moment(log: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    sync = os.fsync

    def change(descriptor: int) -> None:
        sync(descriptor)
        status = log.stat()
        target = log if how == "in place" else log.with_name("theirs")
        target.write_bytes(b"* [201] mine\n")  # as long as OLD
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        target.rename(log)

    monkeypatch.setattr(os, "fsync", change)
    assert refused(log)[0] == "changed"
    assert read_log(log) == b"* [201] mine\n"
    only(log)


@pytest.mark.parametrize("kind", ["symlink", "file"])
def test_another_emacs_that_edits_the_log(log: Path, tmp_path: Path, kind: str) -> None:
    lock = log.with_name(".#log.org")
    owner = f"ada@{socket.gethostname()}.{os.getpid()}:1700000000"
    if kind == "symlink":
        lock.symlink_to(owner)
    else:
        lock.write_text(owner, encoding="utf-8")
    assert lock_owner(lock_places(log)) == owner
    code, message = refused(log)
    assert code == "locked"
    assert f"in another Emacs ({owner})" in message
    link = tmp_path / "link.org"
    link.symlink_to(log)
    assert refused(link)[0] == "locked"
    assert read_log(log) == OLD
    only(log, ".#log.org")
    lock.unlink()
    (tmp_path / ".#link.org").symlink_to(owner)
    assert refused(link)[0] == "locked"


def test_an_emacs_that_comes_at_the_last_moment(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_descriptor: int) -> None:
        log.with_name(".#log.org").symlink_to("ada@elsewhere.7:1")

    monkeypatch.setattr(os, "fsync", locked)
    assert refused(log)[0] == "locked"
    assert read_log(log) == OLD
    only(log, ".#log.org")


@pytest.mark.parametrize(
    ("owner", "held"),
    [
        ("ada@{host}.{dead}:1700000000", False),
        ("ada@{host}.{dead}", False),
        ("ada@{host}.1:1700000000", True),
        ("ada@elsewhere.{dead}:1700000000", True),
        ("ada@{host}", True),
        ("ada@{host}.99999999999999999999", True),
        ("nonsense", True),
    ],
)
def test_a_lock_of_an_emacs_that_died_is_none(log: Path, owner: str, held: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    log.with_name(".#log.org").symlink_to(owner.format(host=socket.gethostname(), dead=child.pid))
    assert (lock_owner(lock_places(log)) is not None) is held
    if not held:
        replace_log(log, OLD, NEW)
        assert read_log(log) == NEW


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("place", ["beside", "emacs"])
def test_a_lock_that_emacs_keeps_elsewhere(log: Path, home: Path, place: str, whole: bool) -> None:
    """As with `lock-file-name-transforms`, of which a terminal may know nothing."""
    folder = log.parent / "locks" if place == "beside" else home / ".emacs.d" / "locks"
    folder.mkdir(parents=True)
    name = str(log).replace("/", "!") if whole else log.name
    (folder / f".#{name}").symlink_to("ada@elsewhere.4242:1")
    if place == "emacs" and not whole:
        assert lock_owner(lock_places(log)) is None, "any file of that name may be meant"
        return
    assert refused(log)[0] == "locked"
    if not whole:
        (folder / log.name).touch()
        assert lock_owner(lock_places(log)) is None, "it is the lock of the file beside it"


def test_another_program_that_locks_the_log_is_waited_for_but_not_for_long(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flock, "_PATIENCE", 0.05)
    with log.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        start = time.monotonic()
        code, message = refused(log)
        assert time.monotonic() - start < 5
    assert code == "locked"
    assert "another program keeps it locked" in message
    replace_log(log, OLD, NEW)


def test_a_file_system_without_locks(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_descriptor: int, _operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", none)
    replace_log(log, OLD, NEW)
    assert read_log(log) == NEW


def test_a_disk_that_fails(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        code, message = refused(log)
    assert code == "not-written"
    assert "Input/output error" in message
    assert read_log(log) == OLD
    only(log)


def test_a_folder_that_cannot_be_synced_is_no_failure(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def no_folders(path: str | Path, flags: int, *args: int) -> int:
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, *args)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", no_folders)
        replace_log(log, OLD, NEW)
    assert read_log(log) == NEW


@contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 64 kB at FOLDER; where that may not be, limit the size of files instead."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "explog-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    else:
        yield folder


def test_a_full_disk(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path; from explog.errors import *;"
        "from explog.org.files import *; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)); path = Path(sys.argv[1]);"
        "\ntry: replace_log(path, path.read_bytes(), bytes(100_000))"
        "\nexcept ExplogError as error: print(error.code, error)"
    )
    with full_disk(tmp_path / "small") as folder:
        path = folder / "log.org"
        path.write_bytes(OLD)
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(f"not-written {path}: it cannot be written: ")
        assert read_log(path) == OLD
        only(path)


APPEND = """
import sys
from pathlib import Path
from explog.errors import ExplogError
from explog.org.files import read_log, replace_log
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    while True:
        old = read_log(path)
        try:
            replace_log(path, old, old + f"{name} {number}\\n".encode())
        except ExplogError as error:
            if error.code != "changed":
                raise
        else:
            break
"""


def test_nobodys_work_is_lost_when_several_write(log: Path) -> None:
    log.write_bytes(b"")
    command = [sys.executable, "-c", APPEND, str(log)]
    children = [subprocess.Popen([*command, str(name), "25"]) for name in range(4)]
    assert [child.wait(timeout=120) for child in children] == [0] * 4
    expected = sorted(f"{name} {number}" for name in range(4) for number in range(25))
    assert sorted(read_log(log).decode().split("\n")[:-1]) == expected
    only(log)


FLIP = """
import sys
from pathlib import Path
from explog.org.files import read_log, replace_log
path = Path(sys.argv[1])
while True:
    old = read_log(path)
    replace_log(path, old, (b"b" if old[:1] == b"a" else b"a") * len(old))
    print(flush=True)
"""


def test_a_crash_leaves_the_old_log_or_the_new_one(log: Path) -> None:
    rng = random.Random(201)
    size = 300_000
    log.write_bytes(b"a" * size)
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", FLIP, str(log)], stdout=subprocess.PIPE
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"\n"
            time.sleep(rng.random() * 0.02)  # no event tells where in a write it is: anywhere
            child.send_signal(signal.SIGKILL)
            child.communicate()
        data = read_log(log)
        assert data in (b"a" * size, b"b" * size)
        assert list(log.parent.glob("*.org")) == [log]
        assert [name for name in os.listdir(log.parent) if name.endswith(".org")] == ["log.org"]
    replace_log(log, data, NEW)
    assert read_log(log) == NEW
    only(log)  # what the crashes left is gone


def test_a_lock_that_is_kept_elsewhere_is_honoured(tmp_path: Path) -> None:
    log, lock = tmp_path / "log.org", tmp_path / "elsewhere"
    log.write_text("a\n")
    lock.symlink_to("ada@elsewhere.4242:1")
    assert lock_owner(lock_places(log)) is None
    assert lock_owner(lock_places(log, [lock])) == "ada@elsewhere.4242:1"
    with pytest.raises(ExplogError, match="another Emacs") as caught:
        replace_log(log, b"a\n", b"b\n", [lock])
    assert caught.value.code == "locked"
    assert log.read_text() == "a\n"
    lock.unlink()
    replace_log(log, b"a\n", b"b\n", [lock])
    assert log.read_text() == "b\n"


NAMES = ["log.org", "x" * 251 + ".org", "ä" * 125 + ".org", "[*]?.org", "y" * 60 + ".org"]


@pytest.mark.parametrize("name", NAMES, ids=["short", "long", "umlauts", "wildcards", "middling"])
def test_what_a_crash_left_is_cleaned_up(tmp_path: Path, name: str) -> None:
    """Also where the name is as long as names may be; and nothing of another log's."""
    logs = [tmp_path / name, tmp_path / f"{name[:-5]}z.org"]
    program = (
        "import os, sys; from pathlib import Path; from explog.org.files import replace_log;"
        "os.replace = lambda *_: os._exit(9); path = Path(sys.argv[1]);"
        "replace_log(path, path.read_bytes(), b'half')"
    )
    for path in logs:
        path.write_bytes(OLD)
        subprocess.run([sys.executable, "-c", program, str(path)], check=False)
        assert read_log(path) == OLD
    assert len(os.listdir(tmp_path)) == 4
    replace_log(logs[0], OLD, NEW)
    assert read_log(logs[0]) == NEW
    assert len(os.listdir(tmp_path)) == 3
    replace_log(logs[1], OLD, NEW)
    assert sorted(os.listdir(tmp_path)) == sorted(path.name for path in logs)


def test_a_folder_or_a_pipe_in_the_way_does_not_matter(log: Path) -> None:
    for name in (".log.org.explog-abcdefgh", ".log.org.explog-"):
        (log.parent / name / "more").mkdir(parents=True)
    os.mkfifo(log.parent / ".log.org.explog-pipe")
    (log.parent / ".#log.org").mkdir()
    replace_log(log, OLD, NEW)
    assert read_log(log) == NEW


def test_a_pipe_instead_of_a_lock_is_none(log: Path) -> None:
    os.mkfifo(log.parent / ".#log.org")
    replace_log(log, OLD, NEW)
    assert read_log(log) == NEW


def test_a_pipe_instead_of_a_log_is_not_waited_for(log: Path) -> None:
    log.unlink()
    os.mkfifo(log)
    for attempt in (lambda: read_log(log), lambda: replace_log(log, OLD, NEW)):
        with pytest.raises(ExplogError, match="it is not a file"):
            attempt()
