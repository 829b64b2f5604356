"""What `stat` says of files and folders, to tell later whether they changed."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterable
from typing import TypeAlias

# What is written in the same tick as the look at it would go unseen; such a stamp is not kept.
_RACY_NS = 50_000_000
# The same where a file system keeps whole seconds only, or even ones.
_RACY_COARSE_NS = 2_000_000_000
_LEAST_SECONDS, _MOST_SECONDS = 60.0, 120.0
_GOLDEN = (5**0.5 - 1) / 2
_turns = itertools.count()

Stamp: TypeAlias = tuple[int, int, int, int]
"""The times (ns) of modification and of change, the size and the inode."""


def stamp(path: str) -> Stamp | None:
    """Return the stamp of PATH; None if it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino


def is_racy(stamps: Iterable[Stamp], now: int) -> bool:
    """Tell whether a time in STAMPS is so near NOW that a later write could have the same.

    What is far in the future is nobody's clock.
    """
    end = now + _RACY_COARSE_NS
    for times in stamps:
        for written in times[:2]:
            if now - _RACY_COARSE_NS < written < end and (
                written > now - _RACY_NS or written % 1_000_000_000 == 0
            ):
                return True
    return False


def trusted_until() -> float:
    """Return until when to trust the stamp of a folder, as `time.monotonic` counts.

    Some file systems do not change it when a file comes. So each folder is listed anew once in a
    while, and not all of them at once.
    """
    # Spread as evenly as can be; to load `random` takes longer than many a command.
    share = next(_turns) * _GOLDEN % 1
    return time.monotonic() + _LEAST_SECONDS + share * (_MOST_SECONDS - _LEAST_SECONDS)
