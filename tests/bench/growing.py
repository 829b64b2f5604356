"""Rows: how search grows, beside FTS5 by itself and with the number of commits.

In time of a processor and in one process, each key for the best 100 hits, as Emacs asks for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from bench.figures import Figure, Row, Target, at, median, spread
from bench.first_index import index_command
from bench.queries import typed
from bench.workshop import Workshop
from bench.world import make_world
from explog.errors import ExplogError
from explog.index.database import Index, open_index
from explog.index.upkeep import tidy
from explog.index.words import tokens
from explog.queries.query import Clause, Words, parse
from explog.queries.search import search

_LIMIT = 100
_REFERENCES = ("e2", "e77")
_BEGINNINGS = ("drop", "enc")
_STATEMENTS = [
    "SELECT rowid FROM passage_words WHERE passage_words MATCH ? ORDER BY rowid DESC LIMIT ?",
    "SELECT rowid FROM commit_words WHERE commit_words MATCH ? ORDER BY rowid DESC LIMIT ?",
]


def growing(shop: Workshop) -> list[Row]:
    """Each key beside FTS5; a reference beside a word; p99 beside that of a fifth of the commits."""
    keys = list(typed(shop.effort.every_query))
    with _at_rest(shop.index) as index:
        ours = {key: _least(shop, partial(_search, index, key)) for key in keys}
        floor = {key: _least(shop, partial(_ask_fts5, index, key)) for key in keys}
        references, words = (
            [_least(shop, partial(_search, index, key)) for key in some]
            for some in (_REFERENCES, _BEGINNINGS)
        )
    with _at_rest(_smaller(shop)) as index:
        smaller = [_least(shop, partial(_search, index, key)) for key in keys]
    over = max(ours[key] - 10 * floor[key] for key in keys)
    p99, others = at(list(ours.values()), 0.99), list(floor.values())
    return [
        Row(
            "search as one types, CPU",
            spread(list(ours.values()), most=True),
            tuple(Figure(f"FTS5 {one.name}", one.value) for one in spread(others, most=True)),
            (Target("each key ≤ 10 × FTS5 and 5 ms", over, 5),),
        ),
        Row(
            f"a reference as one types it, CPU: {', '.join(_REFERENCES)}",
            (Figure("longest", max(references)),),
            (Figure(f"the beginning of a word, {', '.join(_BEGINNINGS)}", median(words)),),
            (Target("≤ 4 × as long", max(references) / median(words), 4),),
        ),
        Row(
            "search as one types, CPU: with the number of commits",
            (Figure("p99", p99),),
            (Figure("p99 in a fifth of the commits", at(smaller, 0.99)),),
            (Target("≤ 1.5 × as long", p99 / at(smaller, 0.99), 1.5),),
        ),
    ]


@contextmanager
def _at_rest(path: Path) -> Iterator[Index]:
    """Open the index at PATH and tidy it up, as a server does after half a minute."""
    index = open_index(path)
    while tidy(index):
        pass
    try:
        yield index
    finally:
        index.close()


def _smaller(shop: Workshop) -> Path:
    """Index a world with a fifth of the commits, and return the index."""
    scale = "1.0" if shop.world.scale == "lab" else str(float(shop.world.scale) / 5)
    name = f"world-{scale.removesuffix('.0')}"
    world = make_world(shop.world.folder.with_name(name), scale)
    path = shop.folder / "smaller.sqlite"
    shop.run(index_command(shop, world, path))
    return path


def _least(shop: Workshop, function: Callable[[], object]) -> float:
    """Return the least milliseconds of a processor that FUNCTION takes."""
    times = []
    for _ in range(min(3, shop.effort.repetitions)):
        begun = time.thread_time()
        function()
        times.append(1e3 * (time.thread_time() - begun))
    return min(times)


def _search(index: Index, key: str) -> None:
    with suppress(ExplogError):  # half a query may be none
        search(index, key, _LIMIT, count_all=False)


def _ask_fts5(index: Index, key: str) -> None:
    """Find the newest rows with the words of KEY, and nothing but their numbers."""
    match = _match(key)
    if match:
        for sql in _STATEMENTS:
            list(index.read(sql, match, _LIMIT))


def _match(key: str) -> str:
    """Return the words of KEY in the language of FTS5, without what is no word; "" if all is."""
    wanted: list[str] = []
    unwanted: list[str] = []
    with suppress(ExplogError):
        for clause in parse(key).clauses:
            found = _alternatives(clause)
            (unwanted if clause.negative else wanted).extend([found] if found else [])
    match = " AND ".join(wanted)
    return f"({match}) NOT ({' OR '.join(unwanted)})" if wanted and unwanted else match


def _alternatives(clause: Clause) -> str:
    words = [_phrase(term) for term in clause.terms if isinstance(term, Words)]
    return f"({' OR '.join(words)})" if len(words) == len(clause.terms) else ""


def _phrase(words: Words) -> str:
    found = tokens(words.text)
    goes_on = words.prefix and words.text[-1].isalnum() and len(found[-1]) > 1
    return f'"{" ".join(found)}"{"*" * goes_on}'
