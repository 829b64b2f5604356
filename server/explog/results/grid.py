"""The columns of a table of results, and the fields in them: what all formats print."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from explog.errors import ExplogError
from explog.queries.values import short_name
from explog.results.table import Row, Table

ColumnKind = Literal["heading", "step", "text", "name", "number", "parameter", "metric"]
"""What is in a field: prose of the user's is text, what programs call something is a name."""


class Column(NamedTuple):
    """A column: the name above it, what is in it, and what that is called in a row."""

    heading: str
    kind: ColumnKind
    name: str


class Field(NamedTuple):
    """What stands in a row in one column; `best` means that no other row is better."""

    text: str
    kind: ColumnKind
    best: bool = False


class Grid(NamedTuple):
    """The columns, and a field for each in each row."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Field, ...], ...]


def iso_time(seconds: int) -> str:
    """Return SECONDS since 1970 as `2024-05-01T12:00:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


_PLAIN: Mapping[str, tuple[ColumnKind, Callable[[Row], str]]] = {
    "step": ("step", lambda row: row.result.reference.removeprefix("e")),
    "title": ("text", lambda row: row.result.title),
    "text": ("text", lambda row: row.result.text),
    "repository": ("name", lambda row: short_name(row.result.repository, ".git")),
    "commit": ("name", lambda row: row.result.abbreviation),
    "date": ("name", lambda row: iso_time(row.result.time)[:10]),
    "source": ("name", lambda row: row.source),
    "n": ("number", lambda row: str(row.n) if row.n else ""),
}
_GROUPS = ("parameters", "metrics")
COLUMNS = (*_PLAIN, *_GROUPS)
"""The columns that one can ask for, beside single metrics and parameters."""


def make_grid(table: Table, columns: Sequence[str] | None = None) -> Grid:
    """Return TABLE with COLUMNS, by their names: those of `COLUMNS`, metrics or parameters.

    None means those that say something. Raises ExplogError `unknown-column`.
    """
    found = columns_of(table, list(_default_columns(table)) if columns is None else columns)
    rows = tuple(tuple(_field(row, column) for column in found) for row in table.rows)
    return Grid(found, rows)


def columns_of(table: Table, names: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns with NAMES; raise ExplogError `unknown-column`."""
    return tuple(column for name in names for column in _columns(table, name))


def _default_columns(table: Table) -> Iterator[str]:
    """Yield the columns that say something: those with the same in all rows are left out."""
    rows = table.rows
    yield "step"
    if len({row.result.experiment for row in rows}) > 1:
        yield "title"
    yield "text"
    if len({row.result.repository for row in rows}) > 1:
        yield "repository"
    yield from ("commit", "date")
    if any(row.n > 1 for row in rows):
        yield "n"
    yield from _GROUPS
    yield "source"


def _columns(table: Table, name: str) -> Iterator[Column]:
    if name in _PLAIN:
        yield Column(name, _PLAIN[name][0], name)
    elif name == "parameters":
        for one in table.parameters:
            yield Column(_heading(table, one, "parameter"), "parameter", one)
    elif name == "metrics":
        for one in table.metrics:
            yield Column(_heading(table, one, "metric"), "metric", one)
    elif name in table.metrics:
        yield Column(name, "metric", name)
    elif name in table.parameters:
        yield Column(name, "parameter", name)
    else:
        there_are = ", ".join([*COLUMNS, *table.metrics, *table.parameters])
        raise ExplogError("unknown-column", f"there is no column {name}; there are {there_are}")


def _heading(table: Table, name: str, kind: str) -> str:
    """Return what stands above a metric or parameter: which it is, if NAME leaves that open."""
    doubtful = name in COLUMNS or (name in table.metrics and name in table.parameters)
    return f"{name} ({kind})" if doubtful else name


def _field(row: Row, column: Column) -> Field:
    name, kind = column.name, column.kind
    if kind == "metric":
        cell = row.metrics.get(name)
        return Field("" if cell is None else cell.text, kind, name in row.best)
    if kind == "parameter":
        return Field(row.parameter(name), kind)
    return Field(_PLAIN[name][1](row), kind)
