"""Ctrl-C: one line at the most and never a traceback, whenever it comes and whoever gets it.

Each program is one of its own. `sitecustomize`, which Python loads before all else, brings it to
the moment at which it is interrupted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.repo import GitRepo
from support.waiting import wait_until

ENTRY = "* TODO [201] Title :exp:\n** Experiments [0/2]\n1. [ ] one\n2. [ ] two\n"
SAID = b"explog: interrupted\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.org"
    path.write_text(ENTRY)
    return path


@pytest.fixture
def command(git_repo: Callable[..., GitRepo], log: Path, tmp_path: Path) -> list[str]:
    """The command that the tests interrupt."""
    repo = git_repo("proj")
    repo.commit("[e201.1] Start")
    files = ["--log", str(log), "--repo", str(repo.path), "--index", str(tmp_path / "index.sqlite")]
    return [sys.executable, "-m", "explog", "index", *files]


def begin(command: list[str], folder: Path, customize: str, **env: str) -> subprocess.Popen[bytes]:
    """Start COMMAND, in a group of its own, with CUSTOMIZE as the text of `sitecustomize`."""
    (folder / "sitecustomize.py").write_text(customize)
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path, "FOLDER": str(folder), **env},
        start_new_session=True,
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    """Wait for the end; return status and all that was printed."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


# While it is loaded

AT_AN_IMPORT = """
import os, signal, sys

class Counting:
    left = int(os.environ["AFTER"])

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "explog" or "explog" in sys.modules:
            if cls.left == 0:
                os.kill(os.getpid(), signal.SIGINT)
            cls.left -= 1

sys.meta_path.insert(0, Counting)
"""


@pytest.mark.parametrize("after", [4, 5, 6, 12, 40, 120])
def test_at_an_import(command: list[str], tmp_path: Path, after: int) -> None:
    """The first imports are those of runpy, which runs the program, and of what handles Ctrl-C."""
    status, out, err = ended(begin(command, tmp_path, AT_AN_IMPORT, AFTER=str(after)))
    assert (status, out) == (130, b"")
    assert err in (b"", SAID)


def test_before_any_of_the_program_runs(command: list[str], tmp_path: Path) -> None:
    """Python itself ends with a traceback of its own files; what we do must not make it worse."""
    status, _out, err = ended(begin(command, tmp_path, AT_AN_IMPORT, AFTER="0"))
    assert status in (1, 130, -signal.SIGINT)
    assert b"server/explog" not in err


# While it works

AT_A_CALL = """
import os, signal, sys

left = int(os.environ["AFTER"])

def count(_frame, event, _arg):
    global left
    if event == "call":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)

if "spawn_main" not in "".join(sys.orig_argv):
    import threading
    class Begin:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "explog.cli":
                sys.setprofile(count)
    sys.meta_path.insert(0, Begin)
"""


@pytest.mark.parametrize("after", [10, 100, 1000, 5000, 20_000, 50_000])
def test_at_a_call(command: list[str], tmp_path: Path, after: int) -> None:
    """Wherever the main thread is; late ones come when all is done."""
    status, out, err = ended(begin(command, tmp_path, AT_A_CALL, AFTER=str(after)))
    if status == 0:
        assert (out != b"", err) == (True, b"")
    else:
        assert (status, out) == (130, b"")
        assert err in (b"", SAID)


HOLD = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
SAY_WHEN_WAITING = """
import os, sqlite3

class Connection(sqlite3.Connection):
    def execute(self, sql, *args):
        if sql.startswith("BEGIN IMMEDIATE"):
            open(os.path.join(os.environ["FOLDER"], "waiting"), "w").close()
        return super().execute(sql, *args)

connect = sqlite3.connect
sqlite3.connect = lambda *args, **options: connect(*args, **{"factory": Connection, **options})
"""


def test_while_another_process_keeps_the_index_locked(command: list[str], tmp_path: Path) -> None:
    subprocess.run(command, check=True, capture_output=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, command[-1]], stdout=subprocess.PIPE, stdin=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    process = begin(command, tmp_path, SAY_WHEN_WAITING)
    wait_until((tmp_path / "waiting").exists, "the program to want the index")
    process.send_signal(signal.SIGINT)
    holder.communicate(b"\n")
    assert ended(process) == (130, b"", SAID)


