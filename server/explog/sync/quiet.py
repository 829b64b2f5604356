"""Tell from `stat` whether a log changed, and whether somebody is still writing it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from explog.index.records import LogRecord

# Editors empty a file and fill it again, so that a file written a moment ago may be half of itself:
# more likely if it is smaller than before, almost surely if it is less than half as large.
QUIET_SECONDS = 0.03
_BYTES_PER_SECOND = 50e6
_SURELY_SECONDS = 1.5
# The stamp of a log that is still being written, or was in the tick of the clock of this look.
RACY = "racy"


def log_stamp(path: Path, key: bytes) -> str:
    """Return a text that differs if the log at PATH may have changed; "" if it is missing.

    KEY stands for the settings that it is read with.
    """
    try:
        status = path.stat()
    except OSError:
        return ""
    if 0 <= time.time() - status.st_mtime < QUIET_SECONDS:
        return RACY
    stamps = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode)
    return ".".join([key.hex(), *map(str, stamps)])


def is_as_known(path: Path, key: bytes, known: str) -> bool:
    """Tell whether the log at PATH, and its setup files, have still the stamp KNOWN."""
    stamp, _line, setup = known.partition("\n")
    if stamp == RACY or stamp != log_stamp(path, key):
        return False
    return not setup or f"\n{setup}" == setup_stamp([name for name, *_ in json.loads(setup)])


def looks_cut(path: Path, data: bytes, known: LogRecord | None) -> bool:
    """Tell whether DATA, read from PATH, may be less than its writer means to write."""
    if known is None or len(data) >= known.size:
        return False
    quiet = QUIET_SECONDS + known.size / _BYTES_PER_SECOND
    if 2 * len(data) < known.size:
        quiet = max(quiet, _SURELY_SECONDS)
    try:
        return 0 <= time.time() - path.stat().st_mtime < quiet
    except OSError:
        return True  # somebody is putting another file in its place


def setup_stamp(files: Sequence[str]) -> str:
    """Return what tells from `stat` that one of the setup files may have changed."""
    stamps: list[tuple[str, float, int]] = []
    for file in files:
        try:
            status = os.stat(file)
        except OSError:
            stamps.append((file, 0, -1))
            continue
        # One that was written a moment ago may be written again without a new time.
        recent = 0 <= time.time() - status.st_mtime < QUIET_SECONDS
        stamps.append((file, time.time() if recent else status.st_mtime_ns, status.st_size))
    return f"\n{json.dumps(stamps)}" if stamps else ""
