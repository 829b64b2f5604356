"""Rows: a lab on PostgreSQL that has the world, beside the own index of the same."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.figures import Figure, Row, Target, at, median, spread
from bench.queries import typed
from bench.workshop import Workshop
from explog.config import Root, Settings
from explog.errors import ExplogError
from explog.index.database import Index, open_index
from explog.lab.changes import find_changes
from explog.lab.connection import connected
from explog.lab.memory import memory_of
from explog.lab.publish import Publisher
from explog.lab.schema import add_member, make
from explog.lab.searching import ask_lab
from explog.lab_settings import LabSettings
from explog.queries.query import parse
from explog.queries.search import RANKED, search
from explog.sync.look import sync
from support.postgresql import Cluster

_LIMIT = 200


def grouping(shop: Workshop) -> list[Row]:
    """What publishing takes, and what is found after each key, by the lab and by the index."""
    cluster = Cluster()
    try:
        cluster.start()
        database = cluster.database("ada")
        with connected(database.address()) as connection:
            make(connection)
            add_member(connection, "ada")
        with _state_folder(shop.folder / "lab"):
            return _rows(shop, database.address("ada"))
    finally:
        cluster.close()


def _rows(shop: Workshop, address: str) -> list[Row]:
    folder = shop.folder / "lab"
    settings = Settings(
        logs=(str(shop.log),),
        repositories=tuple(map(Root, _clones(shop, folder))),
        group=LabSettings(address, "all", logs=(str(shop.log),)),
    )
    index = open_index(folder / "index.sqlite")
    begun = _all_processes()
    sync(settings, index)
    indexing = _all_processes() - begun
    begun = time.process_time()
    with memory_of(address) as memory, connected(address) as connection:
        publisher = Publisher(connection, memory)
        done = publisher.publish(find_changes(settings, index, memory))
    publishing = time.process_time() - begun
    with connected(address) as connection:
        connection.execute(b"ANALYZE")
    own, groups = _searches(shop, index, address)
    index.close()
    ratios = [at(groups, share) / at(own, share) for share in (0.5, 0.95, 0.99)]
    return [
        Row(
            f"publishing {done.commits:,} commits and {done.passages:,} passages",
            (Figure("CPU here", 1e3 * publishing),),
            (Figure("the index of the same", 1e3 * indexing),),
            (Target("≤ 4 × the index", publishing / indexing, 4),),
        ),
        Row(
            f"search of a group: {len(groups):,} keys",
            (*spread(groups), Figure("p95", at(groups, 0.95))),
            (*spread(own), Figure("p95", at(own, 0.95))),
            (
                Target("p50 ≤ 1.5 × the index", ratios[0], 1.5),
                Target("p95 ≤ 1.5 ×", ratios[1], 1.5),
                Target("p99 ≤ 3 ×", ratios[2], 3),
            ),
        ),
    ]


def _searches(shop: Workshop, index: Index, address: str) -> tuple[list[float], list[float]]:
    """Return how many milliseconds each search takes, in INDEX and in the lab."""
    queries = list(typed(4 * shop.effort.every_query))
    with connected(address) as connection:

        def ask(text: str) -> object:
            return ask_lab(connection, parse(text), max(RANKED, _LIMIT))

        for text in queries[:20]:  # what has to be loaded
            _time(ask, text)
        own = [
            _time(lambda text: search(index, text, _LIMIT, count_all=False), text)
            for text in queries
        ]
        groups = [median([_time(ask, text) for _ in range(3)]) for text in queries]
    return own, groups


def _time(function: Callable[[str], object], text: str) -> float:
    begun = time.perf_counter()
    with suppress(ExplogError):  # what is being typed is not always a query
        function(text)
    return 1e3 * (time.perf_counter() - begun)


def _clones(shop: Workshop, folder: Path) -> Iterator[Path]:
    """Yield a clone of each repository of the world, as only what has a remote is published."""
    for path in shop.world.repositories:
        clone = folder / path.name
        shop.run(["git", "clone", "--quiet", "--bare", "--shared", path, clone])
        yield clone


@contextmanager
def _state_folder(folder: Path) -> Iterator[None]:
    folder.mkdir()
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_STATE_HOME"]
        else:
            os.environ["XDG_STATE_HOME"] = before


def _all_processes() -> float:
    """Return the processor time of this process and of those that it ran."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system
