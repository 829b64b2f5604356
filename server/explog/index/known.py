"""Whether an index that exists knows a reference; for `explog run`, which changes no index."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_SECONDS = 1.0
_EXPERIMENT = "SELECT id FROM experiments WHERE ident = ? OR instr(aliases, ?)"
_STEP = (
    "SELECT 1 FROM steps JOIN experiments ON experiments.id = experiment"
    " WHERE number = ? AND (ident = ? OR instr(aliases, ?))"
)


def what_is_unknown(path: Path, ident: str, step: str) -> str | None:
    """Return what the index at PATH does not know: `experiment`, `step` or nothing.

    None also means that there is no such index, or that it cannot be read or has no experiments.
    """
    if not path.is_file():
        return None
    try:
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_SECONDS)) as database:
            if database.execute("SELECT 1 FROM experiments").fetchone() is None:
                return None
            if database.execute(_EXPERIMENT, (ident, ident)).fetchone() is None:
                return "experiment"
            known = not step or database.execute(_STEP, (step, ident, ident)).fetchone()
            return None if known else "step"
    except sqlite3.Error:
        return None
