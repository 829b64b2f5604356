"""One run from its beginning to its end: `explog run e201.1 -- python train.py`."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from explog.errors import ExplogError
from explog.run_settings import RunSettings
from explog.runs.child import Child, Outcome, die_of
from explog.runs.code import Code, head_of, is_pushed, read_code
from explog.runs.commits import short_command
from explog.runs.folder import fallback_folder, make_run_folder, run_name, runs_folder
from explog.runs.job import job_of
from explog.runs.listing import host_name
from explog.runs.options import Doubt, Request
from explog.runs.output import OutputLog
from explog.runs.process import identity
from explog.runs.record import RECORD, RunRecord, write_record
from explog.runs.resources import cpu_seconds, gpu_names, peak_memory
from explog.runs.say import say
from explog.wording import counted

_MOST_CHANGED = 1000
_PATIENCE_SECONDS = 2.0


class Prepared(NamedTuple):
    """A run that can begin: its folder, its record so far, its code, and where it is to run."""

    folder: str
    record: RunRecord
    code: Code | None
    cwd: str | None = None


def run(request: Request, settings: RunSettings, doubt: Doubt | None = None) -> int:
    """Run what REQUEST asks for and return its exit status; die as it does if a signal ends it.

    DOUBT may say what is wrong with its reference; the run goes on. Raises ExplogError if it must
    not begin.
    """
    code, notes = _code_before(request, settings)
    try:
        prepared = _prepare(request, settings, code, notes)
    except OSError as error:
        say(f"the run is not kept: {error.filename or ''}: {error.strerror}")
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


# Before


def _code_before(request: Request, settings: RunSettings) -> tuple[Code | None, list[str]]:
    """Return the state of the code that is to run, and sentences on what went wrong with it."""
    try:
        code = read_code(os.getcwd())
    except ExplogError as error:
        if settings.dirty == "refuse":
            raise
        return None, [f"the state of the code is not known: {error.message}"]
    if code is None:
        return None, ["there is no repository here: the code is not kept"]
    notes = []
    if settings.commit and code.changed:
        from explog.runs.commits import commit_before

        try:
            commit_before(code, request.reference or "", _title(request))
        except ExplogError as error:
            notes.append(f"no commit before the run: {error.message}")
        code = read_code(os.getcwd()) or code
    if settings.dirty == "refuse" and not code.is_clean:
        files = [*code.changed, *code.untracked]
        named = ", ".join(files[:3]) + (" …" if len(files) > 3 else "")
        raise ExplogError("dirty", f"there are changes that are not committed: {named}")
    return code, notes


def _title(request: Request) -> str:
    return request.text("title") or short_command(request.argv)


def _prepare(
    request: Request, settings: RunSettings, code: Code | None, notes: list[str]
) -> Prepared:
    """Make the folder of the run, keep its code, and write its record; may raise OSError."""
    start, pid, host = time.time(), os.getpid(), host_name()
    job = job_of(os.environ)
    reference = request.reference or ""
    runs = runs_folder(settings.folders[0], code.top if code else os.getcwd())
    earlier = None
    if job is not None:
        from explog.runs.requeue import earlier_attempt, set_aside

        earlier = earlier_attempt(runs, job, reference, request.argv)
    if earlier is None:
        name = run_name(reference, start, host, pid)
        folder = _make_folder(runs, name, code, notes)
    else:
        folder = earlier[0]
        set_aside(*earlier)
    record = RunRecord(
        run=os.path.basename(folder),
        reference=reference,
        state="running",
        argv=request.argv,
        cwd=os.path.relpath(os.getcwd(), code.top) if code else os.getcwd(),
        repository=code.top if code else None,
        branch=code.branch if code else None,
        head=code.head if code else None,
        head_after=None,
        snapshot=None,
        changed=_changed(code),
        pushed=None,
        host=host,
        pid=pid,
        start=start,
        attempt=1 if earlier is None else earlier[1].attempt + 1,
        job=job,
        environment=_chosen(os.environ, settings.environment),
        process=identity(pid),
        title=request.text("title"),
        outputs=_outputs(settings, request, code),
    )
    pinned = request.values.get("pin") if code else None
    if code is not None and (pinned or (settings.dirty == "snapshot" and not code.is_clean)):
        commit = pinned if isinstance(pinned, str) else None
        if pinned and earlier is not None:
            commit = earlier[1].snapshot or earlier[1].head
        record = _keep_code(record, code, settings, folder, commit, notes)
    prepared = Prepared(folder, record._replace(notes=tuple(notes)), code)
    write_record(folder, prepared.record)
    return _pin(prepared) if pinned else prepared


def _make_folder(runs: str, name: str, code: Code | None, notes: list[str]) -> str:
    try:
        return make_run_folder(runs, name, code)
    except OSError as error:
        elsewhere = fallback_folder()
        folder = make_run_folder(elsewhere, name, None)
        notes.append(f"{runs}: {error.strerror}; the run is kept in {elsewhere}")
        return folder


def _changed(code: Code | None) -> tuple[str, ...]:
    return (*code.changed, *code.untracked)[:_MOST_CHANGED] if code else ()


def _chosen(environment: Mapping[str, str], patterns: tuple[str, ...]) -> dict[str, str]:
    """Return those variables of ENVIRONMENT whose names match one of PATTERNS."""
    if not patterns:
        return {}
    import fnmatch

    return {
        name: value
        for name, value in environment.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }


def _outputs(settings: RunSettings, request: Request, code: Code | None) -> tuple[str, ...]:
    """Return the outputs, relative to the top of the worktree, as those of the settings are."""
    if code is None:
        return ()
    given = request.values.get("out")
    if not isinstance(given, list):
        return settings.outputs
    return tuple(os.path.relpath(os.path.abspath(path), code.top) for path in given)


def _keep_code(
    record: RunRecord,
    code: Code,
    settings: RunSettings,
    folder: str,
    commit: str | None,
    notes: list[str],
) -> RunRecord:
    """Return RECORD with the commit that has its code: COMMIT, or one made of CODE."""
    from explog.runs import snapshot, worktree

    try:
        if commit is not None:
            head, kept, changed = worktree.origin(code.top, commit)
            record = record._replace(head=head, snapshot=kept, changed=changed, branch=None)
        else:
            taken = snapshot.take_snapshot(code, settings.snapshot_limit, folder)
            notes += taken.notes
            record = record._replace(snapshot=None if taken.commit == code.head else taken.commit)
        if record.snapshot is not None:
            snapshot.keep(code.top, record.run, record.snapshot)
    except (ExplogError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        if commit is not None:
            raise ExplogError("no-code", f"{commit}: {why}") from error
        notes.append(f"the changes that are not committed are not kept: {why}")
    return record


def _pin(prepared: Prepared) -> Prepared:
    """Return PREPARED with a worktree of its code, which it is to run in."""
    from explog.runs import worktree

    record, code = prepared.record, prepared.code
    commit = record.snapshot or record.head
    if code is None or commit is None:
        raise ExplogError("no-code", "--pin: no commit has the code")
    folder = os.path.join(prepared.folder, "code")
    worktree.pin(code.top, commit, folder)
    cwd = os.path.normpath(os.path.join(folder, record.cwd))
    os.makedirs(cwd, exist_ok=True)
    return prepared._replace(cwd=cwd)


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
    finally:
        child.close()
        log.close()
    if outcome.problem:
        say(outcome.problem)
    ended = _ended(later.finish() if later else record, outcome, log.problem)
    try:
        write_record(folder, ended)
    except OSError as error:
        say(f"{folder}: its record cannot be written: {error.strerror}")
    return ended, outcome


def _ended(record: RunRecord, outcome: Outcome, log_problem: str | None) -> RunRecord:
    """Return RECORD of a run that has ended."""
    import signal

    if outcome.signal is not None:
        state, name = "killed", signal.Signals(outcome.signal).name
        if record.job is not None:
            from explog.runs.requeue import is_requeued

            state = "requeued" if is_requeued(record.job) else state
    else:
        state, name = "failed" if outcome.exit else "ok", None
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
    try:
        write_record(folder, record._replace(head_after=commit))
    except OSError as error:
        say(f"{folder}: its record cannot be written: {error.strerror}")
    say(f"{counted(len(record.outputs), 'outputs')} committed as {commit[:10]}")
    return commit
