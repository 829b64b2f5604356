"""The method behind `explog-search`, which Emacs calls at every key."""

from __future__ import annotations

import threading
from collections.abc import Callable

from explog.daemon.loop import Daemon
from explog.queries import search as queries
from explog.queries.query import asks_lab, parse
from explog.queries.search import Hit
from explog.rpc.client import Client, PerClient
from explog.rpc.registry import method
from explog.rpc.wire import Bulk


class _Typing:
    """The search for what one Emacs is typing; the next one interrupts it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None

    def begin(self, interrupt: Callable[[], None]) -> None:
        """Note a search that INTERRUPT ends, and end the one before."""
        with self._lock:
            before, self._interrupt = self._interrupt, interrupt
        if before is not None:
            before()


_typing = PerClient(_Typing)


@method("search", lane="fast")
def search(
    daemon: Daemon, client: Client, text: str, limit: int, typed: bool = False
) -> tuple[int, bool, Bulk[Hit], str, str, bool]:
    """Return (TOTAL COMPLETE HITS PROGRESS NOTE GROUP): up to LIMIT hits of a query.

    TOTAL is a lower bound unless COMPLETE. PROGRESS says what is being indexed meanwhile. NOTE says
    why nothing is found, if so; HITS are then those of words that are spelled nearly so. GROUP says
    that the query is for the group's lab as well, which `search-lab` asks. With
    TYPED the query is still being typed: the next such search interrupts this one, which then
    fails with the error `interrupted`.
    """
    now = daemon.snapshot()
    with now.index.interruptible() as interrupt:
        if typed:
            _typing[client].begin(interrupt)
        runs = daemon.runs.found
        result = queries.search(now.index, text, limit, count_all=False, runs=runs)
    group = asks_lab(parse(text), now.settings.group)
    return result.total, result.complete, Bulk(result.hits), now.progress, result.note, group
