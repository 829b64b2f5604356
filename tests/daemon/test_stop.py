"""The server ends with its stdin or by a signal, in the middle of anything, without a word."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from explog.rpc import wire
from support.repo import GitRepo

TOKEN = "0123456789abcdef" * 4
LOG = "".join(f"* TODO [{n}] Title :exp:\n** Steps\n1. [ ] one\n" for n in range(400))


def _call(connection: socket.socket, uid: int, method: str, *args: object) -> None:
    connection.sendall(wire.encode("call", uid, wire.Symbol(method), list(args)))


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
    with (tmp_path / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "explog", "serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write(TOKEN.encode() + b"\n")
        process.stdin.flush()
        port = int(process.stdout.readline())
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
