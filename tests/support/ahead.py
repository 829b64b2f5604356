"""What a process does that is made for a test; it has to be found by the name of a module."""

from __future__ import annotations

import time
from collections.abc import Sequence

from explog.org.scan import Context
from explog.sync.sections import Ahead, Ways


def read_ahead(parts: Sequence[bytes], context: Context, ways: Ways, *, use: bool) -> None:
    """Have PARTS read in yet another process, and end; if not USE, without waiting for it."""
    ahead = Ahead(parts, context, ways)
    if use:
        assert len(list(ahead.results())) == len(parts)
    else:
        ahead.close()


def begin_and_wait(parts: Sequence[bytes], context: Context, ways: Ways) -> None:
    """Have PARTS read in yet another process, and do not end before somebody ends this one."""
    ahead = Ahead(parts, context, ways)
    time.sleep(600)
    ahead.close()
