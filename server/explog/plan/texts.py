"""Put what was decided onto the texts of entries: which lines change, and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from explog.entries.text import EntryText, EntryTexts
from explog.errors import ExplogError
from explog.org.edit import StepMarks
from explog.plan.plans import Edit, EntryPlan, Failure


def on_texts(
    entries: Iterable[EntryPlan], texts: EntryTexts
) -> tuple[list[EntryPlan], list[Failure]]:
    """Return ENTRIES with their changes, log by log, and the logs that TEXTS cannot read.

    Of such a log, all edits are left out.
    """
    by_file: dict[str, list[EntryPlan]] = defaultdict(list)
    for entry in entries:
        by_file[entry.experiment.file].append(entry)
    found: list[EntryPlan] = []
    failures: list[Failure] = []
    for file, some in sorted(by_file.items()):
        some.sort(key=lambda entry: entry.experiment.line)
        try:
            found += [on_text(e, texts.entry(e.experiment)) if e.edits else e for e in some]
        except ExplogError as error:  # the index is behind the file, or it cannot be read
            failures.append(Failure(file, error, _steps(some)))
            found += [entry._replace(edits=()) for entry in some]
    return found, failures


def _steps(entries: Sequence[EntryPlan]) -> frozenset[tuple[str, tuple[int, ...]]]:
    return frozenset(
        (edit.experiment.ident, edit.step.number) for entry in entries for edit in entry.edits
    )


def on_text(entry: EntryPlan, text: EntryText) -> EntryPlan:
    """Return ENTRY with what its edits change in TEXT, and without those that change nothing.

    An edit changes nothing if org's rules do not let the box be ticked.
    """
    marks = text.marks
    edits = [edit for one in entry.edits if (edit := _with_lines(one, text, marks)) is not None]
    if not edits:
        return entry._replace(edits=(), text=text)
    lines = marks.together([edit.mark for edit in edits])
    change = text.change(lines, [edit.message for edit in edits])
    return entry._replace(edits=tuple(edits), change=change, text=text)


def _with_lines(edit: Edit, text: EntryText, marks: StepMarks) -> Edit | None:
    """Return EDIT with the lines that it changes when it is made alone; None if there are none."""
    new = {line.line: line.new for line in marks.alone(edit.mark)}
    if not new:
        return None
    span = range(edit.step.line, max(new) + 1)
    return edit._replace(
        old="\n".join(text.lines[number] for number in span),
        new="\n".join(new.get(number, text.lines[number]) for number in span),
    )
