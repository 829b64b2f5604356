"""Edits of whole steps in the text of a log, and plans of them. Nothing is read or written here."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from explog.config import Settings
from explog.errors import ExplogError
from explog.model import Experiment, LineEdit, StepNumber
from explog.org.edit import Mark, mark_entry
from explog.org.heading import read_id
from explog.org.options import org_options
from explog.org.scan import BOM, file_context
from explog.org.steps import StepList, find_steps, read_step
from explog.plan.planner import Dead, Failure, Misplaced, Unplaced
from explog.refs import Reference


@dataclass(frozen=True, slots=True)
class Edit:
    """One step that gets a hash, a tick or both. `line` is 1-based, `old` and `new` whole lines.

    The cookies that follow from a tick are not in `old` and `new`: they depend on which edits are
    made together.
    """

    file: str
    line: int
    experiment: str
    step: StepNumber
    repository: str
    commit: str
    old: str
    new: str
    mark: Mark
    entry_line: int
    results: bool = False
    """Whether `commit` is a results commit."""
    lost: bool = False
    """Whether it takes the place of a commit that no branch reaches any more."""

    @property
    def message(self) -> str:
        """Say what it does as the user sees it: `e201.1 ← 83d45cd (proj)`."""
        name = os.path.basename(self.repository).removesuffix(".git")
        put = self.mark.hash or "ticked"
        return f"{Reference(self.experiment, self.step)} ← {put} ({name})"


@dataclass(slots=True)
class Plan:
    """What a backfill would do, and what it cannot.

    `texts` are the bytes of the files as they were planned on. `dead` are hashes that lead nowhere
    and that nothing replaces; `misplaced` are hashes whose commit claims another step; `failures`
    say what could not be read.
    """

    edits: list[Edit] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    misplaced: list[Misplaced] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    texts: dict[str, bytes] = field(default_factory=dict)

    def by_file(self) -> dict[str, list[Edit]]:
        """Return the edits of each file, in its order."""
        files: dict[str, list[Edit]] = defaultdict(list)
        for edit in self.edits:
            files[edit.file].append(edit)
        return dict(files)


class LogText:
    """The lines of a log, to be edited."""

    def __init__(self, file: str, data: bytes, settings: Settings) -> None:
        self.file = file
        self.settings = settings
        self.lines = data.split(b"\n")
        try:
            self.context = file_context(data, org_options(settings))
        except ValueError as error:
            raise ExplogError("unreadable", f"{file}: {error}", file=file) from error

    def entry(self, line: int, ident: str) -> str:
        """Return the subtree of the experiment IDENT whose heading is at the 1-based LINE."""
        lines = self.lines
        heading = lines[line - 1] if line <= len(lines) else b""
        heading = heading.removeprefix(BOM) if line == 1 else heading
        level = len(heading) - len(heading.lstrip(b"*"))
        end = line
        while end < len(lines) and not _is_heading(lines[end], level):
            end += 1
        text = self.context.decode(b"\n".join([heading, *lines[line:end]]))
        if level == 0 or read_id(text.split("\n")) != ident:
            raise self._changed()
        return text

    def put(self, line: int, edits: Iterable[LineEdit]) -> None:
        """Make EDITS in the entry whose heading is at the 1-based LINE: all, or none."""
        new = [(line - 1 + edit.line, self.context.encode(edit.new)) for edit in edits]
        for number, text in new:
            mark = BOM if number == 0 and self.lines[0].startswith(BOM) else b""
            self.lines[number] = mark + text

    def checked_steps(self, lines: Sequence[str], experiment: Experiment) -> StepList | None:
        """Return the steps in the entry LINES; None if there are none.

        Raises ExplogError `changed` unless they are those that the index knows of EXPERIMENT.
        """
        found = find_steps(lines, self.settings.steps_heading, self.context.options)
        steps = [read_step(lines, number, item) for number, item in found.items] if found else []
        now = [(step.number, step.line, step.box, step.hash) for step in steps]
        if now != [(step.number, step.line, step.box, step.hash) for step in experiment.steps]:
            raise self._changed()
        return found

    def _changed(self) -> ExplogError:
        return ExplogError("changed", f"{self.file}: it changed meanwhile", file=self.file)


def _is_heading(line: bytes, level: int) -> bool:
    """Tell whether LINE is a heading of LEVEL or above."""
    stars = len(line) - len(line.lstrip(b"*"))
    return 0 < stars <= level and line[stars : stars + 1] == b" "


def render(data: bytes, edits: Iterable[Edit], settings: Settings) -> bytes:
    """Return the log DATA with EDITS made; raise ExplogError `changed` where it is not as planned.

    Edits of one experiment are made together, so that the cookies count them all.
    """
    entries: dict[int, list[Edit]] = defaultdict(list)
    for edit in edits:
        entries[edit.entry_line].append(edit)
    log: LogText | None = None
    for line, some in entries.items():
        log = log or LogText(some[0].file, data, settings)
        text = log.entry(line, some[0].experiment)
        marks = [edit.mark for edit in some]
        log.put(line, mark_entry(text, marks, log.context.options, settings.steps_heading))
    return data if log is None else b"\n".join(log.lines)
