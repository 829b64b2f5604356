"""Read JSON, and several JSON texts on lines of their own."""

from __future__ import annotations

import json

from explog.results.rows import Table, Tree, UnreadableError, as_rows, observations
from explog.results.written import read_number


def read_json(text: str) -> list[tuple[int, Tree]]:
    """Return the observations in TEXT: itself, or those in a list or on lines.

    Raises UnreadableError.
    """
    try:
        tree = decode_json(text)
    except json.JSONDecodeError as error:
        trees = _lines(text) if error.msg == "Extra data" else []
        if not trees:
            reason = f"it is no JSON: {error.msg} (line {error.lineno})"
            raise UnreadableError(reason) from error
        return observations(trees)
    return as_rows(tree)


def _lines(text: str) -> list[tuple[int, Tree]]:
    """Return what is on the lines of TEXT; nothing if the first one is no table."""
    trees: list[tuple[int, Tree]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            tree = decode_json(line)
        except json.JSONDecodeError as error:
            if not trees:
                return []
            raise UnreadableError(f"its line {number} is no JSON: {error.msg}") from error
        if not isinstance(tree, Table):
            return []
        trees.append((number, tree))
    return trees


def decode_json(text: str) -> Tree:
    """Return the JSON text TEXT as a tree; raise json.JSONDecodeError or UnreadableError."""
    try:
        tree: Tree = _DECODER.decode(text)
        return tree
    except RecursionError as error:
        raise UnreadableError("it is nested too deep") from error


_DECODER = json.JSONDecoder(
    object_pairs_hook=Table,
    parse_float=read_number,
    parse_int=read_number,
    parse_constant=read_number,
)
