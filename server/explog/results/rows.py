"""What the readers of files have in common: trees of values, and rows of named numbers.

A reader makes a tree of a text: tables, lists, and numbers at the ends. A row has the numbers of a
tree by their names; the names in a nested table begin with the table's, and a dot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from explog.results.values import Number
from explog.results.written import is_too_large, read_number

DEEPEST = 32
"""How deep tables are nested at most."""
MOST_VALUES = 1000
"""How many values a row has at most."""
MOST_ROWS = 1000
"""How many rows a file has at most."""
MERGE = "\0<<"
"""The key of other tables whose values a table has too, where it does not have its own."""

# A table that others refer to is visited once for each of them.
_MOST_VISITS = 20_000
_LONGEST_NAME, _LONGEST_TEXT, _LONGEST_SHOWN = 200, 200, 40
_MOST_SHOWN = 3
_SAMPLED = frozenset({"seed", "Seed", "SEED", "run", "Run", "RUN"})


class UnreadableError(Exception):
    """A file cannot be read; the text says why, of `it`."""


@dataclass(slots=True)
class Table:
    """The keys and values of a table, in their order; a key may be there twice."""

    items: list[tuple[str, Tree]]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value that is not read, and as what: `of the type !numpy`."""

    reason: str


Tree: TypeAlias = "Table | list[Tree] | Number | LeftOut | str | bool | None"
"""A text may be that of a number."""

Row: TypeAlias = Mapping[str, Number]


class Read(NamedTuple):
    """What a file has: rows, each with its number, and complaints of what could not be read.

    The number is 0 if the file is a single row, and else counts from 1. A complaint continues the
    sentence that begins with the name of the file: `left out as a list: roc`.
    """

    rows: Sequence[tuple[int, Row]]
    complaints: Sequence[str]


def as_rows(tree: Tree) -> list[tuple[int, Tree]]:
    """Return the rows of TREE that are observations: of a list of tables, or itself."""
    if not isinstance(tree, list) or not tree:
        return [(0, tree)]
    rows = [(number, row) for number, row in enumerate(tree, 1) if isinstance(row, Table)]
    return observations(rows) if len(rows) == len(tree) else [(0, tree)]


def observations(rows: Sequence[tuple[int, Tree]]) -> list[tuple[int, Tree]]:
    """Return those of ROWS that are observations.

    Where rows say of which seed or run they are, each is one. Else they are what was logged one
    after the other, and the last one is the result.
    """
    tables = (row for _number, row in rows if isinstance(row, Table))
    is_sample = any(names_sample(key) for table in tables for key, _value in table.items)
    return list(rows if is_sample else rows[-1:])


def names_sample(name: str) -> bool:
    """Tell whether NAME is that of what tells observations of one thing apart."""
    return name in _SAMPLED


def read_rows(trees: Sequence[tuple[int, Tree]], *, lists: bool) -> Read:
    """Return the rows of TREES, numbered as they are.

    With LISTS, a list is a value, as it is of a parameter: its text. Else it is left out.
    """
    rows: list[tuple[int, Row]] = []
    complaints: dict[str, None] = {}
    if len(trees) > MOST_ROWS:
        complaints[f"left out as more than {MOST_ROWS:,} rows: {len(trees) - MOST_ROWS:,}"] = None
    for number, tree in trees[:MOST_ROWS]:
        flattening = _Flattening(lists)
        flattening.take(tree, f"row {number}" if isinstance(tree, LeftOut) else "")
        rows.append((number, flattening.row()))
        complaints |= dict.fromkeys(flattening.complaints())
    return Read(rows, tuple(complaints))


