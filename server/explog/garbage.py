"""Python's collection of circular garbage, which is a waste where there is none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
# What held outside, and one for each that is inside: the thresholds are those of the process.
_thresholds: list[tuple[int, int, int]] = []


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for circular garbage seldom until the block ends, in whatever threads.

    Nearly nothing that sync or a plan makes refers to itself. To look for that as often as usual
    takes a tenth of the time of a sync, and half of that of a plan of all logs. As a decorator,
    it holds while a function runs.
    """
    with _lock:
        _thresholds.append(gc.get_threshold())
        gc.set_threshold(100_000)
    try:
        yield
    finally:
        with _lock:
            # The first of them is what holds where nobody is inside.
            last = _thresholds.pop()
            if not _thresholds:
                gc.set_threshold(*last)
