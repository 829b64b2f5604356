"""End a run of this machine when its user asks for that."""

from __future__ import annotations

import os
import signal

from explog.errors import ExplogError
from explog.runs.listing import host_name
from explog.runs.process import is_alive
from explog.runs.record import RECORD, RunRecord, read_record


def end_run(folder: str) -> None:
    """Send the signal TERM to the process of the run in FOLDER.

    What the record says is not believed where it could hit another process: the user must own the
    record, and the process must be the one that wrote it. Raises ExplogError `not-ended` with the
    reason, or `bad-run`.
    """
    record = read_record(folder)
    why = _why_not(folder, record)
    if why:
        raise ExplogError("not-ended", f"{record.run} is not ended: {why}")
    try:
        os.kill(record.pid, signal.SIGTERM)
    except OSError as error:
        raise ExplogError("not-ended", f"{record.run} is not ended: {error.strerror}") from error


def _why_not(folder: str, record: RunRecord) -> str | None:
    """Return why the process of the run of RECORD, in FOLDER, must not be ended, or None."""
    if record.state != "running":
        return f"it is {record.state}"
    if record.host != host_name():
        return f"it runs on {record.host}"
    if os.stat(os.path.join(folder, RECORD)).st_uid != os.getuid():
        return "it is another user's"
    if record.process is None or not is_alive(record.pid, record.process):
        return "its process is not there any more"
    return None
