"""Sentences for the person at the terminal, on standard error."""

from __future__ import annotations

import contextlib
import os

from explog.wording import visible


def say(message: str) -> None:
    """Print one line; a terminal that is gone is no reason to end."""
    line = f"explog: {visible(message)}\n".encode("utf-8", "surrogateescape")
    with contextlib.suppress(OSError):
        os.write(2, line)
