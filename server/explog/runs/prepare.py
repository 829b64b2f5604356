"""What comes before a run: the state of its code, its folder, and its first record."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from explog.errors import ExplogError
from explog.run_settings import RunSettings
from explog.runs.code import Code, read_code
from explog.runs.commits import short_command
from explog.runs.folder import fallback_folder, make_run_folder, run_name, runs_folder
from explog.runs.job import job_of
from explog.runs.listing import host_name
from explog.runs.options import Request
from explog.runs.process import identity
from explog.runs.record import Job, RunRecord, write_record

if TYPE_CHECKING:
    from explog.runs.requeue import Earlier

_MOST_CHANGED = 1000


class Prepared(NamedTuple):
    """A run that can begin: its folder, its record so far, its code, and where it is to run."""

    folder: str
    record: RunRecord
    code: Code | None
    cwd: str | None = None


def code_before(request: Request, settings: RunSettings) -> tuple[Code | None, list[str]]:
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


def prepare(
    request: Request, settings: RunSettings, code: Code | None, notes: list[str]
) -> Prepared:
    """Make the folder of the run, keep its code, and write its record.

    Raises OSError if there can be no folder or no record, and ExplogError if the run must not
    begin; then nothing is left of it.
    """
    job = job_of(os.environ)
    runs = runs_folder(settings.folders[0], code.top if code else os.getcwd())
    earlier = _earlier(runs, job, request)
    record = _first_record(request, settings, code, job)
    if earlier is None:
        folder = _make_folder(runs, record.run, code, notes)
        record = record._replace(run=os.path.basename(folder))
    else:
        folder = earlier.folder
        record = record._replace(run=earlier.record.run, attempt=earlier.record.attempt + 1)
    try:
        prepared = _with_code(Prepared(folder, record, code), request, settings, earlier, notes)
        if earlier is not None:
            from explog.runs.requeue import set_aside

            set_aside(earlier)
        write_record(folder, prepared.record)
    except BaseException:
        if earlier is None:
            _remove(folder, record, code)
        raise
    return prepared


def _earlier(runs: str, job: Job | None, request: Request) -> Earlier | None:
    """Return the run that goes on now, as its job was put back into the queue."""
    if job is None:
        return None
    from explog.runs.requeue import earlier_attempt

    return earlier_attempt(runs, job, request.reference or "", request.argv)


def _first_record(
    request: Request, settings: RunSettings, code: Code | None, job: Job | None
) -> RunRecord:
    start, pid, host = time.time(), os.getpid(), host_name()
    return RunRecord(
        run=run_name(request.reference or "", start, host, pid),
        reference=request.reference or "",
        state="running",
        argv=request.argv,
        cwd=os.path.relpath(os.getcwd(), code.top) if code else os.getcwd(),
        repository=code.top if code else None,
        branch=code.branch if code else None,
        head=code.head if code else None,
        head_after=None,
        snapshot=None,
        changed=(*code.changed, *code.untracked)[:_MOST_CHANGED] if code else (),
        pushed=None,
        host=host,
        pid=pid,
        start=start,
        job=job,
        environment=_chosen(os.environ, settings.environment),
        process=identity(pid),
        title=request.text("title"),
        outputs=_outputs(settings, request, code),
    )


def _remove(folder: str, record: RunRecord, code: Code | None) -> None:
    """Remove what was made of a run that does not begin."""
    import shutil

    from explog.runs import snapshot, worktree

    shutil.rmtree(folder, ignore_errors=True)
    if code is not None:
        with contextlib.suppress(ExplogError):
            snapshot.drop(code.top, record.run)
            worktree.forget(code.top)


def _make_folder(runs: str, name: str, code: Code | None, notes: list[str]) -> str:
    try:
        return make_run_folder(runs, name, code)
    except OSError as error:
        elsewhere = fallback_folder()
        folder = make_run_folder(elsewhere, name, None)
        notes.append(f"{runs}: {error.strerror}; the run is kept in {elsewhere}")
        return folder


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


# The code


def _with_code(
    prepared: Prepared,
    request: Request,
    settings: RunSettings,
    earlier: Earlier | None,
    notes: list[str],
) -> Prepared:
    """Return PREPARED with a commit that has its code, in a worktree of that if it is pinned."""
    code, pinned = prepared.code, request.values.get("pin")
    if pinned and code is None:
        raise ExplogError("no-code", "--pin: there is no repository here")
    record = prepared.record
    if code is not None and (pinned or (settings.dirty == "snapshot" and not code.is_clean)):
        commit = pinned if isinstance(pinned, str) else None
        if pinned and earlier is not None:
            commit = earlier.record.snapshot or earlier.record.head
        record = _keep_code(record, code, settings, prepared.folder, commit, notes)
    prepared = prepared._replace(record=record._replace(notes=tuple(notes)))
    return _pin(prepared) if pinned else prepared


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
