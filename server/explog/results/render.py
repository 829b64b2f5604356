"""Print a table of results in the format that is asked for, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from explog.errors import ExplogError
from explog.results.exchange import csv_text
from explog.results.formats import latex, markdown, org, terminal
from explog.results.grid import Grid, make_grid
from explog.results.table import Table

_OF_GRID: dict[str, Callable[[Grid], str]] = {"org": org, "md": markdown, "latex": latex}
FORMATS = ("table", *_OF_GRID, "csv")
"""The names of the formats."""


def render(
    table: Table,
    form: str,
    columns: Sequence[str] | None = None,
    bold: Callable[[str], str] = str,
) -> str:
    """Return TABLE in one of FORMATS, with COLUMNS as in `make_grid`.

    On a terminal, BOLD makes the best bold. Raises ExplogError `unknown-format` or
    `unknown-column`.
    """
    if form == "csv":
        return csv_text(table, columns)
    if form == "table":
        return terminal(make_grid(table, columns), bold)
    if form not in _OF_GRID:
        message = f"there is no format {form}; there are {', '.join(FORMATS)}"
        raise ExplogError("unknown-format", message)
    return _OF_GRID[form](make_grid(table, columns))
