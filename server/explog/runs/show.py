"""What `explog run --show RUN` prints."""

from __future__ import annotations

import shlex
import time

from explog.runs.commits import duration
from explog.runs.record import OUTPUT, Job, RunRecord
from explog.wording import visible

_MOST_FILES = 20


def describe(record: RunRecord, folder: str) -> str:
    """Return RECORD of the run in FOLDER as lines for a person."""
    pairs = [
        ("run", record.run),
        ("state", outcome(record)),
        ("command", shlex.join(record.argv)),
        ("folder", f"{record.repository or ''}:{record.cwd}" if record.repository else record.cwd),
        ("host", f"{record.host}, process {record.pid}"),
        ("job", _job(record.job)),
        ("attempt", str(record.attempt) if record.attempt > 1 else ""),
        ("started", moment(record.start)),
        ("ended", moment(record.end)),
        ("code", _code(record)),
        ("changed", _files(record.changed)),
        ("memory", "" if record.max_rss is None else f"{record.max_rss / (1 << 20):.0f} MB"),
        ("CPU", "" if record.cpu_seconds is None else f"{record.cpu_seconds:.1f} s"),
        ("GPUs", ", ".join(record.gpus)),
        *[("variable", f"{name}={value}") for name, value in sorted(record.environment.items())],
        *[("note", note) for note in record.notes],
        ("output", f"{folder}/{OUTPUT}"),
    ]
    return "\n".join(f"{name:9} {one_line(value)}" for name, value in pairs if value)


def outcome(record: RunRecord) -> str:
    """Return how the run of RECORD is: `failed (1) after 0:12`."""
    took = "" if record.seconds is None else f" after {duration(record.seconds)}"
    return f"{state_and_why(record)}{took}"


def state_and_why(record: RunRecord) -> str:
    """Return the state of RECORD with its exit status or signal: `failed (1)`."""
    why = record.signal or record.exit
    return f"{record.state} ({why})" if why else record.state


def moment(seconds: float | None) -> str:
    """Return a time as `2026-01-05 10:15:00`, or nothing."""
    if seconds is None:
        return ""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return "?"


def one_line(text: str) -> str:
    """Return TEXT on one line, with its control characters made visible."""
    return visible(text).replace("\n", "\u240a").replace("\t", "\u2409")


def _code(record: RunRecord) -> str:
    if record.head is None and record.snapshot is None:
        return ""
    where = record.branch or "no branch"
    head = "no commit" if record.head is None else record.head[:10]
    kept = f", with changes in {record.snapshot[:10]}" if record.snapshot else ""
    pushed = ", not pushed" if record.pushed is False else ""
    return f"{head} on {where}{kept}{pushed}"


def _files(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_FILES
    return ", ".join(names[:_MOST_FILES]) + (f" and {more} more" if more > 0 else "")


def _job(job: Job | None) -> str:
    if job is None:
        return ""
    return f"{job.scheduler} {job.id}" + (f", task {job.task}" if job.task else "")
