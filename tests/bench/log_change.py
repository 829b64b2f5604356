"""Rows: a line of the log changed or came, and is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import orgparse

from bench.figures import Figure, Row, Target, median
from bench.workshop import Workshop, cpu_milliseconds, milliseconds
from explog.config_file import from_mapping
from explog.index.database import open_index
from explog.sync.look import sync
from explog.sync.memory import Memory

_PLACES = (0.001, 0.5, 0.999)


def log_change(shop: Workshop) -> list[Row]:
    """What `sync` takes after an edit at the beginning, in the middle and at the end."""
    theirs = (Figure("orgparse.load", median(shop.times(lambda: orgparse.load(str(shop.log))))),)
    settings = from_mapping(shop.settings)
    index, memory = open_index(shop.index), Memory()
    sync(settings, index, memory=memory)

    def look() -> None:
        if not sync(settings, index, memory=memory).changed:
            raise AssertionError("the edit was not seen")

    rows = []
    for what, edit in (("changed", _change), ("inserted", _insert)):
        every = [median(_times(shop, edit, place, look)) for place in _PLACES]
        names = ("at the beginning", "in the middle", "at the end")
        figures = tuple(Figure(name, time) for name, time in zip(names, every, strict=True))
        rows.append(
            Row(
                f"one line {what} in the log, seen",
                figures,
                theirs,
                (Target("≤ 100 ms", max(every), 100),),
            )
        )
    rows.append(_beside_the_floor(shop, look))
    idle = shop.times(lambda: sync(settings, index, memory=memory))
    rows.append(Row("nothing changed anywhere, seen", (Figure("median", median(idle)),)))
    index.close()
    return rows


def _beside_the_floor(shop: Workshop, look: Callable[[], None]) -> Row:
    """What the processor has to do, as a server does it, beside reading and hashing the file."""
    floor, ours = [], []
    for place in _PLACES * (1 + shop.effort.repetitions):
        _insert(shop.log, place)
        floor.append(cpu_milliseconds(lambda: hashlib.sha256(shop.log.read_bytes()).digest()))
        ours.append(cpu_milliseconds(look))
    return Row(
        "one line inserted in the log, seen, CPU",
        (Figure("median", median(ours)),),
        (Figure("the file read and hashed", median(floor)),),
        (Target("≤ 4 × as long", median(ours) / median(floor), 4),),
    )


def _times(
    shop: Workshop, edit: Callable[[Path, float], None], place: float, look: Callable[[], None]
) -> list[float]:
    times = []
    for _ in range(shop.effort.repetitions):
        edit(shop.log, place)
        times.append(milliseconds(look))
    return times


def _change(log: Path, place: float) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    number = _note(lines, place)
    lines[number] = lines[number].rstrip(b"\n") + b" again\n"
    log.write_bytes(b"".join(lines))


def _insert(log: Path, place: float) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    lines.insert(_note(lines, place), b"- One more note about the warmup\n")
    log.write_bytes(b"".join(lines))


def _note(lines: list[bytes], place: float) -> int:
    """Return the number of the first note at PLACE, a share of LINES, or behind it."""
    start = int(place * len(lines))
    behind = (number for number in range(start, len(lines)) if lines[number].startswith(b"- "))
    before = (number for number in range(start, 0, -1) if lines[number].startswith(b"- "))
    return next(behind, None) or next(before)
