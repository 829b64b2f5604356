"""One run from its beginning to its end: `explog run e201.1 -- python train.py`."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time

from explog.errors import ExplogError
from explog.run_settings import RunSettings
from explog.runs.child import Child, Outcome
from explog.runs.code import head_of, is_pushed, read_code
from explog.runs.commits import short_command
from explog.runs.options import Doubt, Request
from explog.runs.output import OutputLog
from explog.runs.prepare import Prepared, code_before, prepare
from explog.runs.program import die_of
from explog.runs.record import RECORD, RunRecord, write_record
from explog.runs.resources import cpu_seconds, gpu_names, peak_memory
from explog.runs.say import say
from explog.wording import counted

_PATIENCE_SECONDS = 2.0
# What stops a job of a shell.
_STOPPING = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}


def run(request: Request, settings: RunSettings, doubt: Doubt | None = None) -> int:
    """Run what REQUEST asks for and return its exit status; die as it does if a signal ends it.

    DOUBT may say what is wrong with its reference; the run goes on. Raises ExplogError if it must
    not begin.
    """
    code, notes = code_before(request, settings)
    try:
        prepared = prepare(request, settings, code, notes)
    except OSError as error:
        why = f"the run is not kept: {error.filename or ''}: {error.strerror}"
        if "pin" in request.values:  # other code than was asked for must not run
            raise ExplogError("not-kept", why) from error
        say(why)
        return _without_us(request)
    for note in prepared.record.notes:
        say(note)
    record, outcome = _carry_out(prepared, doubt)
    if settings.commit and record.state == "ok" and code is not None:
        _commit_after(prepared.folder, record)
    if outcome.signal is not None:
        die_of(outcome.signal)
        return 128 + outcome.signal
    return outcome.exit or 0


def _without_us(request: Request) -> int:
    """Become the command of REQUEST: nothing can be kept of it, and it runs all the same."""
    try:
        os.execvp(request.argv[0], request.argv)  # noqa: S606 - the user named it
    except OSError as error:
        say(f"{request.argv[0]}: {error.strerror}")
        return 127 if isinstance(error, FileNotFoundError) else 126


# While it runs, and after


class _Later:
    """What is asked for while the training runs already, as it may take a while."""

    def __init__(self, prepared: Prepared, doubt: Doubt | None) -> None:
        self._prepared, self._doubt = prepared, doubt
        self._lock = threading.Lock()
        self._over = False
        self._pushed = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        # Our thread waits for a program that it starts to be loaded, and nothing can stop it in
        # that wait. If a key stopped the program then, the shell would never see us stop.
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        record, code = self._prepared.record, self._prepared.code
        if code and code.head:
            record = record._replace(pushed=is_pushed(code.top, code.head))
            self._replace(record)
        self._pushed.set()
        gpus = gpu_names()
        if gpus:
            self._replace(record._replace(gpus=gpus))
        if self._doubt is not None:
            with contextlib.suppress(ExplogError, OSError):  # settings that cannot be read
                doubt = self._doubt(record.reference)
                if doubt:
                    say(doubt)

    def _replace(self, record: RunRecord) -> None:
        with self._lock:
            if self._over:
                return
            self._prepared = self._prepared._replace(record=record)
            with contextlib.suppress(OSError):  # it is written once more at the end
                write_record(self._prepared.folder, record)

    def finish(self) -> RunRecord:
        """Return the record as it is now; nothing changes it any more."""
        self._pushed.wait(_PATIENCE_SECONDS)
        with self._lock:
            self._over = True
            return self._prepared.record


def _carry_out(prepared: Prepared, doubt: Doubt | None) -> tuple[RunRecord, Outcome]:
    """Run what is PREPARED; return its last record, which is written, and how it ended."""
    record, folder = prepared.record, prepared.folder
    command = short_command(record.argv)
    attempt = f" attempt {record.attempt}" if record.attempt > 1 else ""
    day = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(record.start))
    log = OutputLog(folder, f"[{record.reference}] {day} {record.host}{attempt}: {command}")
    environment = {
        **os.environ,
        "EXPLOG_REF": record.reference,
        "EXPLOG_RUN": record.run,
        "EXPLOG_RUN_DIR": folder,
    }
    child = Child(log, os.path.join(folder, RECORD), say)
    later = None
    try:
        outcome = child.start(record.argv, environment, prepared.cwd)
        if outcome is None:
            later = _Later(prepared, doubt)
            outcome = child.wait()
        log.close()
        ended = _ended(later.finish() if later else record, outcome, log.problem)
        _write(folder, ended)
    finally:
        child.close()  # after that, a signal ends us
    if outcome.problem:
        say(outcome.problem)
    return ended, outcome


def _write(folder: str, record: RunRecord) -> None:
    try:
        write_record(folder, record)
    except OSError as error:
        say(f"{folder}: its record cannot be written: {error.strerror}")


def _ended(record: RunRecord, outcome: Outcome, log_problem: str | None) -> RunRecord:
    """Return RECORD of a run that has ended."""
    if outcome.signal is not None:
        state, name = "killed", signal.Signals(outcome.signal).name
    else:
        state, name = "failed" if outcome.exit else "ok", None
    if record.job is not None:
        from explog.runs.requeue import is_requeued

        # Whatever its status: a training may save its work when it is told to end, and exit 0.
        state = "requeued" if is_requeued(record.job) else state
    after = head_of(record.repository) if record.repository else None
    notes = [note for note in (outcome.problem, log_problem) if note]
    usage = outcome.usage
    return record._replace(
        state=state,
        exit=outcome.exit,
        signal=name,
        end=time.time(),
        head_after=after,
        max_rss=None if usage is None else peak_memory(usage),
        cpu_seconds=None if usage is None else cpu_seconds(usage),
        notes=(*record.notes, *notes),
    )


def _commit_after(folder: str, record: RunRecord) -> None:
    try:
        finish(folder, record)
    except ExplogError as error:
        say(f"{error.message}; later: explog run --finish {record.run}")


def finish(folder: str, record: RunRecord) -> str:
    """Commit the results of RECORD, of the run in FOLDER; return the commit.

    Raises ExplogError with the reason if that must not be done.
    """
    code = read_code(record.repository) if record.repository else None
    if code is None:
        raise ExplogError("not-committed", "no commit of the results: there is no repository")
    if record.state != "ok":
        raise ExplogError("not-committed", f"no commit of the results: the run is {record.state}")
    from explog.runs.commits import commit_results

    commit = commit_results(code, record)
    _write(folder, record._replace(head_after=commit))
    say(f"{counted(len(record.outputs), 'outputs')} committed as {commit[:10]}")
    return commit
