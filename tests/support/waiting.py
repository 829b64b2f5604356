"""The one place where a test sleeps until something has happened."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Many times what anything takes on a machine that has much else to do.
SECONDS = 60.0


def wait_until(condition: Callable[[], object], what: str = "", seconds: float = SECONDS) -> None:
    """Return as soon as CONDITION() is true; fail with WHAT if it is not after so many SECONDS."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not after {seconds:g} s: {what or condition}"
        time.sleep(0.005)
