"""Read TOML."""

from __future__ import annotations

import tomllib

from explog.results.rows import DEEPEST, Table, Tree, UnreadableError
from explog.results.values import Number
from explog.results.written import read_number

# Python's reader takes a time that grows with the square of a key's parts.
_MOST_DOTS = 500


def read_toml(text: str) -> list[tuple[int, Tree]]:
    """Return what is in TEXT, as a single row. Raises UnreadableError."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            raise UnreadableError(f"its line {number} has more than {_MOST_DOTS} dots")
    try:
        table = tomllib.loads(text, parse_float=read_number)
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error
    except ValueError as error:  # also where Python refuses to read an integer
        raise UnreadableError(f"it is no TOML: {error}") from error
    return [(0, _tree(table, 0))]


def _tree(value: object, depth: int) -> Tree:
    if depth > DEEPEST + 1:
        return None
    if isinstance(value, dict):
        return Table([(key, _tree(inside, depth + 1)) for key, inside in value.items()])
    if isinstance(value, list):
        return [_tree(item, depth + 1) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return read_number(str(value))
    return value if isinstance(value, Number | bool) else str(value)
