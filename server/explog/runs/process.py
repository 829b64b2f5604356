"""Which process is which: a number is given again once its process has ended."""

from __future__ import annotations

import os


def identity(pid: int) -> str | None:
    """Return a text that no other process of this machine ever has; None if that cannot be told."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            # The name, in parentheses, may itself have blanks and parentheses.
            fields = stream.read().rpartition(b")")[2].split()
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            boot = stream.read().strip()
    except OSError:
        return None
    return f"{boot}:{fields[19].decode('ascii')}"  # the 22nd field: when it started


def is_alive(pid: int, known: str | None) -> bool:
    """Tell whether the process PID runs, and is the one whose identity was KNOWN."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:  # it is another user's
        pass
    except (OSError, OverflowError):
        return False
    now = identity(pid)
    return known is None or now is None or now == known
