"""Damage to the file of an index: every kind of page cut off, zeroed, filled at random or changed."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from explog.index.storage import PAGE_BYTES

# https://sqlite.org/fileformat.html: the first byte of a page of a tree that has pages below it.
_INTERIOR = (2, 5)
_FIRST_FREE = slice(32, 36)

Damage = Callable[[bytearray], None]


def damages(path: Path) -> Iterator[tuple[str, Damage]]:
    """Yield (name, what damages the bytes of a file) for the index at PATH."""
    pages = dict(_pages(path))
    for size in (0, 60, 5000, PAGE_BYTES, 3 * PAGE_BYTES + 5):
        yield f"cut to {size}", _cut(size)
    yield "last page cut off", _cut(-PAGE_BYTES)
    yield "one byte cut off", _cut(-1)
    for name, number in pages.items():
        yield f"zeros {name}", _fill(number, b"\0" * PAGE_BYTES)
        yield f"random {name}", _fill(number, random.Random(number).randbytes(PAGE_BYTES))
        yield f"bits {name}", _flip(number, 40)
    for offset in (16, 18, 31, 35, 44, 56, 63, 100, 105):
        yield f"bit in header {offset}", _flip_one(offset)


def _pages(path: Path) -> Iterator[tuple[str, int]]:
    """Yield (name, page) for the first and last leaf of each tree, its root, and the free pages."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT name, rootpage FROM sqlite_master WHERE rootpage > 0"
        roots = list(connection.execute(sql))
    data = path.read_bytes()
    yield "header", 1
    yield "free", int.from_bytes(data[_FIRST_FREE], "big")
    for name, root in roots:
        if data[(root - 1) * PAGE_BYTES] in _INTERIOR:
            yield f"root of {name}", root
        yield f"leaf of {name}", _last_leaf(data, root)


def _last_leaf(data: bytes, number: int) -> int:
    start = (number - 1) * PAGE_BYTES
    if data[start] not in _INTERIOR:
        return number
    return _last_leaf(data, int.from_bytes(data[start + 8 : start + 12], "big"))


def _cut(size: int) -> Damage:
    def cut(data: bytearray) -> None:
        del data[size:]

    return cut


def _fill(number: int, new: bytes) -> Damage:
    def fill(data: bytearray) -> None:
        data[(number - 1) * PAGE_BYTES : number * PAGE_BYTES] = new

    return fill


def _flip(number: int, count: int) -> Damage:
    def flip(data: bytearray) -> None:
        source = random.Random(number)
        for _ in range(count):
            data[(number - 1) * PAGE_BYTES + source.randrange(PAGE_BYTES)] ^= 1 << source.randrange(
                8
            )

    return flip


def _flip_one(offset: int) -> Damage:
    def flip(data: bytearray) -> None:
        data[offset] ^= 1

    return flip
