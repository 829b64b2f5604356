"""Rows: to plan and to check all logs, and one entry with ever more steps. Processor time."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figure, Row, Target, median
from bench.workshop import Workshop
from explog.checking.check import check
from explog.config import Settings
from explog.config_file import from_mapping
from explog.entries.text import EntryTexts
from explog.index.database import open_index
from explog.model import Experiment
from explog.plan.planner import plan
from explog.sync.look import sync

_STEPS = (100, 400, 1600)
_COMMIT = "commit refs/heads/main\ncommitter a <a@b> {when} +0000\ndata <<.\n[e1.{n}] Results\n.\n"


def planning(shop: Workshop) -> list[Row]:
    """What all edits of the world take, and all its problems; others: to read each entry once."""
    settings = from_mapping(shop.settings)
    index = open_index(shop.index)
    sync(settings, index)
    planned = plan(settings, index, EntryTexts(settings))
    edits, entries = len(planned.edits), planned.experiments
    del planned
    reading = _cpu(shop, lambda: _read(settings, entries))
    theirs = (Figure("reading each entry", reading),)
    rows = []
    for what, job in (
        (f"plan of {edits:,} edits", lambda: plan(settings, index, EntryTexts(settings))),
        ("check of the world", lambda: check(settings, index)),
    ):
        rows.append(Row(what, (Figure("CPU", _cpu(shop, job)),), theirs))
    index.close()
    return [*rows, _one_entry(shop)]


def _read(settings: Settings, entries: tuple[Experiment, ...]) -> None:
    texts = EntryTexts(settings)
    for entry in entries:
        texts.entry(entry)


def _one_entry(shop: Workshop) -> Row:
    taken = {count: _with_steps(shop, count) for count in _STEPS}
    figures = tuple(Figure(f"{count} steps", each) for count, each in taken.items())
    growth = taken[_STEPS[-1]] / taken[_STEPS[-2]]
    target = Target("4 × the steps ≤ 5 × the time", growth, 5)
    return Row("plan of one experiment, a commit for each step", figures, (), (target,))


def _with_steps(shop: Workshop, count: int) -> float:
    """Return what to plan takes where an experiment has COUNT steps."""
    folder = shop.folder / f"steps-{count}"
    repository = folder / "repo"
    repository.mkdir(parents=True)
    numbers = range(1, count + 1)
    log = folder / "log.org"
    steps = "".join(f"{n}. [ ] step\n" for n in numbers)
    log.write_text(f"* [1] t :exp:\n** Experiments [0/{count}]\n{steps}")
    history = "".join(_COMMIT.format(when=1_500_000_000 + n, n=n) for n in numbers)
    _git(shop, repository, "init", "--quiet")
    _git(shop, repository, "fast-import", "--quiet", stdin=history)
    table = {"logs": [str(log)], "repositories": [str(repository)], "index": str(folder / "i")}
    settings = from_mapping(table)
    index = open_index(settings.index_path())
    sync(settings, index)
    taken = _cpu(shop, lambda: plan(settings, index, EntryTexts(settings)))
    index.close()
    return taken


def _git(shop: Workshop, folder: Path, *arguments: str, stdin: str = "") -> None:
    command = ["git", "-C", str(folder), *arguments]
    subprocess.run(command, env=shop.environment, input=stdin.encode(), check=True)


def _cpu(shop: Workshop, job: Callable[[], object]) -> float:
    """Return the milliseconds of the processor that JOB takes in the median."""
    times = []
    for _ in range(shop.effort.repetitions):
        begun = time.process_time()
        job()
        times.append(1e3 * (time.process_time() - begun))
    return median(times)