class _Flattening:
    """Makes a row of a tree."""

    def __init__(self, lists: bool) -> None:
        self._lists = lists
        self._row: dict[str, Number] = {}
        self._left_out: dict[str, dict[str, None]] = {}
        self._visits = 0

    def take(self, tree: Tree, name: str = "", depth: int = 0) -> None:
        """Take in TREE, which is called NAME and is at DEPTH."""
        self._visits += 1
        if isinstance(tree, Number | str | bool):
            self._number(name, _number(tree))
        elif isinstance(tree, Table):
            self._table(tree, name, depth)
        elif isinstance(tree, LeftOut):
            self._leave_out(tree.reason, name)
        elif isinstance(tree, list) and self._lists:
            self._number(name, Number(_rendered(tree), None))
        elif isinstance(tree, list):
            self._leave_out("a list", name)

    def row(self) -> Row:
        """Return the numbers that are there once, or twice alike."""
        twice = self._left_out.get(_TWICE, {})
        return {name: number for name, number in self._row.items() if name not in twice}

    def complaints(self) -> Iterator[str]:
        """Yield what was left out and why."""
        for reason, names in self._left_out.items():
            yield f"left out as {reason}: {named(names)}"

    def _table(self, table: Table, name: str, depth: int) -> None:
        if depth >= DEEPEST:
            self._leave_out(f"nested deeper than {DEEPEST} tables", name)
            return
        for key, value in _items(table, depth):
            inside = cleaned(key[: _LONGEST_NAME + 1])
            inside = f"{name}.{inside}" if name else inside
            if self._visits > _MOST_VISITS:
                self._leave_out(f"more than {_MOST_VISITS:,} values", inside)
                return
            self.take(value, inside, depth + 1)

    def _number(self, name: str, number: Number) -> None:
        if number.value is None and is_too_large(number):
            self._leave_out("too large a number", f"{name} = {shortened(number.text)}")
        elif not name:
            self._leave_out("without a name", shortened(number.text))
        elif len(name) > _LONGEST_NAME:
            self._leave_out("too long a name", name)
        elif len(number.text) > _LONGEST_TEXT:
            if self._lists:
                self._leave_out("too long a text", name)
        elif len(self._row) >= MOST_VALUES and name not in self._row:
            self._leave_out(f"more than {MOST_VALUES:,} values", name)
        elif self._row.setdefault(name, number) != number:
            self._leave_out(_TWICE, name)

    def _leave_out(self, reason: str, name: str) -> None:
        self._left_out.setdefault(reason, {})[name] = None


def _number(value: Number | str | bool) -> Number:
    if isinstance(value, bool):
        return Number("true" if value else "false", None)
    if isinstance(value, str):
        number = read_number(value)
        return number if number.value is not None else Number(cleaned(number.text), None)
    return value


_TWICE = "said twice, and differently"


def _items(table: Table, depth: int) -> Iterator[tuple[str, Tree]]:
    """Yield the keys and values of TABLE, and those that it has from other tables."""
    own: set[str] = set()
    others: list[Tree] = []
    for key, value in table.items:
        if key == MERGE:
            others += value if isinstance(value, list) else [value]
        else:
            own.add(key)
            yield key, value
    for other in others:
        if isinstance(other, Table) and depth < DEEPEST:
            for key, value in _items(other, depth + 1):
                if key not in own:
                    own.add(key)
                    yield key, value


def _rendered(tree: Tree) -> str:
    """Return TREE as a text, no longer than needed to see that it is too long."""
    parts: list[str] = []
    size = 0
    for part in _parts(tree, 0):
        parts.append(part)
        size += len(part)
        if size > _LONGEST_TEXT:
            break
    return "".join(parts)


def _parts(tree: Tree, depth: int) -> Iterator[str]:
    if isinstance(tree, Number | str | bool):
        number = _number(tree)
        yield f"{number.text}{number.unit}"[: _LONGEST_TEXT + 1]
    elif isinstance(tree, list) and depth < DEEPEST:
        yield "["
        for place, item in enumerate(tree):
            yield ", " if place else ""
            yield from _parts(item, depth + 1)
        yield "]"
    elif isinstance(tree, Table) and depth < DEEPEST:
        yield "{"
        for place, (key, value) in enumerate(tree.items):
            yield f"{', ' if place else ''}{cleaned(key[:_LONGEST_NAME])}: "
            yield from _parts(value, depth + 1)
        yield "}"
    else:
        yield "null" if tree is None else "…"


# Texts


def shortened(text: str) -> str:
    """Return TEXT, of whatever length, as a message shows it."""
    text = cleaned(text[: _LONGEST_SHOWN + 1])
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def cleaned(text: str) -> str:
    """Return TEXT on one line, and without characters that nobody can see."""
    if text.isprintable():
        return text.strip()
    seen = (c if c.isprintable() or c.isspace() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return " ".join("".join(seen).split())


def named(names: Iterable[str]) -> str:
    """Return NAMES as a message shows them: the first few."""
    shown = [shortened(name) or "its whole content" for name in names]
    more = len(shown) - _MOST_SHOWN
    return ", ".join([*shown[:_MOST_SHOWN], *([f"and {more:,} more"] if more > 0 else [])])
