"""The runs in a folder, and how each of them is now.

    for record in read_runs("/home/ada/project/runs"): ...

A record says `running` until its run has ended. If nobody touched it for three minutes, and there
is no such process if it ran on this machine, the run is lost: it was killed, or the machine was.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from explog.errors import ExplogError
from explog.runs.process import is_alive
from explog.runs.record import RECORD, RunRecord, read_record

LOST_SECONDS = 180.0


def read_runs(folder: str | os.PathLike[str], now: float | None = None) -> list[RunRecord]:
    """Return the runs in FOLDER, the newest first, each with the state that it has NOW.

    What is no run, or cannot be read, is passed over. A folder that does not exist has none.
    """
    return [run.record for run in find_runs([os.fspath(folder)], now)]


class FoundRun(NamedTuple):
    """A run, with the state that it has now, and its folder."""

    record: RunRecord
    folder: str


def find_runs(
    folders: Iterable[str],
    now: float | None = None,
    wanted: Callable[[str], bool] | None = None,
) -> list[FoundRun]:
    """Return the runs in all FOLDERS, the newest first, each once, as `read_runs` does.

    WANTED tells of the folder of a run whether to read its record; by default, all are read.
    """
    places = dict.fromkeys(map(os.path.realpath, folders))
    found = [
        FoundRun(record, path)
        for place in places
        for path in run_folders(place)
        if (wanted is None or wanted(path)) and (record := read_run(path, now)) is not None
    ]
    return sorted(found, key=lambda run: (run.record.start, run.record.run), reverse=True)


def read_run(folder: str, now: float | None = None) -> RunRecord | None:
    """Return the run in FOLDER with the state that it has NOW; None if there is no such run."""
    try:
        record = read_record(folder)
        beat = os.stat(os.path.join(folder, RECORD)).st_mtime
    except (ExplogError, OSError):
        return None
    if record.state != "running":
        return record
    return record._replace(state=_state(record, beat, time.time() if now is None else now))


def run_folders(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the folders in FOLDER that have a record; links are not followed."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                hidden = entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False)
                if not hidden and os.path.lexists(os.path.join(entry.path, RECORD)):
                    yield entry.path
    except OSError:
        return


def host_name() -> str:
    """Return the name of this machine, as records have it."""
    return os.uname().nodename or "localhost"


def _state(record: RunRecord, beat: float, now: float) -> str:
    """Return how the run of RECORD is, which was touched at BEAT.

    A time in the future is as old: a clock went wrong, and says nothing of the run.
    """
    if abs(now - beat) <= LOST_SECONDS:
        return "running"
    if record.host == host_name() and is_alive(record.pid, record.process):
        return "running"
    return "lost"


def find_run(word: str, folders: Sequence[str]) -> str:
    """Return the folder of the run that WORD names, among those in FOLDERS.

    WORD is the path of a run's folder, the name of a run or its beginning, or a reference, which
    stands for its newest run. Raises ExplogError `unknown-run` or `ambiguous-run`.
    """
    if os.path.lexists(os.path.join(word, RECORD)):
        return os.path.abspath(word)
    found = [path for folder in folders for path in run_folders(folder)]
    exact = [path for path in found if os.path.basename(path) == word]
    if exact:
        return exact[0]
    of_reference = [
        path for path in found if os.path.basename(path).startswith(f"{word.strip('[]')}-2")
    ]
    if of_reference:
        return max(of_reference, key=_started)
    beginning = [path for path in found if os.path.basename(path).startswith(word)]
    if len(beginning) > 1:
        raise ExplogError("ambiguous-run", f"{word}: {len(beginning)} runs begin with it")
    if not beginning:
        raise ExplogError("unknown-run", f"{word}: there is no such run in {', '.join(folders)}")
    return beginning[0]


def _started(folder: str) -> float:
    run = read_run(folder)
    return 0.0 if run is None else run.start
