"""Rows: the report of a week and of a year of the world, beside `git log` of the same days."""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path

from bench.figures import Figure, Row, Target, median
from bench.workshop import Workshop
from explog.config import Root, Settings
from explog.entries.text import EntryTexts
from explog.index.database import open_index
from explog.report.known import Request
from explog.report.period import Period
from explog.report.sections import make_report
from explog.report.writing import write_report

_WEEK = Period(date(2021, 3, 1), date(2021, 3, 7))
_YEAR = Period(date(2021, 1, 1), date(2021, 12, 31))


def reporting(shop: Workshop) -> list[Row]:
    """As org: by a server, which is loaded, and by a program that starts. As HTML: its size."""
    rows = []
    for name, period, most in (("a week", _WEEK, 300), ("a year", _YEAR, 2000)):
        server, page_bytes = _by_a_server(shop, period)
        command: list[str | Path] = [shop.explog, "report", str(period), "--log", shop.log]
        command += ["--index", shop.index]
        for path in shop.world.repositories:
            command += ["--repo", path]
        each = range(shop.effort.repetitions)
        program = 1e3 * median([shop.run(command).seconds for _ in each])
        git = 1e3 * median([_git_log(shop, period) for _ in each])
        figures = [Figure("by a server", server), Figure("by a program that starts", program)]
        targets = [Target(f"≤ {most} ms", server, most)]
        if period is _YEAR:
            figures.append(Figure("as HTML", page_bytes / 1e6, "MB"))
            targets.append(Target("≤ 2 MB", page_bytes / 1e6, 2))
        others = (Figure("git log --since", git),)
        rows.append(Row(f"`explog report` of {name}", tuple(figures), others, tuple(targets)))
    return rows


def _by_a_server(shop: Workshop, period: Period) -> tuple[float, int]:
    """Return how many milliseconds the report of PERIOD takes, and its size in bytes as HTML."""
    settings = Settings(
        logs=(str(shop.log),),
        repositories=tuple(map(Root, shop.world.repositories)),
        index=shop.index,
    )
    index = open_index(shop.index)
    times = []
    for _ in range(1 + shop.effort.repetitions):
        begun = time.perf_counter()
        made = make_report(settings, index, EntryTexts(settings), Request(period))
        write_report(made, "org")
        times.append(1e3 * (time.perf_counter() - begun))
    index.close()
    page = write_report(made, "html") if period is _YEAR else ""
    return median(times[1:]), len(page.encode())  # the first one loads modules


def _git_log(shop: Workshop, period: Period) -> float:
    """Return how many seconds `git log` of all repositories takes."""
    days = f"--since={period.first}", f"--until={period.last + timedelta(1)}"
    seconds = 0.0
    for path in shop.world.repositories:
        command: list[str | Path] = ["git", "-C", path, "log", "--all", *days, "--oneline"]
        seconds += shop.run(command, keep_output=False).seconds
    return seconds
