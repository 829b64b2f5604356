"""Review: the plan for all logs, to be read and applied piece by piece.

What was read is what is written: an edit that would be another one by now is not made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from explog.config import Settings
from explog.entries.apply import CHANGED, apply_changes
from explog.entries.diff import entry_diff
from explog.entries.emacs import BufferEntries, Editor
from explog.entries.text import EntryTexts
from explog.ignored import read_dropped
from explog.index.database import Index
from explog.model import Change, Experiment, LineEdit
from explog.org.edit import apply_edits, mark_entry
from explog.org.options import OrgOptions
from explog.plan.backfill import wrong_cookies
from explog.plan.planner import plan
from explog.plan.plans import Edit, EntryPlan, Failure, Plan, Unplaced
from explog.stuck import real_path


@dataclass(frozen=True, slots=True)
class Sheet:
    """One entry as it was planned on, and the edits that are proposed in it, by their numbers.

    `change` makes all of them.
    """

    experiment: Experiment
    edits: Mapping[int, Edit]
    change: Change
    options: OrgOptions
    steps_heading: str

    def change_of(self, numbers: Sequence[int]) -> Change:
        """Return the change that makes the edits with NUMBERS and no others."""
        if len(numbers) == len(self.edits):
            return self.change
        return self._change(self.change.text, {number: self.edits[number] for number in numbers})

    def without(self, numbers: Sequence[int]) -> Sheet:
        """Return what is left when the edits with NUMBERS have been made."""
        text = apply_edits(self.change.text, self.change_of(numbers).lines)
        left = {number: edit for number, edit in self.edits.items() if number not in numbers}
        return replace(self, edits=left, change=self._change(text, left))

    def on_text(self, change: Change, numbers: Sequence[int]) -> Change:
        """Return the change that makes the edits with NUMBERS in the text that CHANGE is for."""
        edits = {number: self.edits[number] for number in numbers}
        return replace(self._change(change.text, edits), file=change.file, line=change.line)

    def _change(self, text: str, edits: Mapping[int, Edit]) -> Change:
        marks = [edit.mark for edit in edits.values()]
        lines = mark_entry(text, marks, self.options, self.steps_heading)
        messages = tuple(edit.message for edit in edits.values())
        return replace(self.change, text=text, lines=lines, messages=messages)


class Made(NamedTuple):
    """What was written in one entry: the place of its sheet, what that was before, the change."""

    place: int
    before: Sheet
    numbers: tuple[int, ...]
    change: Change


@dataclass(slots=True)
class Review:
    """What a backfill would do, entry by entry, and what it cannot do, sorted by the reason.

    `dropped` are the edits that the user dropped before, and `cookies`
    is how many cookies are wrong when all edits have been made.
    """

    sheets: list[Sheet]
    unplaced: list[Unplaced]
    failures: Sequence[Failure]
    dropped: Sequence[Edit]
    cookies: int
    made: list[Made] = field(default_factory=list)

    def sheet_of(self, number: int) -> Sheet | None:
        """Return where the edit NUMBER is; None if it was made, or never proposed."""
        return next((sheet for sheet in self.sheets if number in sheet.edits), None)


@dataclass(frozen=True, slots=True)
class Hunk:
    """A sheet as a diff: its text, and of each edit (number, start, end) its part of the text."""

    text: str
    parts: tuple[tuple[int, int, int], ...]


def review(settings: Settings, index: Index, editors: Sequence[Editor]) -> Review:
    """Plan over all logs, on the text of the buffers where EDITORS have unsaved changes."""
    buffers = BufferEntries()
    for editor in editors:
        buffers.ask_unsaved(editor, index)
    planned = plan(settings, index, EntryTexts(settings, buffers), dropped=read_dropped())
    unplaced = sorted(planned.unplaced, key=lambda one: one.reason)
    return Review(
        list(_sheets(planned, settings)),
        unplaced,
        planned.failures,
        planned.dropped,
        wrong_cookies(planned),
    )


def _sheets(planned: Plan, settings: Settings) -> Iterator[Sheet]:
    first = 0
    for entry in planned.entries:
        if entry.change is not None:
            yield Sheet(
                experiment=entry.experiment,
                edits=dict(enumerate(entry.edits, first)),
                change=entry.change,
                options=planned.texts.options(entry.experiment.file),
                steps_heading=settings.steps_heading,
            )
            first += len(entry.edits)


def hunk(sheet: Sheet, numbers: Sequence[int]) -> Hunk:
    """Return what the edits of SHEET with NUMBERS change, as hunks of a unified diff."""
    experiment = sheet.experiment
    shown = entry_diff(sheet.change_of(numbers), f"{experiment.ident} {experiment.title}")
    parts: list[tuple[int, int, int]] = []
    for number in sorted(numbers):
        edit = sheet.edits[number]
        last = edit.step.line + edit.old.count("\n")
        spans = [shown.lines[n] for n in range(edit.step.line, last + 1) if n in shown.lines]
        if spans:
            parts.append((number, spans[0][0], spans[-1][1]))
    return Hunk(shown.text, tuple(parts))


# Applying


def apply(
    settings: Settings,
    index: Index,
    editors: Sequence[Editor],
    reviewed: Review,
    numbers: Sequence[int],
) -> dict[int, str | None]:
    """Make the edits of REVIEWED with NUMBERS; return for each None, or why it was not made.

    INDEX is up to date. REVIEWED is left without what was made.
    """
    said: dict[int, str | None] = dict.fromkeys(numbers, "it is not planned any more")
    chosen = {
        place: some
        for place, sheet in enumerate(reviewed.sheets)
        if (some := [number for number in sheet.edits if number in said])
    }
    sheets = reviewed.sheets
    fresh = _plan_anew(settings, index, editors, [(sheets[p], some) for p, some in chosen.items()])
    by_place = {_place(entry.experiment): entry for entry in fresh.entries}
    changes: list[Change] = []
    made: list[Made] = []
    for place, some in chosen.items():
        entry = by_place.get(_place(sheets[place].experiment))
        left = [number for number in some if _is_planned(sheets[place].edits[number], entry)]
        said.update(dict.fromkeys(some, CHANGED))
        change = _fresh_change(sheets[place], left, entry)
        if change is not None:
            changes.append(change)
            made.append(Made(place, sheets[place], tuple(left), change))
    results = apply_changes(changes, fresh.texts)
    for one, result in zip(made, results, strict=True):
        said.update(dict.fromkeys(one.numbers, result.problem))
        if result.error is None:
            sheets[one.place] = one.before.without(one.numbers)
            reviewed.made.append(one)
    return said


def unapply(
    settings: Settings,
    index: Index,
    editors: Sequence[Editor],
    reviewed: Review,
    numbers: Sequence[int],
) -> dict[int, str | None]:
    """Take the edits of REVIEWED with NUMBERS, made last, out again; return as `apply` does.

    An entry that was changed since they were made is left alone.
    """
    said: dict[int, str | None] = dict.fromkeys(numbers, "it was not made last")
    chosen = [one for one in reviewed.made if said.keys() & set(one.numbers)]
    buffers = BufferEntries()
    for editor in editors:
        buffers.ask(editor, index, list(dict.fromkeys(one.change.experiment for one in chosen)))
    texts = EntryTexts(settings, buffers)
    lines = {_place(found): found.line for found in texts.experiments(index, None)[0]}
    changes = [_reversed(one.change, lines.get(_place(one.before.experiment))) for one in chosen]
    for one, result in zip(chosen, apply_changes(changes, texts), strict=True):
        said.update(dict.fromkeys(one.numbers, result.problem))
        if result.error is None:
            reviewed.sheets[one.place] = one.before
            reviewed.made.remove(one)
    return said


def _reversed(change: Change, line: int | None) -> Change:
    """Return what undoes CHANGE in its entry, the heading of which is in LINE now."""
    return replace(
        change,
        line=line or change.line,
        text=apply_edits(change.text, change.lines),
        lines=tuple(LineEdit(one.line, one.new, one.old) for one in change.lines),
        messages=tuple(f"taken back: {message}" for message in change.messages),
    )


def _plan_anew(
    settings: Settings,
    index: Index,
    editors: Sequence[Editor],
    chosen: Sequence[tuple[Sheet, Sequence[int]]],
) -> Plan:
    """Return the plan as it is now for the steps of the edits CHOSEN."""
    buffers = BufferEntries()
    idents = list(dict.fromkeys(sheet.experiment.ident for sheet, _some in chosen))
    for editor in editors:
        buffers.ask(editor, index, idents)
    steps = {
        (sheet.experiment.ident, sheet.edits[number].step.number)
        for sheet, some in chosen
        for number in some
    }
    return plan(settings, index, EntryTexts(settings, buffers), steps)


def _place(experiment: Experiment) -> tuple[str, str]:
    return real_path(experiment.file), experiment.ident


def _is_planned(edit: Edit, entry: EntryPlan | None) -> bool:
    """Tell whether EDIT is one of those that ENTRY has now."""
    now = entry.edits if entry is not None else ()
    wanted = edit.step.number, edit.commit.oid, edit.mark
    return any((one.step.number, one.commit.oid, one.mark) == wanted for one in now)


def _fresh_change(sheet: Sheet, numbers: Sequence[int], entry: EntryPlan | None) -> Change | None:
    """Return what makes the edits of SHEET with NUMBERS in ENTRY; None if it reads otherwise."""
    if entry is None or entry.change is None or not numbers:
        return None
    change = sheet.on_text(entry.change, numbers)
    return change if _seen(change.lines) == _seen(sheet.change_of(numbers).lines) else None


def _seen(lines: Sequence[LineEdit]) -> list[tuple[str, str]]:
    """Return LINES as a reader sees them: not where they are, and not how they end."""
    return [(line.old.removesuffix("\r"), line.new.removesuffix("\r")) for line in lines]
