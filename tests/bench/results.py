"""Row: the table of a thousand steps whose values are in the index."""

from __future__ import annotations

import time

from bench.figures import Figure, Row, Target
from bench.workshop import BenchError, Workshop
from explog.config import Root, Settings
from explog.index.database import open_index
from explog.results.asked import Asked, read_best
from explog.results.find import find_table
from explog.sync.look import sync

_EXPERIMENTS, _STEPS = 200, 5
_ALL = "after:2000-01-01"


def results(shop: Workshop) -> list[Row]:
    """`explog results` of them, after it has read the values once."""
    folder = shop.folder / "results"
    repository = folder / "project"
    repository.mkdir(parents=True)
    shop.run(["git", "-C", repository, "init", "--quiet", "--initial-branch=main"])
    history = folder / "history"
    history.write_text("".join(map(_commit, range(_EXPERIMENTS * _STEPS))), encoding="utf-8")
    shop.run(["sh", "-c", 'git -C "$0" fast-import --quiet < "$1"', repository, history])
    log = folder / "log.org"
    log.write_text("".join(map(_experiment, range(1, _EXPERIMENTS + 1))), encoding="utf-8")
    settings = Settings(logs=(str(log),), repositories=(Root(repository),))
    index = open_index(folder / "index.sqlite")
    sync(settings, index)
    asked = Asked(best=read_best("max:acc"))
    find_table(settings, index, _ALL, asked)  # reads them
    times = []
    for _ in range(2 * shop.effort.repetitions):
        begun = time.process_time()
        rows = find_table(settings, index, _ALL, asked).rows
        times.append(1e3 * (time.process_time() - begun))
        if len(rows) != _EXPERIMENTS * _STEPS:
            raise BenchError(f"{len(rows)} steps have results")
    index.close()
    figures = (Figure("CPU, least", min(times)), Figure("most", max(times)))
    target = Target("≤ 50 ms", min(times), 50)
    return [Row("`explog results`: 1,000 steps, values in the index", figures, targets=(target,))]


def _experiment(ident: int) -> str:
    steps = "".join(f"{step}. [ ] Test\n" for step in range(1, _STEPS + 1))
    return f"* [{ident}] Title :exp:\n** Experiments\n{steps}"


def _commit(number: int) -> str:
    message = f"[e{1 + number // _STEPS}.{1 + number % _STEPS}] Results"
    metrics = f'{{"acc": {number}}}'
    return (
        f"commit refs/heads/main\ncommitter A <a@example.org> {1_700_000_000 + number * 60} +0000\n"
        f"data {len(message)}\n{message}\nM 644 inline metrics.json\n"
        f"data {len(metrics)}\n{metrics}\n"
    )
