"""Read tables of values separated by commas, semicolons or tabs: CSV and TSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from explog.results.rows import (
    MOST_ROWS,
    LeftOut,
    Table,
    Tree,
    UnreadableError,
    cleaned,
    names_sample,
)
from explog.results.values import Number
from explog.results.written import read_number

_MOST_COLUMNS = 10_000


def read_csv(text: str) -> list[tuple[int, Tree]]:
    """Return the observations in TEXT, which has a header; raise UnreadableError.

    What separates its cells is what the header has most of. Behind semicolons and tabs, `0,71` is
    a number.
    """
    header = text.lstrip("\n").partition("\n")[0]
    return _read(text, max(",;\t", key=header.count))


def read_tsv(text: str) -> list[tuple[int, Tree]]:
    """Return the observations in TEXT, separated by tabs; raise UnreadableError."""
    return _read(text, "\t")


def _read(text: str, separator: str) -> list[tuple[int, Tree]]:
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        rows = [row for row in lines if any(map(str.strip, row))]
    except csv.Error as error:
        raise UnreadableError(f"its line {lines.line_num} is no table: {error}") from error
    names = [cleaned(name) for name in _without_end(rows[0][:_MOST_COLUMNS])] if rows else []
    if not names:
        raise UnreadableError("it is empty")
    if len(rows[0]) > _MOST_COLUMNS:
        raise UnreadableError(f"it has more than {_MOST_COLUMNS:,} columns")
    if all(isinstance(_cell(name, separator), Number) for name in names):
        raise UnreadableError("it has no header: there are nothing but numbers on its first line")
    names[0] = names[0].removeprefix("#").strip()
    numbered = list(enumerate(rows[1:], 1))
    if not any(map(names_sample, names)):
        numbered = numbered[-1:]
    read = [(number, _table(names, row, separator)) for number, row in numbered[:MOST_ROWS]]
    return [*read, *((number, None) for number, _row in numbered[MOST_ROWS:])]


def _table(names: Sequence[str], row: Sequence[str], separator: str) -> Tree:
    cells = _without_end(row)
    cells += [""] * (min(len(row), len(names)) - len(cells))
    if len(cells) != len(names):
        reason = f"of {len(row):,} cells below a header of {len(names):,}"
        return LeftOut(reason)
    pairs = zip(names, cells, strict=True)
    return Table([(name, _cell(cell, separator)) for name, cell in pairs if name and cell.strip()])


def _without_end(row: Sequence[str]) -> list[str]:
    """Return ROW without what a separator at the end of the line makes: empty cells there."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return list(row[:end])


def _cell(text: str, separator: str) -> Number | str:
    number = read_number(text, decimal_comma=separator != ",")
    return text if number.value is None else number
