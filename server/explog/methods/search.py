"""What Emacs may ask of a search, which it does at every key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from explog.daemon.loop import Service
from explog.queries.search import search
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client


class _Latest:
    """The search of each Emacs for what is being typed; a newer one ends it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupts: WeakKeyDictionary[Client, Callable[[], None]] = WeakKeyDictionary()

    def begin(self, client: Client, interrupt: Callable[[], None]) -> None:
        """Take note of a search of CLIENT that INTERRUPT ends, and end the one before."""
        with self._lock:
            before = self._interrupts.get(client)
            self._interrupts[client] = interrupt
        if before is not None:
            before()


def add(registry: Registry, service: Service) -> None:
    """Add the methods that search."""
    latest = _Latest()

    @registry.method("search", lane="fast")
    def find(client: Client, text: str, limit: int, typed: object = None) -> object:
        """Return (TOTAL COMPLETE HITS PROGRESS) for a query: HITS is a vector of hits.

        `explog-search-hit` names what is in each, in the same order as `explog.queries.search.Hit`.
        PROGRESS says what is being indexed meanwhile. With TYPED the query is being typed: the
        next such search ends this one, with the error `interrupted`.
        """
        store = service.ready_store()
        with store.interruptible() as interrupt:
            if typed:
                latest.begin(client, interrupt)
            result = search(store, text, limit, count_all=False)
        return [result.total, result.complete, wire.Bulk(result.hits), service.progress]
