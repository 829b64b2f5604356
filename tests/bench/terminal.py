"""Rows: commands in a terminal, where nothing has changed since the last one."""

from __future__ import annotations

from pathlib import Path

from bench.figures import Figure, Row, Target
from bench.workshop import PYTHON, Workshop

_SMALL = """\
* TODO [1] Dropout :exp:
** Experiments [0/2]
1. [ ] Without
2. [ ] With
"""


def terminal(shop: Workshop) -> list[Row]:
    """`explog search` on a small log and in the world, `explog backfill` on the small one.

    All in time of a processor, as the whole of it is to start Python and to load modules.
    """
    small = _small(shop)
    world: list[str | Path] = ["--log", shop.log, "--index", shop.index]
    for path in shop.world.repositories:
        world += ["--repo", path]
    least = shop.cpu_times(
        {
            "python -c pass": [PYTHON, "-c", "pass"],
            "explog search: a small log": [shop.explog, "search", "dropout", *small],
            "explog search: the world": [shop.explog, "search", "dropout", *world],
            "explog backfill: nothing to do": [shop.explog, "backfill", *small],
        }
    )
    python, *ours = least.values()
    floor = (Figure("python -c pass", python),)
    rows = []
    for name, time, most in zip(list(least)[1:], ours, (8, 10, 10), strict=True):
        target = Target(f"≤ {most} × python", time / python, most)
        rows.append(Row(f"`{name.replace(':', '`:', 1)}", (Figure("CPU", time),), floor, (target,)))
    return rows


def _small(shop: Workshop) -> list[str | Path]:
    """Make a small log and a repository, with all hashes on the steps, and return the options."""
    folder = shop.folder / "terminal"
    repository = folder / "project"
    repository.mkdir(parents=True)
    log = folder / "log.org"
    log.write_text(_SMALL, encoding="utf-8")
    git: list[str | Path] = ["git", "-C", repository]
    shop.run([*git, "init", "--quiet"])
    for step in (1, 2):
        message = f"--message=[e1.{step}] Results: dropout"
        shop.run([*git, "commit", "--quiet", "--allow-empty", message])
    options: list[str | Path] = ["--log", log, "--repo", repository]
    options += ["--index", folder / "index.sqlite"]
    shop.run([shop.explog, "backfill", "--write", *options])
    return options
