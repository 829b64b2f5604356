"""The lock on an open file that other explogs honour; each holds one for milliseconds."""

from __future__ import annotations

import fcntl
import time

# Seconds to wait for another program to let go of the file.
_PATIENCE = 5.0


def lock(descriptor: int) -> None:
    """Lock the open file DESCRIPTOR until it is closed.

    Raises BlockingIOError if another program does not let go of it, and another OSError where files
    cannot be locked, as on some network drives.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return
