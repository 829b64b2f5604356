"""Rows: search as one types, in one process and from Emacs."""

from __future__ import annotations

import time
from contextlib import suppress

from bench.figures import Figure, Row, Target, at, median, spread
from bench.first_index import git_log
from bench.queries import typed
from bench.workshop import Workshop
from explog.errors import ExplogError
from explog.index.database import open_index
from explog.queries.search import search

# Twice as many as Emacs asks for.
_LIMIT = 200
_WORDS = ("dropout", "lr=0.01", "tune encoder")


def searching(shop: Workshop) -> list[Row]:
    """What is found after each key, by us; git log --grep once for a word."""
    queries = list(typed(shop.effort.every_query, _hashes(shop)))
    words = _WORDS[: shop.effort.repetitions]
    theirs = (
        Figure("git log --grep", median([git_log(shop, f"--grep={word}") for word in words])),
    )
    ours = _in_process(shop, queries)
    told = shop.emacs(
        "search.el",
        server=[shop.explog],
        settings=shop.settings,
        commits=shop.counts.commits,
        queries=queries,
    )
    what = "search as one types"
    drawn = (
        Figure("drawn p50", median(told["drawn"])),
        Figure("drawn p99", at(told["drawn"], 0.99)),
    )
    drawing, inserting = told["drawing"], told["inserting"]
    shares = [at(drawing, share) / max(0.01, median(inserting)) for share in (0.5, 0.9)]
    return [
        Row(
            f"100 hits drawn in Emacs, processor: {len(drawing):,} times",
            (Figure("p50", median(drawing)), Figure("p90", at(drawing, 0.9))),
            (Figure("inserting their lines", median(inserting)),),
            (Target("p50 ≤ 4 ×", shares[0], 4), Target("p90 ≤ 10 ×", shares[1], 10)),
        ),
        Row(f"{what}: {len(queries):,} keys", spread(ours, most=True), theirs, _targets(ours)),
        Row(
            f"{what}: from Emacs",
            (*spread(told["calls"], most=True), *drawn),
            theirs,
            _targets(told["calls"]),
        ),
    ]


def _targets(times: list[float]) -> tuple[Target, ...]:
    return (
        Target("p50 ≤ 5 ms", median(times), 5),
        Target("p99 ≤ 50 ms", at(times, 0.99), 50),
    )


def _in_process(shop: Workshop, queries: list[str]) -> list[float]:
    index = open_index(shop.index)
    times = []
    for query in queries:
        begun = time.perf_counter()
        with suppress(ExplogError):  # half a query may be none
            search(index, query, _LIMIT, count_all=False)
        times.append(1e3 * (time.perf_counter() - begun))
    index.close()
    return times


def _hashes(shop: Workshop) -> list[str]:
    """Return the abbreviated hash of a commit in each of two repositories."""
    return [
        shop.run(["git", "-C", path, "rev-parse", "--short=9", "HEAD~7"]).output.strip()
        for path in shop.world.repositories[:2]
    ]
