"""A job that its scheduler put back into the queue goes on with the run that it had."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from explog.errors import ExplogError
from explog.runs.job import same_task
from explog.runs.listing import host_name, run_folders
from explog.runs.process import is_alive
from explog.runs.record import RECORD, Job, RunRecord, read_record

_SECONDS = 3.0
_RESTARTS = re.compile(rb"\bRestarts=(\d{1,9})\b")


class Earlier(NamedTuple):
    """The attempt of a run before the one that begins."""

    record: RunRecord
    folder: str


def earlier_attempt(
    runs: str, job: Job | None, reference: str, argv: Sequence[str]
) -> Earlier | None:
    """Return the run in RUNS that JOB had before its restart, or None.

    It had the same REFERENCE and ARGV. If it had several of them, the first comes first.
    """
    if job is None or (job.scheduler == "slurm" and not job.restart):
        return None
    found = []
    for folder in run_folders(runs):
        try:
            record = read_record(folder)
        except ExplogError:
            continue
        same = (record.reference, record.argv) == (reference, tuple(argv))
        if same and same_task(record.job, job) and _is_over(record, job):
            found.append(Earlier(record, folder))
    return min(found, key=lambda run: run.record.start) if found else None


def _is_over(record: RunRecord, job: Job) -> bool:
    """Tell whether JOB, which is the one of RECORD, was restarted since."""
    if job.scheduler == "slurm":
        return record.job is not None and record.job.restart < job.restart
    if record.state in ("ok", "failed"):  # PBS does not count; this one came to its end
        return False
    return not (record.host == host_name() and is_alive(record.pid, record.process))


def set_aside(earlier: Earlier) -> None:
    """Keep the record of EARLIER as `run.1.json`, too, as the next one comes; may raise OSError.

    The next one replaces it, so that at no time the run has none.
    """
    record = os.path.join(earlier.folder, RECORD)
    kept = os.path.join(earlier.folder, f"run.{max(earlier.record.attempt, 1)}.json")
    try:
        os.link(record, kept)
    except FileExistsError:  # whoever went on with it before was killed
        pass
    except OSError:  # not every drive has links
        shutil.copyfile(record, kept)


def is_requeued(job: Job | None) -> bool:
    """Tell whether SLURM has put JOB back into the queue, if it answers in three seconds.

    Then it has counted one more restart. Its state does not tell: it is `COMPLETING` as long as a
    process of the job is left, as it is in a job that was cancelled.
    """
    if job is None or job.scheduler != "slurm":
        return False
    ident = job.id if job.task is None else f"{job.id}_{job.task}"
    try:
        done = subprocess.run(
            ["scontrol", "show", "job", ident],
            stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    found = _RESTARTS.search(done.stdout)
    return found is not None and int(found[1]) > job.restart
