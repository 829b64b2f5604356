"""Rows: how soon the server is ready, and its memory with the world indexed."""

from __future__ import annotations

import json
from contextlib import suppress

from bench.client import Server
from bench.figures import Figure, Row, Target, median
from bench.queries import typed
from bench.workshop import BenchError, Workshop


def starting(shop: Workshop) -> list[Row]:
    """From the start of the process to the port, and to the answer to hello."""
    port, ready = [], []
    for _ in range(2 * shop.effort.repetitions):
        with Server(shop) as server:
            port.append(server.port_ms)
            ready.append(server.ready_ms)
    figures = (Figure("ready, median", median(ready)), Figure("port", median(port)))
    target = Target("ready in 200 ms", median(ready), 200)
    return [Row("server: ready", figures, targets=(target,))]


def memory(shop: Workshop) -> list[Row]:
    """Memory after searches in an index that was there, and after a first index."""
    counts = shop.counts
    with Server(shop) as server:
        server.call("configure", json.dumps(shop.settings))
        server.wait_indexed(counts.commits)
        for query in typed(shop.effort.every_query):
            with suppress(BenchError):  # half a query may be none
                server.call("search", query, 200)
        found = server.memory()
    fresh = shop.settings | {"index": str(shop.folder / "fresh.sqlite")}
    with Server(shop) as server:
        server.call("configure", json.dumps(fresh))
        server.wait_indexed(counts.commits)
        first = server.memory()
    figures = (
        Figure("RSS", found["VmRSS"], "MB"),
        Figure("peak", found["VmHWM"], "MB"),
        Figure("RSS after a first index in it", first["VmRSS"], "MB"),
        Figure("peak", first["VmHWM"], "MB"),
    )
    targets = (
        Target("RSS ≤ 100 MB", found["VmRSS"], 100),
        Target("also after a first index", first["VmRSS"], 100),
    )
    return [Row("server: memory with the world indexed", figures, targets=targets)]
