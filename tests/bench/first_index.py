"""Row: the first index of the world. It leaves the index to the rows that come after."""

from __future__ import annotations

import json
from pathlib import Path

from bench.figures import Figure, Row, Target, median
from bench.workshop import Workshop


def first_index(shop: Workshop) -> list[Row]:
    """`explog index` into a new file, and `git log --all` over the same repositories."""
    command: list[str | Path] = [shop.explog, "index", "--json"]
    command += ["--log", shop.log, "--index", shop.index]
    for path in shop.world.repositories:
        command += ["--repo", path]
    ours: list[float] = []
    git: list[float] = []
    peak = 0
    for _ in range(min(3, shop.effort.repetitions)):
        git.append(git_log(shop))
        for path in (shop.index, *shop.folder.glob(f"{shop.index.name}-*")):
            path.unlink(missing_ok=True)
        run = shop.run(command)
        ours.append(1e3 * run.seconds)
        peak = max(peak, run.peak_kb)
    if problems := json.loads(run.output)["problems"]:
        raise AssertionError(problems)
    figures = (
        Figure("median", median(ours)),
        Figure("peak memory", peak / 1024, "MB"),
        Figure("index", shop.index.stat().st_size / 1e6, "MB"),
    )
    theirs = (Figure("git log --all", median(git)),)
    targets = (Target("≤ 3 × git", median(ours) / median(git), 3),)
    return [Row("first index of the world", figures, theirs, targets)]


def git_log(shop: Workshop, *arguments: str) -> float:
    """Return how many milliseconds git log takes over all repositories, one after the other."""
    return 1e3 * sum(
        shop.run(["git", "-C", path, "log", "--all", *arguments], keep_output=False).seconds
        for path in shop.world.repositories
    )
