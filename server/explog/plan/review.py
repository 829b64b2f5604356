"""Review: the plan for all logs, to be read and applied piece by piece.

What was read is what is written: an edit that would be another one by now is not made.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explog.config import Settings
from explog.entries.apply import CHANGED, Change, make
from explog.entries.diff import CONTEXT, hunk_spans
from explog.entries.held import BulkEditor, Holdings, file_options, wanted_entries
from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.logs import find_experiments
from explog.model import LineEdit, StepNumber
from explog.org.edit import apply_edits, mark_entry
from explog.org.options import OrgOptions
from explog.plan.backfill import plan
from explog.plan.edits import Edit, LogText, Plan
from explog.plan.planner import Failure, Unplaced


@dataclass(slots=True)
class Sheet:
    """One entry as it was planned on, and the edits that are proposed in it."""

    file: str
    line: int
    experiment: str
    title: str
    text: str
    options: OrgOptions
    heading: str
    edits: dict[int, Edit]
    """The edits by their numbers in the review."""

    def lines(self, edits: Sequence[Edit]) -> tuple[LineEdit, ...]:
        """Return what EDITS, made together, change."""
        marks = [edit.mark for edit in edits]
        return mark_entry(self.text, marks, self.options, self.heading)

    def made(self, numbers: Sequence[int]) -> None:
        """Note that the edits with NUMBERS have been made."""
        self.text = apply_edits(self.text, self.lines([self.edits[n] for n in numbers]))
        for number in numbers:
            del self.edits[number]


@dataclass(slots=True)
class Review:
    """What a backfill would do, entry by entry, and what it cannot do, sorted by the reason."""

    sheets: list[Sheet]
    unplaced: list[Unplaced]
    failures: list[Failure]

    def sheet_of(self, number: int) -> Sheet | None:
        """Return where the edit NUMBER is; None if it was made, or never proposed."""
        return next((sheet for sheet in self.sheets if number in sheet.edits), None)


@dataclass(frozen=True, slots=True)
class Hunk:
    """A sheet as a diff: its text, and of each edit (number, start, end) its part of the text."""

    text: str
    parts: tuple[tuple[int, int, int], ...]


def review(settings: Settings, index: Index, editors: Sequence[BulkEditor]) -> Review:
    """Plan over all logs, on the text of the buffers where EDITORS have unsaved changes."""
    held = Holdings()
    for editor in editors:
        held.ask_unsaved(editor, index)
    planned = plan(settings, index, held=held)
    unplaced = sorted(planned.unplaced, key=lambda one: one.reason)
    return Review(list(_sheets(settings, index, planned, held)), unplaced, planned.failures)


def _sheets(settings: Settings, index: Index, planned: Plan, held: Holdings) -> Iterator[Sheet]:
    number = 0
    titles = {(found.file, found.line): found.title for found in find_experiments(index)}
    for file, edits in planned.by_file().items():
        texts = _Texts(settings, file, planned, held)
        entries: dict[tuple[int, str], dict[int, Edit]] = defaultdict(dict)
        for edit in edits:
            entries[edit.entry_line, edit.experiment][number] = edit
            number += 1
        for (line, ident), some in entries.items():
            title = titles.get((file, line), "")
            text = texts.entry(line, ident)
            heading = settings.steps_heading
            yield Sheet(file, line, ident, title, text, texts.options, heading, some)


class _Texts:
    """The entries of one file as PLANNED on, in the file or in a buffer."""

    def __init__(self, settings: Settings, file: str, planned: Plan, held: Holdings) -> None:
        self._log: LogText | None = None
        self._held = held
        self.file = file
        if file in planned.texts:
            self._log = LogText(file, planned.texts[file], settings)
            self.options = self._log.context.options
        else:
            self.options = file_options(file, settings)

    def entry(self, line: int, ident: str) -> str:
        """Return the text of the experiment IDENT at LINE."""
        if self._log is not None:
            return self._log.entry(line, ident)
        held = self._held.entry(self.file, ident)
        return held.text if held is not None else ""


def hunk(sheet: Sheet, numbers: Sequence[int]) -> Hunk:
    """Return what the edits of SHEET with NUMBERS change, as hunks of a unified diff."""
    edits = {number: sheet.edits[number] for number in sorted(numbers)}
    lines = sheet.text.split("\n")
    new = {line.line: line.new for line in sheet.lines(list(edits.values()))}
    out: list[str] = []
    at: dict[int, tuple[int, int]] = {}
    size = 0

    def put(text: str) -> None:
        nonlocal size
        out.append(f"{text}\n")
        size += len(text) + 1

    last = len(lines) - (lines[-1] == "")
    for first, final in hunk_spans(sorted(new)):
        span = range(max(0, first - CONTEXT), min(last, final + CONTEXT + 1))
        where = f"{sheet.line + span.start},{len(span)}"
        put(f"@@ -{where} +{where} @@ {sheet.experiment} {sheet.title}".rstrip())
        for number in span:
            start = size
            old = lines[number].removesuffix("\r")
            put(f"-{old}" if number in new else f" {old}")
            if number in new:
                put("+" + new[number].removesuffix("\r"))
            at[number] = start, size
    return Hunk("".join(out), tuple(_parts(sheet, edits, at)))


def _parts(
    sheet: Sheet, edits: dict[int, Edit], at: dict[int, tuple[int, int]]
) -> Iterator[tuple[int, int, int]]:
    for number, edit in edits.items():
        first = edit.line - sheet.line
        span = [at[n] for n in range(first, first + edit.old.count("\n") + 1) if n in at]
        if span:
            yield number, span[0][0], span[-1][1]


# Applying


def apply(
    settings: Settings,
    index: Index,
    editors: Sequence[BulkEditor],
    reviewed: Review,
    numbers: Sequence[int],
) -> dict[int, str | None]:
    """Make the edits of REVIEWED with NUMBERS; return for each None, or why it was not made.

    INDEX is up to date. What was made is no more part of REVIEWED.
    """
    said: dict[int, str | None] = dict.fromkeys(numbers, "it is not planned any more")
    chosen = [
        (sheet, [number for number in sheet.edits if number in said]) for sheet in reviewed.sheets
    ]
    chosen = [(sheet, some) for sheet, some in chosen if some]
    held = Holdings()
    idents = dict.fromkeys(sheet.experiment for sheet, _some in chosen)
    for editor in editors:
        held.ask(editor, wanted_entries(index, idents))
    fresh = _Fresh(settings, index, chosen, held)
    changes: list[Change] = []
    made: list[tuple[Sheet, list[int]]] = []
    for sheet, some in chosen:
        left = [number for number in some if fresh.has(sheet.edits[number])]
        said.update((number, CHANGED) for number in some)
        change = fresh.change(sheet, left) if left else None
        if change is not None:
            changes.append(change)
            made.append((sheet, left))
    for (sheet, some), problem in zip(made, make(settings, changes, held), strict=True):
        said.update((number, problem) for number in some)
        if problem is None:
            sheet.made(some)
    return said


class _Fresh:
    """The plan as it would be now, for the chosen edits of some sheets."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        chosen: Sequence[tuple[Sheet, Sequence[int]]],
        held: Holdings,
    ) -> None:
        pairs = {(s.experiment, s.edits[n].step) for s, some in chosen for n in some}
        self.settings = settings
        self.planned = plan(settings, index, only=pairs, held=held)
        self._held = held
        self._edits = {self._key(edit): edit for edit in self.planned.edits}
        self._texts: dict[str, _Texts] = {}

    @staticmethod
    def _key(edit: Edit) -> tuple[str, str, StepNumber]:
        return os.path.realpath(edit.file), edit.experiment, edit.step

    def has(self, edit: Edit) -> bool:
        """Tell whether EDIT is still what would be done."""
        now = self._edits.get(self._key(edit))
        return now is not None and (now.commit, now.mark) == (edit.commit, edit.mark)

    def change(self, sheet: Sheet, numbers: Sequence[int]) -> Change | None:
        """Return the change that makes the edits of SHEET with NUMBERS; None if it is another."""
        edits = [sheet.edits[number] for number in numbers]
        line = self._edits[self._key(edits[0])].entry_line
        if sheet.file not in self._texts:
            self._texts[sheet.file] = _Texts(self.settings, sheet.file, self.planned, self._held)
        texts = self._texts[sheet.file]
        try:
            text = texts.entry(line, sheet.experiment)
            marks = [edit.mark for edit in edits]
            lines = mark_entry(text, marks, texts.options, sheet.heading)
        except ExplogError:
            return None
        if _seen(lines) != _seen(sheet.lines(edits)):
            return None
        messages = tuple(edit.message for edit in edits)
        return Change(sheet.file, line, sheet.experiment, text, lines, messages)


def _seen(lines: Sequence[LineEdit]) -> list[tuple[str, str]]:
    """Return LINES as a reader sees them: not where they are, and not how they end."""
    return [(line.old.removesuffix("\r"), line.new.removesuffix("\r")) for line in lines]
