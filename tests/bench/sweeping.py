"""Rows: looks at many repositories in which nothing, or one thing, has happened."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from bench.figures import Figure, Row, Target, median
from bench.workshop import QUICK, Workshop, cpu_milliseconds
from bench.world import make_repository
from explog.config import Root, Settings
from explog.daemon.pace import Pace
from explog.index.commits import all_repositories
from explog.index.database import Index
from explog.sync.look import sync
from explog.sync.memory import Memory

_SIZES = (10, 200, 2000)
_FEW_SIZES = (2, 4, 8)
_COMMITS = 20


def sweeping(shop: Workshop) -> list[Row]:
    """What a sweep costs of the processor, and a look at one repository that rang."""
    sizes = _FEW_SIZES if shop.effort == QUICK else _SIZES
    costs = [_costs(shop, size) for size in sizes]
    names = [f"{size} repositories" for size in sizes]
    idle, rang = ([one[place] for one in costs] for place in (0, 1))
    pace = Pace()
    for _ in range(2):
        pace.swept(idle[-1] / 1e3)
    share = 100 * idle[-1] / 1e3 / pace.seconds
    return [
        Row(
            "a sweep, nothing changed",
            tuple(map(Figure, names, idle)),
            targets=(Target("≤ 2 % of a core with the most", share, 2),),
        ),
        Row(
            "a commit in one of them, seen",
            tuple(map(Figure, names, rang)),
            targets=(Target("with the most ≤ 2 × with the fewest", rang[-1] / rang[0], 2),),
        ),
    ]


def _costs(shop: Workshop, size: int) -> tuple[float, float]:
    """Return milliseconds for SIZE repositories: of a sweep, and of a look at the one that rang."""
    root = shop.folder / f"many-{size}"
    for number in range(size):
        make_repository(root / f"p{number}", random.Random(number), _COMMITS, 100)
    settings, index, memory = Settings(repositories=(Root(root, 1),)), Index(None), Memory()
    sync(settings, index, memory=memory)
    time.sleep(0.1)  # until no stamp is of this moment
    sync(settings, index, memory=memory)
    record = all_repositories(index)[0]
    idle, rang = [], []

    def look() -> None:
        if not sync(settings, index, memory=memory, only=[record.common_dir]).changed:
            raise AssertionError("the commit was not seen")

    for _ in range(2 + shop.effort.repetitions):
        idle.append(cpu_milliseconds(lambda: sync(settings, index, memory=memory)))
    for number in range(1 + shop.effort.repetitions):
        _commit(Path(record.path), f"[e1.1] Results {number}")
        rang.append(cpu_milliseconds(look))
    index.close()
    return median(idle), median(rang)


def _commit(path: Path, message: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(path), *who, "commit", "-q", "--allow-empty", "-m", message]
    subprocess.run(command, check=True)
