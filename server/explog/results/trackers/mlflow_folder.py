"""Runs in a folder `mlruns`, where MLflow keeps each value in a file of its own.

EXPERIMENT/RUN/meta.yaml        status, lifecycle_stage, start_time, end_time (milliseconds)
EXPERIMENT/RUN/tags/NAME        the value; a name may have folders in it, as `val/loss`
EXPERIMENT/RUN/params/NAME      the value
EXPERIMENT/RUN/metrics/NAME     a line for each time that it was logged: time, value, step
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping

from explog.results.folder import (
    Entry,
    UnreadFileError,
    file_at,
    folders_in,
    opened,
    read_end,
    read_small,
    walk,
)
from explog.results.rows import MOST_VALUES, Table, Tree
from explog.results.tracked import Tracked
from explog.results.trackers.run import Found, commit_id, find_step, run_values
from explog.results.values import Number
from explog.results.written import read_number

NAME, NOTE = "mlflow.runName", "mlflow.note.content"
COMMIT = "mlflow.source.git.commit"
META = "meta.yaml"
_FIELD = re.compile(rb"^(status|lifecycle_stage|start_time|end_time): *(\S*)\s*$", re.MULTILINE)
# The numbers are those of MLflow; some versions write the names.
_ENDED = {b"3": True, b"FINISHED": True, b"1": False, b"RUNNING": False}
_MOST_TAGS = 200
# The last lines of a metric have the value that counts.
_END_BYTES = 1 << 16


def read_mlruns(place: str, shown: str, idents: Collection[str]) -> Found:
    """Return the runs in the folder PLACE, called SHOWN, of steps of the experiments IDENTS."""
    runs = (run for experiment in folders_in(place) for run in folders_in(experiment))
    found = (_read_run(run, shown, idents) for run in runs if not _is_trash(place, run))
    return Found([one for one in found if one is not None])


def _is_trash(place: str, run: str) -> bool:
    return os.path.relpath(run, place).startswith(".")


def _read_run(run: str, shown: str, idents: Collection[str]) -> Tracked | None:
    """Return the RUN if it is one of a step, and has not failed."""
    try:
        with opened(file_at(os.path.join(run, META))) as (descriptor, status):
            meta = dict(_FIELD.findall(read_small(descriptor, status)))
    except UnreadFileError:
        return None
    ended = _ENDED.get(meta.get(b"status", b""))
    if ended is None or meta.get(b"lifecycle_stage", b"active") != b"active":
        return None
    tags = dict(_texts(os.path.join(run, "tags")))
    names = [tags.pop(NAME, None), *(value for name, value in tags.items() if name != NOTE)]
    reference = find_step(names, [tags.get(NOTE)], idents)
    if reference is None:
        return None
    parameters: list[tuple[str, Tree]] = [*_texts(os.path.join(run, "params"))]
    metrics, complaints = _metrics(os.path.join(run, "metrics"))
    source = f"{shown} ({names[0] or os.path.basename(run)})"
    commit = commit_id(tags.get(COMMIT))
    return Tracked(
        reference=str(reference),
        ended=ended,
        time=_seconds(meta),
        values=run_values(source, run, Table(metrics), Table(parameters), complaints),
        head=commit,
        commit=commit,
    )


def _seconds(meta: Mapping[bytes, bytes]) -> float:
    """Return when a run ended, or else began, in seconds since 1970."""
    for name in (b"end_time", b"start_time"):
        digits = meta.get(name, b"")
        if digits.isdigit() and len(digits) < 17:
            return int(digits) / 1000
    return 0.0


def _texts(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the names of the files in FOLDER, and what is in them."""
    for entry in _files(folder, _MOST_TAGS):
        try:
            with opened(entry) as (descriptor, status):
                yield entry.path, read_small(descriptor, status).decode("utf-8", "replace")
        except UnreadFileError:
            continue


def _metrics(folder: str) -> tuple[list[tuple[str, Tree]], list[str]]:
    """Return the last value of each metric, and complaints."""
    metrics: list[tuple[str, Tree]] = []
    complaints: list[str] = []
    for entry in _files(folder, MOST_VALUES):
        try:
            with opened(entry) as (descriptor, status):
                value = _last(read_end(descriptor, status, _END_BYTES))
        except UnreadFileError as error:
            complaints.append(f"the metric {entry.path}: {error}")
            continue
        if value is None:
            complaints.append(f"the metric {entry.path}: no line of it has a time, a value, a step")
        else:
            metrics.append((entry.path, value))
    return metrics, complaints


def _files(folder: str, most: int) -> Iterator[Entry]:
    return walk(folder, lambda _path: True, most=most)


def _last(end: bytes) -> Number | None:
    """Return the value with the latest step on the lines that END has, None if it has none.

    Of several of the same step, as of a run that went on, the one of the latest time counts.
    """
    best: tuple[tuple[int, int], Number] | None = None
    for line in end.decode("ascii", "replace").split("\n")[:-1]:  # the last may not be whole yet
        parts = line.split()
        if len(parts) < 2:
            continue
        time, value, step = [*parts, "0"][:3]
        number = read_number(value)
        if number.value is None or not _is_whole(time) or not _is_whole(step):
            continue
        order = int(step), int(time)
        if best is None or order >= best[0]:
            best = order, number
    return None if best is None else best[1]


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and len(text) < 30
