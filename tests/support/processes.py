"""Finding and ending what a test started, and nothing else.

Emacs gives each of its children a session of its own, so ending Emacs's process group leaves
a server or a git running. A mark in the environment, which all of them inherit, tells them apart.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from .waiting import wait_until

MARK = "EXPLOG_E2E_RUN"


def marked(run: str) -> dict[int, str]:
    """Return pid and command line of the living processes that bear the mark of RUN.

    Without /proc there is nothing to ask, and the answer is empty.
    """
    found: dict[int, str] = {}
    wanted = f"{MARK}={run}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to another user
            if wanted not in (entry / "environ").read_bytes().split(b"\0"):
                continue
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if command:  # a zombie has none
                found[int(entry.name)] = command.strip()
    return found


def wait_gone(run: str, timeout: float) -> dict[int, str]:
    """Wait until nothing bears the mark of RUN; return what is left after TIMEOUT seconds."""
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not marked(run), seconds=timeout)
    return marked(run)


def kill_marked(run: str) -> None:
    """Kill every process that bears the mark of RUN."""
    for pid in marked(run):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
