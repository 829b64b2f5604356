"""Print a table of results in the format that is asked for, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from explog.errors import ExplogError
from explog.results.exchange import csv_text
from explog.results.formats import latex, markdown, org, terminal
from explog.results.grid import Grid, make_grid
from explog.results.table import Table

_OF_GRID: dict[str, Callable[[Grid], str]] = {
    "table": terminal,
    "org": org,
    "md": markdown,
    "latex": latex,
}
FORMATS = (*_OF_GRID, "csv")
"""The names of the formats."""


def render(table: Table, form: str, columns: Sequence[str] | None = None) -> str:
    """Return TABLE in one of FORMATS, with COLUMNS as in `make_grid`.

    Raises ExplogError `unknown-format` or `unknown-column`.
    """
    if form == "csv":
        return csv_text(table, columns)
    if form not in _OF_GRID:
        raise ExplogError(
            "unknown-format", f"there is no format {form}; there are {', '.join(FORMATS)}"
        )
    return _OF_GRID[form](make_grid(table, columns))
