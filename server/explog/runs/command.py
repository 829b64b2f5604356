"""`explog run`: what each of its forms does. This is where the program of a cluster begins, too."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from explog.errors import ExplogError
from explog.run_settings import RunSettings, load_and_check
from explog.runs.options import Doubt, Request, help_text, parse
from explog.runs.say import say

FAILED = 2


def main(arguments: Sequence[str], doubt: Doubt | None = None) -> int:
    """Do what ARGUMENTS ask for, and return the exit status.

    DOUBT may say what is wrong with the reference of a run, which runs all the same.
    """
    _open_missing_descriptors()
    if arguments and arguments[0] in ("-h", "--help"):
        print(help_text())
        return 0
    try:
        request = parse(arguments, os.environ.get("EXPLOG_REF"))
        settings, problems = load_and_check(request.text("config"), _options(request))
        for problem in problems:
            say(problem)
        return _do(request, settings, doubt)
    except ExplogError as error:
        say(error.message)
        if error.code == "usage":
            say("explog run --help says more")
        return FAILED
    except FileNotFoundError as error:  # where we are was removed
        say(f"{error.filename or 'the folder that we are in'}: {error.strerror}")
        return FAILED
    except KeyboardInterrupt:  # before the training began
        return 130


def _open_missing_descriptors() -> None:
    """Open standard input, output and error if they are closed, so that no other file is them."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def end(status: int) -> None:
    """End the program with STATUS at once; to take it down bit by bit takes milliseconds."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # there may be none
        sys.stdout.flush()
    os._exit(status)


def _options(request: Request) -> dict[str, object]:
    """Return the settings that REQUEST has options for."""
    names = {"dir": "runs", "dirty": "dirty", "commit": "commit_runs"}
    return {names[name]: value for name, value in request.values.items() if name in names}


def _do(request: Request, settings: RunSettings, doubt: Doubt | None) -> int:
    if "show" in request.values:
        return _show(request, settings)
    if "checkout" in request.values:
        return _check_out(request, settings)
    if "finish" in request.values:
        return _finish(request, settings)
    if "snapshot" in request.values:
        return _snapshot(settings)
    from explog.runs.run import run

    return run(request, settings, doubt)


def _find(name: str, settings: RunSettings) -> str:
    """Return the folder of the run NAME."""
    from explog.runs.folder import runs_around
    from explog.runs.listing import find_run

    return find_run(name, runs_around(os.getcwd(), settings.folders))


def _show(request: Request, settings: RunSettings) -> int:
    from explog.runs.listing import read_run
    from explog.runs.record import read_record
    from explog.runs.show import describe
    from explog.runs.worktree import difference

    folder = _find(request.text("show") or "", settings)
    record = read_run(folder) or read_record(folder)
    if "diff" in request.values:
        sys.stdout.flush()
        sys.stdout.buffer.write(
            difference(_repository(record.repository), record.head, record.snapshot)
        )
        return 0
    print(describe(record, folder).encode("utf-8", "replace").decode("utf-8"))
    return 0


def _repository(path: str | None) -> str:
    """Return PATH, else where we are: the run may have been on another machine."""
    return path if path is not None and os.path.isdir(path) else os.getcwd()


def _check_out(request: Request, settings: RunSettings) -> int:
    from explog.runs.record import read_record
    from explog.runs.worktree import check_out

    if len(request.argv) != 1:
        raise ExplogError("usage", "--checkout needs a run and a folder")
    record = read_record(_find(request.text("checkout") or "", settings))
    commit = record.snapshot or record.head
    if commit is None:
        raise ExplogError("no-code", f"{record.run}: its code was not kept")
    check_out(_repository(record.repository), commit, request.argv[0])
    say(f"{request.argv[0]} has the code of {record.run}")
    return 0


def _finish(request: Request, settings: RunSettings) -> int:
    from explog.runs.record import read_record
    from explog.runs.run import finish

    folder = _find(request.text("finish") or "", settings)
    finish(folder, read_record(folder))
    return 0


def _snapshot(settings: RunSettings) -> int:
    import tempfile

    from explog.runs.code import read_code
    from explog.runs.snapshot import keep, take_snapshot

    code = read_code(os.getcwd())
    if code is None:
        raise ExplogError("no-code", "there is no repository here")
    with tempfile.TemporaryDirectory() as scratch:
        taken = take_snapshot(code, settings.snapshot_limit, scratch)
    for note in taken.notes:
        say(note)
    if taken.commit is None:
        raise ExplogError("no-code", "the branch has no commit yet, and there is nothing to keep")
    if taken.commit != code.head:
        keep(code.top, f"state-{taken.commit[:16]}", taken.commit)
    print(taken.commit)
    return 0
