"""What a process does that is made for a test; it has to be found by the name of a module."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from explog.git.repository import Repository
from explog.org.options import OrgOptions
from explog.sync import reading, sections
from explog.sync.prefetch import Prefetch
from explog.sync.ways import Ways


def count(items: int, size: int = 1) -> Iterator[str]:
    """Yield as many ITEMS, each of SIZE characters at least."""
    for number in range(items):
        yield f"{number}".rjust(size)


def fail(items: int) -> Iterator[int]:
    """Yield ITEMS, and then fail."""
    yield from range(items)
    raise ValueError("no more")


def die(items: int) -> Iterator[int]:
    """Yield ITEMS, and then be gone as if somebody had killed us."""
    yield from range(items)
    os._exit(9)


def count_ahead(*, use: bool) -> None:
    """Have yet another process count, and end; if not USE, without waiting for it."""
    ahead = Prefetch(4, count, 200, 100_000)
    if use:
        assert len(list(ahead)) == 200
    ahead.close()


def count_and_wait() -> None:
    """Have yet another process count, and do not end before somebody ends this one."""
    ahead = Prefetch(4, count, 200, 100_000)
    signal.pause()
    ahead.close()


def no_section(*_arguments: object) -> Iterator[list[Any]]:
    """Be gone before a section of a log is read."""
    os._exit(9)


def some_sections(path: Path, options: OrgOptions, ways: Ways) -> Iterator[list[Any]]:
    """Be gone when some sections of a log are read."""
    yield from islice(sections.read_apart(path, options, ways), 2)
    os._exit(9)


def other_sections(path: Path, options: OrgOptions, ways: Ways) -> Iterator[list[Any]]:
    """Read another log, as if it had been written meanwhile."""
    changed = path.with_name("changed.org")
    changed.write_bytes(path.read_bytes() + b"* [9999] Another :exp:\n")
    yield from sections.read_apart(changed, options, ways)


def half_a_history(
    repositories: Sequence[Repository], results: str, since: Mapping[str, float]
) -> Iterator[object]:
    """Be gone when a repository is read in part."""
    yield from islice(reading.read_apart(repositories, results, since), 2)
    os._exit(9)
