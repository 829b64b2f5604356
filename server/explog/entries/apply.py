"""Changes of entries that the user has seen and wants: made in the buffers that hold them, else
in the files; each as it was seen, or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from explog.config import Settings
from explog.entries.files import git_problem, write_log
from explog.entries.held import EntryEdit, Holdings
from explog.errors import ExplogError
from explog.model import LineEdit
from explog.org.files import read_log
from explog.plan.edits import LogText

CHANGED = "it changed meanwhile"


@dataclass(frozen=True, slots=True)
class Change:
    """LINES (0-based) to be changed in the entry TEXT of an experiment at the 1-based `line`.

    `messages` say what that does, one for each thing done.
    """

    file: str
    line: int
    experiment: str
    text: str
    lines: tuple[LineEdit, ...]
    messages: tuple[str, ...]


def make(settings: Settings, changes: Sequence[Change], holdings: Holdings) -> list[str | None]:
    """Make CHANGES, at most one of an entry; return for each None, or why it was not made.

    HOLDINGS say which of the entries an Emacs has.
    """
    by_file: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        by_file[change.file].append(change)
    why: dict[tuple[str, int], str] = {}
    for file, some in by_file.items():
        try:
            problem = git_problem(file)
            if problem is not None:
                raise ExplogError("git", problem)
            done = _in_buffer if file in holdings else _in_file
            why.update(((file, line), said) for line, said in done(settings, some, holdings))
        except ExplogError as error:
            why.update(((file, change.line), error.message) for change in some)
    return [why.get((change.file, change.line)) for change in changes]


def _in_file(
    settings: Settings, changes: Sequence[Change], _holdings: Holdings
) -> Iterator[tuple[int, str]]:
    """Write CHANGES to their file; yield the lines of those that were not made, and why."""
    path = Path(changes[0].file)
    data = read_log(path)
    log = LogText(str(path), data, settings)
    for change in changes:
        try:
            if log.entry(change.line, change.experiment) != change.text:
                raise ExplogError("changed", CHANGED)
            log.put(change.line, change.lines)
        except ExplogError as error:
            yield change.line, error.message
    write_log(path, data, b"\n".join(log.lines))


def _in_buffer(
    _settings: Settings, changes: Sequence[Change], holdings: Holdings
) -> Iterator[tuple[int, str]]:
    """Make CHANGES in the buffer that holds their file; yield as `_in_file` does."""
    lines = {change.experiment: change.line for change in changes}
    edits: list[EntryEdit] = []
    for change in changes:
        fitting, problem = _fit(change, holdings)
        if problem is not None:
            yield change.line, problem
        else:
            edits.append(EntryEdit(change.experiment, fitting, change.messages))
    if edits:
        file = changes[0].file
        failed = holdings.editor(file).edit_file(file, edits)
        yield from ((lines[ident], message) for ident, message in failed.items())


def _fit(change: Change, holdings: Holdings) -> tuple[tuple[LineEdit, ...], str | None]:
    """Return the lines of CHANGE as the buffer has them, or what hinders.

    Emacs takes the carriage returns out of a file, unless only some lines end in one.
    """
    held = holdings.entry(change.file, change.experiment)
    if held is None:
        return (), f"the buffer of {change.file} has no experiment {change.experiment} any more"
    if held.problem is not None:
        return (), held.problem
    if _same(held.text, change.text):
        return change.lines, None
    if not _same(held.text, change.text.replace("\r\n", "\n")):
        return (), f"experiment {change.experiment} has changes that are not saved"
    strip = str.removesuffix
    return tuple(
        LineEdit(e.line, strip(e.old, "\r"), strip(e.new, "\r")) for e in change.lines
    ), None


def _same(one: str, other: str) -> bool:
    """Compare the texts of an entry, of which one may be without its last line end."""
    return one.rstrip("\r\n") == other.rstrip("\r\n")
