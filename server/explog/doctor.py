"""Examine everything that explog depends on, and say what is right and what is wrong."""

from __future__ import annotations

import contextlib
import os
import shlex
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from explog import __version__
from explog.config import DEFAULT_DONE, DEFAULT_OPEN, Settings
from explog.errors import ExplogError
from explog.extras import PLOT, install_command, installed_version
from explog.git.repository import open_repository, tips
from explog.git.run import run
from explog.index.database import check_place
from explog.org.files import log_context, read_log
from explog.org.options import org_options
from explog.org.scan import split_sections
from explog.sync.sections import experiment_chunks
from explog.sync.survey import survey

_SILENT = "see whether its disk or network drive is there, and whether a file in .git is a pipe"
# Words at the beginning of a heading that mean a state, not a part of the title.
_STATES = {*DEFAULT_OPEN, *DEFAULT_DONE, "HOLD", "STARTED"}


class Finding(NamedTuple):
    """One thing that was examined; `hint` says what to do where it is not `ok`."""

    name: str
    ok: bool
    message: str
    hint: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield findings on Python, git, the logs, the repositories and the index of SETTINGS."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("explog", True, f"{__version__}, on Python {version}")
    yield _git()
    yield _fts()
    yield _plots()
    for problem in settings.problems:
        yield Finding("setting", False, problem, "correct it; until then it is not used")
    yield from _logs(settings)
    yield from _repositories(settings)
    yield _index(settings)


def _git() -> Finding:
    try:
        return Finding("git", True, run(Path("/"), "--version").decode().strip())
    except ExplogError as error:
        if error.code == "stuck":
            said = "git does not answer when it is asked for its version"
            return Finding("git", False, said, "see what `git --version` does in a terminal")
        return Finding("git", False, error.message, "install git")


def _fts() -> Finding:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    ok = "ENABLE_FTS5" in options
    hint = "" if ok else "use a Python whose SQLite has FTS5; search needs it"
    return Finding("sqlite", ok, f"SQLite {sqlite3.sqlite_version}", hint)


def _plots() -> Finding:
    version = installed_version(PLOT)
    if version is not None:
        return Finding("plots", True, f"matplotlib {version}")
    message = "matplotlib is not installed, which plots of results need and nothing else"
    return Finding("plots", True, message, install_command(PLOT))


def _logs(settings: Settings) -> Iterator[Finding]:
    files = settings.log_files()
    if not files:
        hint = "set explog-logs in Emacs, or logs in the configuration file, or use --log"
        yield Finding("logs", False, "no log is configured", hint)
    for path in files:
        try:
            data = read_log(path)
        except ExplogError as error:
            yield Finding("log", False, error.message, "correct the setting, or create the file")
            continue
        if os.access(path, os.W_OK):
            yield Finding("log", True, f"{path}: {len(data):,} bytes")
        else:
            yield Finding("log", False, f"{path}: it is read-only", "make it writable")
        for word, count in sorted(_undeclared(path, data, settings).items()):
            begun = "a title begins" if count == 1 else f"{count} titles begin"
            message = f"{path}: {begun} with {word}, which is not a TODO keyword there"
            hint = (
                "add a line with all the keywords that you use to the log:"
                f" `#+TODO: TODO {word} | DONE CANCELED`"
            )
            yield Finding("keywords", False, message, hint)


def _undeclared(path: Path, data: bytes, settings: Settings) -> Counter[str]:
    """Count the headings of experiments in DATA that begin with an undeclared TODO keyword."""
    try:
        context = log_context(path, data, org_options(settings))
    except ValueError:
        return Counter()  # every look reports what is wrong with this log
    declared = {*context.options.keywords.open, *context.options.keywords.done}
    sections = (data[start:end] for start, end in split_sections(data))
    found = (
        lines[0].lstrip("*").split()[:1]
        for section in sections
        for _chunk, lines, _headings in experiment_chunks(section, context, settings.tag)
    )
    return Counter(word for words in found for word in words if word in _STATES - declared)


def _repositories(settings: Settings) -> Iterator[Finding]:
    named = [root.path for root in settings.repositories if root.depth == 0]
    named += [path for project in settings.projects for path in project.repositories]
    roots = [(root.path, root.depth) for root in settings.repositories]
    seen = survey([*roots, *((path, 0) for path in named)])
    for message in seen.unread.values():
        yield Finding("repository", False, message, _SILENT)
    for path in dict.fromkeys(named):
        if not seen.is_unread(path) and open_repository(path) is None:
            reason = (
                "there is no git repository here" if path.exists() else "there is no such folder"
            )
            yield Finding("repository", False, f"{path}: {reason}", "correct the setting")
    if not seen.found and not named:
        hint = "set explog-repositories in Emacs, or repositories in the configuration file"
        yield Finding("repositories", False, "no repository was found", hint)
    for repository in seen.found.values():
        try:
            count = len(tips(repository))
        except ExplogError as error:
            hint = "run `git fsck` there and see what it says"
            if error.code == "stuck":
                hint = _SILENT
            if error.code == "dubious-ownership":
                hint = (
                    f"git config --global --add safe.directory {shlex.quote(str(repository.path))}"
                )
            yield Finding("repository", False, error.message, hint)
        else:
            yield Finding(
                "repository", True, f"{repository.path}: {count} tip{'' if count == 1 else 's'}"
            )


def _index(settings: Settings) -> Finding:
    try:
        path = settings.index_path()
        check_place(path)
    except ExplogError as error:
        return Finding("index", False, error.message, "correct the setting")
    except OSError as error:
        return Finding("index", False, f"{path}: {error.strerror}", "correct the setting")
    if not os.path.exists(path):
        return Finding("index", True, f"{path}: not built yet")
    if not os.access(path, os.W_OK):
        hint = "make it writable, or delete it: it is then rebuilt"
        return Finding("index", False, f"{path}: it is read-only", hint)
    return Finding("index", True, f"{path}: {path.stat().st_size:,} bytes")
