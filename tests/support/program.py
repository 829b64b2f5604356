"""Runs explog as a program of its own, in a third of the time that Python takes to load it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

_SECONDS = 60.0
#: Python reads what begins so when it starts.
_READ_AT_START = ("LANG", "LC_", "PYTHON")


def explog(*args: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run explog with ARGS in a process of its own, with ENV on top of the environment.

    The process is a fork of one that has loaded the modules already. What depends on how Python
    starts, and so the random order of its sets, is for `new_explog`.
    """
    if any(name.startswith(_READ_AT_START) for name in env):
        return new_explog(*args, **env)
    command = list(map(str, args))
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        status = _Preloaded.start().run(
            command, {**os.environ, **env}, (out.fileno(), error.fileno())
        )
        texts = []
        for file in (out, error):
            file.seek(0)
            texts.append(file.read().decode().replace("\r\n", "\n"))
    return subprocess.CompletedProcess(["explog", *command], status, *texts)


def new_explog(*args: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run explog as `explog` does, in a Python that is started for it."""
    return subprocess.run(
        [sys.executable, "-m", "explog", *map(str, args)],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


class _Preloaded:
    """A process of `support.preloaded`, which lives as long as this one."""

    def __init__(self) -> None:
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._door.settimeout(_SECONDS)
        with theirs:
            script = Path(__file__).with_name("preloaded.py")
            self._process = subprocess.Popen(
                [sys.executable, str(script), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        atexit.register(self._close)

    @staticmethod
    @functools.cache
    def start() -> _Preloaded:
        """Return the one of this process."""
        return _Preloaded()

    def run(self, arguments: list[str], environment: dict[str, str], files: tuple[int, int]) -> int:
        """Return the exit status of an explog that writes to FILES."""
        request = {"arguments": arguments, "environment": environment, "cwd": str(Path.cwd())}
        with Path(os.devnull).open("rb") as nothing:
            data = json.dumps(request).encode()
            socket.send_fds(self._door, [data], [nothing.fileno(), *files])
        process = int(self._door.recv(64))
        try:
            return int(self._door.recv(64))
        except TimeoutError:
            os.kill(process, signal.SIGKILL)
            self._door.recv(64)
            raise subprocess.TimeoutExpired(arguments, _SECONDS) from None

    def _close(self) -> None:
        self._door.close()
        self._process.wait()
