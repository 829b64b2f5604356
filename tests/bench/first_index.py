"""Rows: the first index of the world, which is left to the rows after it, and with metrics."""

from __future__ import annotations

import json
from pathlib import Path

from bench.figures import Figure, Row, Target, median
from bench.workshop import Workshop
from bench.world import World, make_world


def first_index(shop: Workshop) -> list[Row]:
    """`explog index` into a new file, and `git log --all` over the same repositories."""
    command = index_command(shop, shop.world, shop.index)
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
    # What a server does once, behind the first hashes, is not to be measured with other things.
    shop.run(index_command(shop, shop.world, shop.index, *_READING))
    figures = (
        Figure("median", median(ours)),
        Figure("peak memory", peak / 1024, "MB"),
        Figure("index", shop.index.stat().st_size / 1e6, "MB"),
    )
    theirs = (Figure("git log --all", median(git)),)
    targets = (Target("≤ 3 × git", median(ours) / median(git), 3),)
    return [Row("first index of the world", figures, theirs, targets)]


def with_metrics(shop: Workshop) -> list[Row]:
    """An index of the world as it is, and with a metrics file on each results commit.

    The values in those files are read behind it: the time with them is told as well.
    """
    folder = shop.world.folder.with_name(f"{shop.world.folder.name}-metrics")
    metrics = make_world(folder, shop.world.scale, metrics=True)
    index = shop.folder / "results.sqlite"
    commands = (
        index_command(shop, shop.world, index),
        index_command(shop, metrics, index),
        index_command(shop, metrics, index, *_READING),
    )
    times: list[list[float]] = [[], [], []]
    for _ in range(min(3, shop.effort.repetitions)):
        for place, command in enumerate(commands):
            for path in shop.folder.glob(f"{index.name}*"):
                path.unlink()
            times[place].append(1e3 * shop.run(command).seconds)
    without, with_them, read = map(median, times)
    return [
        Row(
            "first index, with a metrics file on each results commit",
            (Figure("median", with_them), Figure("with all values read", read)),
            (Figure("without", without),),
            (Target("≤ 1.25 × without", with_them / without, 1.25),),
        )
    ]


# Has the values of all results commits read; there is no such metric.
_READING = ("search", "metric:none>0")


def index_command(shop: Workshop, world: World, index: Path, *asked: str) -> list[str | Path]:
    """Return how to index the repositories of WORLD and the log of SHOP, or what is ASKED then."""
    command: list[str | Path] = [shop.explog, *(asked or ["index"]), "--json"]
    command += ["--log", shop.log, "--index", index]
    for path in world.repositories:
        command += ["--repo", path]
    return command


def git_log(shop: Workshop, *arguments: str) -> float:
    """Return how many milliseconds git log takes over all repositories, one after the other."""
    return 1e3 * sum(
        shop.run(["git", "-C", path, "log", "--all", *arguments], keep_output=False).seconds
        for path in shop.world.repositories
    )