IN_A_FUNCTION = """
import os, signal, sqlite3

class Connection(sqlite3.Connection):
    def create_function(self, name, count, function, **options):
        def press(*args):
            os.kill(os.getpid(), signal.SIGINT)
            return function(*args)
        super().create_function(name, count, press, **options)

connect = sqlite3.connect
sqlite3.connect = lambda *args, **options: connect(*args, **{"factory": Connection, **options})
"""


def test_in_a_function_that_sqlite_calls(command: list[str], tmp_path: Path) -> None:
    """SQLite makes an error of its own of it."""
    search = [*command[:3], "search", "author:test", *command[4:]]
    assert ended(begin(search, tmp_path, IN_A_FUNCTION)) == (130, b"", SAID)


LOST = """
import os, signal, sys, weakref

class Thing:
    pass

class Begin:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "explog.cli":
            thing = Thing()
            keep.append(weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGINT)))

keep = []
sys.meta_path.insert(0, Begin)
"""


def test_where_python_ignores_what_is_raised(command: list[str], tmp_path: Path) -> None:
    assert ended(begin(command, tmp_path, LOST)) == (130, b"", SAID)


TWICE = """
import os, signal, sys

def press(name, path=None, target=None):
    if name == "explog.cli":
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            print("cleaned up", file=sys.stderr, flush=True)

class Begin:
    find_spec = staticmethod(press)

sys.meta_path.insert(0, Begin)
"""


def test_pressed_again_at_once(command: list[str], tmp_path: Path) -> None:
    """What is being cleaned up is cleaned up."""
    assert ended(begin(command, tmp_path, TWICE)) == (130, b"", b"cleaned up\n" + SAID)


def test_pressed_again_as_nothing_happens(command: list[str], tmp_path: Path) -> None:
    stuck = "import explog.interrupt; explog.interrupt._PATIENCE_SECONDS = 0\n" + TWICE
    assert ended(begin(command, tmp_path, stuck)) == (130, b"", SAID)


def test_ignored_in_the_background_of_a_script(command: list[str], tmp_path: Path) -> None:
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    status, out, err = ended(begin(command, tmp_path, ignoring + AT_AN_IMPORT, AFTER="40"))
    assert (status, out != b"", err) == (0, True, b"")


# Other processes, of which a terminal interrupts each

IN_A_CHILD = """
import os, signal, sys

if "spawn_main" in "".join(sys.orig_argv):
    with open(os.path.join(os.environ["FOLDER"], "child"), "w") as child:
        child.write(str(os.getpid()))
    if os.environ["MOMENT"] == "begins":
        signal.pause()
"""


@pytest.mark.parametrize("moment", ["begins", "works"])
def test_while_another_process_helps(
    command: list[str], log: Path, tmp_path: Path, moment: str
) -> None:
    log.write_text("".join(ENTRY.replace("201", str(n)) for n in range(40_000)))
    process = begin(command, tmp_path, IN_A_CHILD, MOMENT=moment)
    child = tmp_path / "child"

    def is_there() -> bool:
        if not child.exists() or not (pid := child.read_text()):
            return False
        return moment == "begins" or os.getpgid(int(pid)) == int(pid)

    wait_until(is_there, "another process")
    os.killpg(process.pid, signal.SIGINT)
    assert ended(process) == (130, b"", SAID)
    assert not Path("/proc", child.read_text()).exists()


AMID_A_START = """
import os, signal, threading
from multiprocessing import util

spawn = util.spawnv_passfds

def press():
    os.kill(os.getpid(), signal.SIGINT)

def spawn_and_press(*args):
    pid = spawn(*args)
    if "spawn_main" in str(args):  # which the new process imports before it is told what to do
        thread = threading.Thread(target=press)  # it takes the signal if the main one does not
        thread.start()
        thread.join()
    return pid

util.spawnv_passfds = spawn_and_press
"""


def test_amid_the_start_of_another_process(command: list[str], log: Path, tmp_path: Path) -> None:
    log.write_text("".join(ENTRY.replace("201", str(n)) for n in range(40_000)))
    assert ended(begin(command, tmp_path, AMID_A_START)) == (130, b"", SAID)
