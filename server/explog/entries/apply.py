"""Make changes of entries: in the buffer where an Emacs visits the log, else in the file.

A change is made as it was planned, or not at all. This is the only way in which logs are changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from explog.config import Settings
from explog.entries.emacs import BufferEntries
from explog.entries.text import EntryTexts, changed
from explog.errors import ExplogError
from explog.git.state import under_way
from explog.model import Change, LineEdit
from explog.org.files import replace_log
from explog.stuck import real_path

CHANGED = "it changed meanwhile"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of `change`: `error` says why it was not made, or is None."""

    change: Change
    error: ExplogError | None = None

    @property
    def problem(self) -> str | None:
        """Why it was not made, for the user; None if it was."""
        return None if self.error is None else self.error.message


_Errors = dict[int, ExplogError]
"""Why the changes of entries, by the lines of their headings, were not made."""


def apply_changes(changes: Sequence[Change], texts: EntryTexts) -> list[Result]:
    """Make CHANGES, at most one of an entry, where TEXTS has the entries.

    Each log is changed at once: a file is replaced as a whole, a buffer edited as one step for
    undo. Nothing is written to a file that changed since TEXTS read it.
    """
    by_file: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_file[change.file].append(change)
    errors = {file: _apply(file, some, texts) for file, some in by_file.items()}
    return [Result(change, errors[change.file].get(change.line)) for change in changes]


def _apply(file: str, changes: Sequence[Change], texts: EntryTexts) -> _Errors:
    try:
        _refuse_amid_git(file)
        if texts.in_buffer(file):
            return _in_buffer(file, changes, texts.buffers)
        return _in_file(file, changes, texts)
    except ExplogError as error:
        return {change.line: error for change in changes}


def _refuse_amid_git(file: str) -> None:
    """Raise ExplogError `git` while git is in the middle of something where the log FILE lies."""
    what = under_way(Path(file))
    if what is not None:
        reason = f"{file}: it waits for git, which is in the middle of {what} there"
        raise ExplogError("git", reason, file=file)


def _in_file(file: str, changes: Sequence[Change], texts: EntryTexts) -> _Errors:
    log = texts.log(file)
    fits = {change.line: log.fits(change) for change in changes}
    fitting = [change for change in changes if fits[change.line]]
    if fitting:
        replace_log(Path(file), log.data, log.edited(fitting), _locks(file, texts.settings))
    return {line: changed(file) for line, fit in fits.items() if not fit}


def _locks(file: str, settings: Settings) -> list[Path]:
    """Return where an Emacs locks the log FILE that has its locks elsewhere than beside it."""
    real = real_path(file)
    return [Path(lock) for log, lock in settings.lock_files if real_path(log) == real]


def _in_buffer(file: str, changes: Sequence[Change], buffers: BufferEntries) -> _Errors:
    fitting: dict[str, Change] = {}
    errors: _Errors = {}
    for change in changes:
        try:
            fitting[change.experiment] = _as_in_buffer(change, buffers)
        except ExplogError as error:
            errors[change.line] = error
    if fitting:
        said = buffers.editor(file).edit_file(file, list(fitting.values()))
        for ident, why in said.items():
            errors[fitting[ident].line] = ExplogError("changed", why)
    return errors


def _as_in_buffer(change: Change, buffers: BufferEntries) -> Change:
    """Return CHANGE for the text that the buffer has; raise ExplogError if it does not fit.

    Emacs takes the carriage returns out of a file, unless only some lines end in one.
    """
    entry = buffers.entry(change.file, change.experiment)
    if entry is None:
        reason = f"the buffer of {change.file} has no experiment {change.experiment} any more"
        raise ExplogError("changed", reason)
    if entry.problem is not None:
        raise ExplogError("not-written", entry.problem)
    if _same(entry.text, change.text):
        return change
    if not _same(entry.text, change.text.replace("\r\n", "\n")):
        reason = f"experiment {change.experiment} has changes that are not saved"
        raise ExplogError("changed", reason)
    lines = (
        LineEdit(e.line, _without_returns(e.old), _without_returns(e.new)) for e in change.lines
    )
    return replace(change, lines=tuple(lines))


def _without_returns(lines: str) -> str:
    return lines.replace("\r\n", "\n").removesuffix("\r")


def _same(one: str, other: str) -> bool:
    """Compare the texts of an entry, of which one may be without its last line end."""
    return one.rstrip("\r\n") == other.rstrip("\r\n")
