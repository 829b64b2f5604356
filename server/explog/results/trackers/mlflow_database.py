"""Runs in a database of MLflow, `mlflow.db`: a file of SQLite, which is only read.

Whoever can write the file could make a question take for ever. So each has a limit of steps.
"""

from __future__ import annotations

import json
import math
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from explog.results.folder import UnreadFileError, file_at, opened
from explog.results.rows import Table, Tree
from explog.results.tracked import Tracked
from explog.results.trackers.mlflow_folder import COMMIT, NAME, NOTE
from explog.results.trackers.run import Found, commit_id, find_step, run_values
from explog.results.written import read_number

_SECONDS = 10.0
_MOST_BYTES = 1 << 20
_STEPS = 10_000
_RUNS = (
    "SELECT run_uuid, name, status, end_time, start_time FROM runs"
    " WHERE lifecycle_stage = 'active' AND status IN ('FINISHED', 'RUNNING')"
    " ORDER BY start_time DESC LIMIT 20000"
)
_TAGS = "SELECT run_uuid, key, substr(value, 1, 10000) FROM tags LIMIT 500000"
_METRICS = (
    "SELECT run_uuid, key, value, is_nan FROM latest_metrics"
    " WHERE run_uuid IN (SELECT value FROM json_each(?)) LIMIT 200000"
)
_PARAMETERS = (
    "SELECT run_uuid, key, substr(value, 1, 10000) FROM params"
    " WHERE run_uuid IN (SELECT value FROM json_each(?)) LIMIT 200000"
)
# MLflow keeps an infinity as the largest number that there is.
_LARGEST = 1.7976931348623157e308


def read_database(place: str, shown: str, idents: Collection[str]) -> Found:
    """Return the runs in the database PLACE, called SHOWN, of steps of the experiments IDENTS."""
    try:
        with closing(_open(place)) as database:
            return Found(_runs(database, place, shown, idents))
    except (sqlite3.Error, UnreadFileError) as error:
        return Found([], [f"{place}: its runs cannot be read: {error}"])


def _open(place: str) -> sqlite3.Connection:
    """Return the database PLACE, which cannot be written through it; raise UnreadFileError."""
    with opened(file_at(place)) as (descriptor, _status):
        has_wal = os.pread(descriptor, 2, 18) == b"\2\2"
    # To read what nobody else has open, SQLite would make a file beside it.
    quiet = has_wal and not os.path.lexists(f"{place}-wal")
    uri = f"{Path(place).absolute().as_uri()}?mode=ro{'&immutable=1' if quiet else ''}"
    database = sqlite3.connect(uri, uri=True, timeout=2.0)
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    end = time.monotonic() + _SECONDS
    database.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    return database


class _Run(NamedTuple):
    reference: str
    name: str
    ended: bool
    time: float
    commit: str | None


def _runs(
    database: sqlite3.Connection, place: str, shown: str, idents: Collection[str]
) -> list[Tracked]:
    chosen = dict(_chosen(database, idents))
    asked = json.dumps([*chosen])
    metrics = _by_run(database.execute(_METRICS, (asked,)))
    parameters = _by_run(database.execute(_PARAMETERS, (asked,)))
    return [
        Tracked(
            reference=run.reference,
            ended=run.ended,
            time=run.time,
            values=run_values(
                f"{shown} ({run.name or ident})",
                f"{place}: run {ident}",
                Table([(key, _number(*value)) for key, *value in metrics.get(ident, ())]),
                Table([(key, str(value)) for key, value in parameters.get(ident, ())]),
            ),
            head=run.commit,
            commit=run.commit,
        )
        for ident, run in chosen.items()
    ]


def _chosen(database: sqlite3.Connection, idents: Collection[str]) -> Iterator[tuple[str, _Run]]:
    """Yield the runs of steps of the experiments IDENTS by their ids."""
    tags: dict[str, dict[str, str]] = {}
    for run, key, value in database.execute(_TAGS):
        tags.setdefault(str(run), {})[str(key)] = str(value)
    for run, name, status, *times in database.execute(_RUNS):
        own = tags.get(str(run), {})
        others = (value for key, value in own.items() if key not in (NAME, NOTE))
        reference = find_step([str(name or ""), *others], [own.get(NOTE)], idents)
        if reference is not None:
            ended, commit = status == "FINISHED", commit_id(own.get(COMMIT))
            yield str(run), _Run(str(reference), str(name or ""), ended, _seconds(times), commit)


def _by_run(rows: Iterable[Sequence[object]]) -> dict[str, list[Any]]:
    """Return what ROWS have by the run that they begin with."""
    found: dict[str, list[Any]] = {}
    for run, key, *values in rows:
        found.setdefault(str(run), []).append((str(key), *values))
    return found


def _number(value: object, is_nan: object) -> Tree:
    if is_nan:
        return read_number("nan")
    if not isinstance(value, int | float):
        return None
    return read_number(repr(value if abs(value) < _LARGEST else math.copysign(math.inf, value)))


def _seconds(times: Iterable[object]) -> float:
    """Return the first of TIMES, in milliseconds since 1970, that is one, in seconds."""
    return next((one / 1000 for one in times if isinstance(one, int | float)), 0.0)
