"""Which runs have ended and have no note yet, and what a note says of them. Pure.

A run is noted when it has ended for good: not while it waits for its next attempt, and as lost only
after an hour, as a drive may be away for some minutes. The tasks of a job array get one note, when
the last of them has ended.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from explog.plan.noted import Given, Noted
from explog.runs.commits import duration
from explog.runs.folder import short_host
from explog.runs.job import array_of
from explog.runs.listing import FoundRun
from explog.runs.record import RECORD, RunRecord
from explog.runs.show import state_and_why
from explog.wording import counted

LAST_SECONDS = 30 * 86400.0
"""A run that ended earlier gets no note any more."""
_LOST_SECONDS = 3600.0
# So far the clocks of two machines may be apart.
_CLOCKS_SECONDS = 3600.0
# Tasks of an array that have not begun may still be in the queue. How many there are is known of
# SLURM's arrays; of others, the array counts as ended when it is quiet for some minutes.
_QUEUE_SECONDS = 86400.0
_QUIET_SECONDS = 600.0
_WORST = ("failed", "killed", "lost", "ok")
_NOTE = re.compile(
    r"[-+*] +\[\d{4}-[^]\n]*\] (?:\([^)\n]*\) )?"  # when it began, and on which commit
    rf"(?P<state>{'|'.join(_WORST)})(?: \([^()\n]*\))?(?:, [^,\n]*)?"
    r" on (?:\S+|[\d,]+ hosts)(?:, attempt \d+)?(?:, with uncommitted changes)?"
)
_SIGNAL = re.compile(r"SIG[A-Z0-9+-]{1,12}")


class End(NamedTuple):
    """The end of `runs`, the oldest first: one run, or the tasks of an array.

    `time` is when the last of them ended, in seconds since 1970.
    """

    runs: tuple[FoundRun, ...]
    time: float

    @property
    def reference(self) -> str:
        """What they were run for: `e201.1`."""
        return self.runs[0].record.reference

    @property
    def first(self) -> RunRecord:
        """The record of the first."""
        return self.runs[0].record

    @property
    def head(self) -> str | None:
        """The commit that they ran on; None if it is not one commit."""
        heads = {run.record.head for run in self.runs}
        return heads.pop() if len(heads) == 1 else None

    def given(self, note: str = "") -> dict[str, Given]:
        """Return that all of them have their NOTE, which is empty if they get none."""
        found = {
            run.folder: Given(run.record.attempt, run.record.state, self.time) for run in self.runs
        }
        found[self.runs[0].folder] = found[self.runs[0].folder]._replace(note=note)
        return found


def find_ends(
    found: Iterable[FoundRun], noted: Noted, sources: Mapping[str, str], now: float
) -> list[End]:
    """Return the ends among the runs FOUND that are to be noted NOW, the oldest first.

    SOURCES says what each folder of runs is a part of, as `noted.since` names it. What ended before
    that is not noted.
    """
    alone, arrays = _grouped(found, now)
    # Nearly all have their note: they are passed over first, as there may be thousands.
    new = (run for run in alone if not _is_covered(run, noted))
    ends = [End((run,), ended) for run in new if (ended := _ended(run, now)) is not None]
    ends += [end for some in arrays for end in _end_of_array(some, noted, now)]
    due = (end for end in ends if _is_due(end, noted, sources, now))
    return sorted(due, key=lambda end: (end.first.start, end.first.run))


def each_end(found: Iterable[FoundRun], now: float) -> list[End]:
    """Return the end of each of the runs FOUND that is over NOW, noted or not; not of old ones."""
    ends = [End((run,), ended) for run in found if (ended := _ended(run, now)) is not None]
    return [end for end in ends if now - end.time <= LAST_SECONDS]


def _grouped(found: Iterable[FoundRun], now: float) -> tuple[list[FoundRun], list[list[FoundRun]]]:
    """Return the runs by themselves, and those of each array, of all FOUND that matter NOW."""
    alone: list[FoundRun] = []
    arrays: dict[tuple[str, str], list[FoundRun]] = defaultdict(list)
    for run in found:
        record = run.record
        if record.end is not None and now - record.end > LAST_SECONDS:
            continue
        array = array_of(record.job)
        if array is None:
            alone.append(run)
        else:
            arrays[array, record.reference].append(run)
    return alone, list(arrays.values())


def _ended(run: FoundRun, now: float) -> float | None:
    """Return when RUN ended, for good as far as is known NOW; None if it did not."""
    if run.record.state in ("running", "requeued"):
        return None
    if run.record.state != "lost":
        return run.record.start if run.record.end is None else run.record.end
    try:
        beat = os.stat(os.path.join(run.folder, RECORD)).st_mtime
    except OSError:
        return None
    return beat if now - beat > _LOST_SECONDS else None


def _end_of_array(runs: Sequence[FoundRun], noted: Noted, now: float) -> Iterator[End]:
    """Yield the end of those of RUNS, of one array, that have no note, if all have ended NOW."""
    times = {run.folder: ended for run in runs if (ended := _ended(run, now)) is not None}
    if any(run.folder not in times and not _is_left(run.record, now) for run in runs):
        return
    over = [run for run in runs if run.folder in times]
    new = [run for run in over if not _is_covered(run, noted)]
    size = max((run.record.job.size or 0 for run in runs if run.record.job), default=0)
    if len({_task(run.record) for run in over}) < size:
        wait = _QUEUE_SECONDS
    else:
        wait = 0.0 if size else _QUIET_SECONDS
    if new and now - max(times.values()) >= wait:
        new.sort(key=lambda run: run.record.start)
        yield End(tuple(new), max(times[run.folder] for run in new))


def _is_left(record: RunRecord, now: float) -> bool:
    """Tell whether RECORD was put back into the queue so long ago that nobody waits for it."""
    ended = record.start if record.end is None else record.end
    return record.state == "requeued" and now - ended > _QUEUE_SECONDS


def _task(record: RunRecord) -> str | None:
    job = record.job
    return None if job is None else job.task if job.task is not None else job.process


def _is_covered(run: FoundRun, noted: Noted) -> bool:
    """Tell whether RUN has its note. One that was lost and came back gets another one."""
    given = noted.given.get(run.folder)
    if given is None or run.record.attempt > given.attempt:
        return False
    return given.state != "lost" or run.record.state == "lost"


def _is_due(end: End, noted: Noted, sources: Mapping[str, str], now: float) -> bool:
    source = sources.get(os.path.dirname(end.runs[0].folder), "")
    since = noted.since.get(source)
    if since is None or not since <= end.time <= now + _CLOCKS_SECONDS:
        return False
    return now - end.time <= LAST_SECONDS and all(_may_be_true(run, since) for run in end.runs)


def _may_be_true(run: FoundRun, since: float) -> bool:
    """Tell whether RUN ended when its record says, and its folder did not come with a repository.

    Else a record could have a note written into a log whenever it likes: no record was written
    before the end that it tells of. A copy of one that never ended looks as if it were lost now.
    """
    if run.record.state == "lost":
        return run.record.start >= since
    try:
        written = os.stat(os.path.join(run.folder, RECORD)).st_mtime
    except OSError:  # its drive is away for a moment
        return True
    return run.record.end is None or run.record.end <= written + _CLOCKS_SECONDS


# What it says


def said_of(end: End) -> str:
    """Return how END was, for a note: `ok, 2:31:07 on node7`."""
    records = [run.record for run in end.runs]
    hosts = sorted({short_host(record.host)[:40] for record in records})
    where = hosts[0] if len(hosts) == 1 else counted(len(hosts), "hosts")
    seconds = end.time - end.first.start
    is_unknown = seconds < 0 or [record.state for record in records] == ["lost"]
    took = "" if is_unknown else f", {duration(seconds)}"
    attempt = max(record.attempt for record in records) if len(records) == 1 else 1
    more = f", attempt {attempt}" if attempt > 1 else ""
    changes = any(record.snapshot or record.changed for record in records)
    uncommitted = ", with uncommitted changes" if changes else ""
    return f"{_outcome(records)}{took} on {where}{more}{uncommitted}"


def noted_state(item: str) -> str | None:
    """Return the state of the run that ITEM of a list notes the end of, as `explog` wrote it.

    None if ITEM is something else, or says more.
    """
    match = _NOTE.fullmatch(item)
    return match["state"] if match is not None else None


def _outcome(records: Sequence[RunRecord]) -> str:
    """Return the state of RECORDS, the worst one, and of several how many have which."""
    if array_of(records[0].job) is None:
        record = records[0]
        known = record.signal is None or _SIGNAL.fullmatch(record.signal)
        return state_and_why(record if known else record._replace(signal=None))
    counts = Counter(record.state for record in records)
    worst = next(state for state in _WORST if state in counts)
    tasks = any(record.job is not None and record.job.task is not None for record in records)
    all_of_them = counted(len(records), "tasks" if tasks else "processes")
    bad = ", ".join(f"{counts[state]} {state}" for state in _WORST if state in counts)
    if counts.keys() == {worst}:
        return f"{worst} ({all_of_them})"
    return f"{worst} ({bad} of {all_of_them})"


def stamp_of(end: End) -> str | None:
    """Return when END began as org writes it, `[2026-01-05 Mon 10:15]`; None if that is no time."""
    try:
        began = time.localtime(end.first.start)
    except (OverflowError, OSError, ValueError):
        return None
    if not 1970 <= began.tm_year <= 9999:
        return None
    return f"[{time.strftime('%Y-%m-%d %a %H:%M', began)}]"
