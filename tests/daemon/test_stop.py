"""The server ends with its stdin or by a signal, in the middle of anything, without a word."""

from __future__ import annotations

import ctypes
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from explog.config import Settings
from explog.daemon.loop import Daemon
from explog.rpc import wire
from support.repo import GitRepo
from support.waiting import wait_until

TOKEN = "0123456789abcdef" * 4
LOG = "".join(f"* TODO [{n}] Title :exp:\n** Steps\n1. [ ] one\n" for n in range(400))


def _call(connection: socket.socket, uid: int, method: str, *args: object) -> None:
    connection.sendall(wire.encode("call", uid, wire.Symbol(method), list(args)))


@contextmanager
def _served(errors: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a server that writes to ERRORS; yield it and its port."""
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "explog", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with process, process.stdin, process.stdout:
        try:
            process.stdin.write(TOKEN.encode() + b"\n")
            process.stdin.flush()
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("milliseconds", "by"),
    [
        *[(moment, None) for moment in (0, 50, 150, 250, 400, 600)],
        *[(moment, signal.SIGTERM) for moment in (0, 150, 400)],
        *[(moment, signal.SIGINT) for moment in (50, 250)],
    ],
)
def test_it_stops_during_a_look(
    tmp_path: Path, milliseconds: int, by: signal.Signals | None
) -> None:
    project = GitRepo(tmp_path / "project")
    project.commit("[e7.1] Results")
    (tmp_path / "log.org").write_text(LOG, encoding="utf-8")
    settings = {
        "logs": [str(tmp_path / "log.org")],
        "repositories": [str(project.path)],
        "index": str(tmp_path / "index.sqlite"),
        "since": 0,
    }
    with _served(tmp_path / "stderr") as (process, port):
        assert process.stdin is not None
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            _call(connection, 1, "hello", TOKEN, wire.PROTOCOL, "test")
            _call(connection, 2, "configure", json.dumps(settings))
            for uid in range(3, 30):
                _call(connection, uid, "search", "title", 50)
                _call(connection, uid + 100, "check")
            time.sleep(milliseconds / 1000)  # whatever it does then
            if by is None:
                process.stdin.close()
            else:
                process.send_signal(by)
            assert process.wait(60) == 0
    assert (tmp_path / "stderr").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_another_thread_takes(tmp_path: Path, number: signal.Signals) -> None:
    """As the system may choose any; the main thread, which waits, is not woken by it."""
    libc = ctypes.CDLL(None, use_errno=True)
    with _served(tmp_path / "stderr") as (process, _port):
        tasks = Path(f"/proc/{process.pid}/task")
        wait_until(lambda: len(list(tasks.iterdir())) > 1)
        other = next(int(task.name) for task in tasks.iterdir() if int(task.name) != process.pid)
        assert libc.tgkill(process.pid, other, number) == 0
        assert process.wait(60) == 0
    assert (tmp_path / "stderr").read_text(encoding="utf-8") == ""


def test_it_is_closed_while_its_thread_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon, start = Daemon(), threading.Thread.start

    def close_and_start(thread: threading.Thread) -> None:
        if thread.name == "look":
            daemon.close()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", close_and_start)
    daemon.configure(Settings(index=tmp_path / "index"), 0.0)
    daemon.close()
    wait_until(lambda: all(thread.name != "look" for thread in threading.enumerate()))
