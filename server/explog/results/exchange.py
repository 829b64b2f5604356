"""Tables of results for other programs: CSV as RFC 4180 has it, and JSON."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite

from explog.results.cells import Cell, with_unit
from explog.results.grid import Column, columns_of, iso_time
from explog.results.table import Row, Table
from explog.results.values import Number

# A spreadsheet runs what begins so as a formula; an apostrophe before it makes it text.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|-inf")
_ALL = ("step", "title", "text", "repository", "commit", "date", "source", "n")

# CSV

# What a program needs whole: an abbreviation may read as a number, and so may a step.
_WHOLE: Mapping[str, Callable[[Row], str]] = {
    "step": lambda row: row.result.reference,
    "title": lambda row: row.result.title,
    "text": lambda row: row.result.text,
    "repository": lambda row: row.result.repository,
    "commit": lambda row: row.result.commit,
    "date": lambda row: iso_time(row.result.time),
    "source": lambda row: row.source,
    "n": lambda row: str(row.n),
}


def csv_text(table: Table, columns: Sequence[str] | None = None) -> str:
    """Return TABLE as CSV, whose lines end in CR and LF.

    A metric has two columns, for its mean and its standard deviation, and one for its unit if it is
    written with one. What a spreadsheet would take for a formula has an apostrophe before it.
    """
    found = columns_of(table, [*_ALL, "parameters", "metrics"] if columns is None else columns)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([guarded(name) for column in found for name in _names(table, column)])
    for row in table.rows:
        fields = (text for column in found for text in _texts(table, row, column))
        writer.writerow(list(map(guarded, fields)))
    return stream.getvalue()


def guarded(text: str) -> str:
    """Return TEXT so that no spreadsheet runs it: `unguarded` undoes that."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return what `guarded` made TEXT of."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _names(table: Table, column: Column) -> Iterator[str]:
    yield column.heading
    if column.kind == "metric":
        yield f"{column.heading} sd"
        if _has_unit(table, column.name):
            yield f"{column.heading} unit"


def _texts(table: Table, row: Row, column: Column) -> Iterator[str]:
    if column.kind == "metric":
        cell = row.metrics.get(column.name)
        yield "" if cell is None else _mean(cell)
        yield "" if cell is None else cell.sd_text
        if _has_unit(table, column.name):
            yield "" if cell is None else cell.unit
    elif column.kind == "parameter":
        values = row.parameters.get(column.name, ())
        yield ", ".join(with_unit(one.text, one.unit) for one in values)
    else:
        yield _WHOLE[column.name](row)


def _mean(cell: Cell) -> str:
    return cell.values[0].text if len(cell.values) == 1 else cell.mean_text


def _has_unit(table: Table, metric: str) -> bool:
    cells = (row.metrics.get(metric) for row in table.rows)
    return any(cell is not None and cell.unit for cell in cells)


# JSON


def json_value(table: Table) -> dict[str, object]:
    """Return what is printed as JSON.

    Numbers that JSON does not have are texts: "nan", "inf", "-inf".
    """
    return {"metrics": list(table.metrics), "rows": [_row(table, row) for row in table.rows]}


def _row(table: Table, row: Row) -> dict[str, object]:
    result = row.result
    metrics = {name: row.metrics[name] for name in table.metrics if name in row.metrics}
    parameters = {name: row.parameters[name] for name in table.parameters if name in row.parameters}
    return {
        "experiment": result.experiment,
        "step": result.number,
        "title": result.title,
        "repository": result.repository or None,
        "commit": result.commit or None,
        "date": iso_time(result.time),
        "source": row.source or None,
        "n": row.n,
        "metrics": {name: _cell(cell) for name, cell in metrics.items()},
        "parameters": {name: _parameter(values) for name, values in parameters.items()},
    }


def _cell(cell: Cell) -> dict[str, object]:
    values = [_number(value.value, value.text) for value in cell.values]
    return {"values": values, "mean": _number(cell.mean), "sd": cell.sd}


def _number(value: float | None, text: str = "") -> float | int | str | None:
    """Return VALUE as JSON has it; a whole number as such, if it was written as TEXT so."""
    if value is None:
        return text or None
    if _is_whole(text):
        return int(text)
    return value if isfinite(value) else str(value)


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 1000


def _parameter(values: Sequence[Number]) -> object:
    """Return the value of a parameter; a list if the samples of the step differ in it."""
    found = [
        with_unit(one.text, one.unit) if one.unit else _number(one.value, one.text)
        for one in values
    ]
    return found[0] if len(found) == 1 else found
