"""Notes put under the steps of one entry, where `explog-note` would put them.

Values in, values out. A note is an item of a list inside its step. What stands in the entry stays
as it is, and so do the steps: where the lists are such that org or explog would then read other
steps, no note is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from explog.errors import ExplogError
from explog.model import LineEdit, Step, StepNumber
from explog.org.lists import Item, last_lines
from explog.org.options import OrgOptions
from explog.org.steps import StepList, find_steps, read_step

_BULLET = re.compile(r"([ \t]*)((?:[-+*]|[0-9]+[.)]|[A-Za-z][.)])(?:[ \t]+|(?=\r?$)))")
# Ends a list of steps that a step has inside it, as org would take the note for one of them.
_TITLE = "Notes:"


class StepNote(NamedTuple):
    """A note for a step: `text` is one line, without bullet and indentation."""

    step: StepNumber
    text: str


def add_notes(
    lines: Sequence[str], notes: Iterable[StepNote], options: OrgOptions, steps_heading: str
) -> tuple[tuple[LineEdit, ...], dict[StepNote, ExplogError]]:
    """Return the edits that put NOTES into the entry LINES, and why others cannot be put there.

    The first of several notes for a step comes first. An error is `unknown-step` or `ambiguous` if
    the step is not there exactly once, else `unreadable`.
    """
    entry = _Entry(lines, options, steps_heading)
    failed: dict[StepNote, ExplogError] = {}
    for note in notes:
        try:
            entry.add(note)
        except ExplogError as error:
            failed[note] = error
    return entry.edits(lines), failed


class _Entry:
    """The lines of an entry while notes are put into them."""

    def __init__(self, lines: Sequence[str], options: OrgOptions, steps_heading: str) -> None:
        self._options, self._heading = options, steps_heading
        self._lines = list(lines)
        self._origin: list[int | None] = list(range(len(lines)))
        """The number that each line had; None for new ones."""
        self._steps = self._read(self._lines)

    def _read(self, lines: Sequence[str]) -> StepList | None:
        return find_steps(lines, self._heading, self._options)

    def add(self, note: StepNote) -> None:
        """Put NOTE at the end of its step; raise ExplogError as `add_notes` has it."""
        item, steps = self._item(note.step)
        end, last = self._end(item, steps)
        line_end = "\r" if self._lines[end].endswith("\r") else ""
        new = [line + line_end for line in _new_lines(self._lines, item, last, note.text)]
        changed = [*self._lines[: end + 1], *new, *self._lines[end + 1 :]]
        found = self._read(changed)
        if found is None or not _is_in_place(found, note.step, end + len(new)):
            raise _indented(item)
        if _contents(self._lines, steps) != _contents(changed, found):
            raise _indented(item)
        self._lines, self._steps = changed, found
        self._origin[end + 1 : end + 1] = [None] * len(new)

    def _end(self, item: Item, steps: StepList) -> tuple[int, Item | None]:
        """Return the last line of ITEM, and the last item inside it if that ends there, too."""
        children = item.children()[-1:]
        section = (self._lines, steps.start, steps.stop)
        ends = last_lines(
            *section,
            [item, *children],
            self._options.alphabetical,
            self._options.inlinetask_min_level,
        )
        return ends[0], children[0] if ends[-1] == ends[0] and children else None

    def _item(self, step: StepNumber) -> tuple[Item, StepList]:
        found = self._steps
        items = [item for number, item in found.items if number == step] if found else []
        written = ".".join(map(str, step))
        if found is not None and len(items) == 1:
            return items[0], found
        if items:
            raise ExplogError("ambiguous", f"step {written} is there {len(items)} times")
        if found is not None and found.doubt is not None:
            line, reason = found.doubt
            raise ExplogError("unreadable", f"line {line + 1} of the entry: {reason}")
        raise ExplogError("unknown-step", f"there is no step {written}")

    def edits(self, before: Sequence[str]) -> tuple[LineEdit, ...]:
        """Return what was put into the lines, which were those of BEFORE, line by line."""
        found: list[LineEdit] = []
        last = 0
        for text, origin in zip(self._lines, self._origin, strict=True):
            if origin is not None:
                last = origin
            elif found and found[-1].line == last:
                found[-1] = found[-1]._replace(new=f"{found[-1].new}\n{text}")
            else:
                found.append(LineEdit(last, before[last], f"{before[last]}\n{text}"))
        return tuple(found)


# Not written


def _indented(item: Item) -> ExplogError:
    reason = (
        f"line {item.line + 1} of the entry: the lists are indented in such a way that a note there"
        " would change the steps"
    )
    return ExplogError("unreadable", reason)


def _contents(lines: Sequence[str], steps: StepList) -> list[Step]:
    """Return what STEPS say, wherever they stand in LINES."""
    return [read_step(lines, number, item)._replace(line=0) for number, item in steps.items]


def _is_in_place(steps: StepList, step: StepNumber, line: int) -> bool:
    """Tell whether LINE is an item directly inside STEP, and no step itself."""
    inside = [item for number, item in steps.items if number == step]
    children = [child for item in inside for child in item.children()]
    return any(child.line == line and child.number is None for child in children)


# How it is written


def _new_lines(lines: Sequence[str], item: Item, last: Item | None, text: str) -> list[str]:
    """Return the lines of a note with TEXT in ITEM, whose text ends with the item LAST inside it.

    The note goes on with the list of LAST, if that is no list of steps.
    """
    if last is None:
        blank, bullet = _bullet(lines[item.line])
        return [f"{blank}{' ' * len(bullet)}- {text}"]
    blank, bullet = _bullet(lines[last.line])
    siblings = item.lists[-1].items
    if any(one.number is not None or one.box is not None for one in siblings):
        return [blank + _TITLE, f"{blank}- {text}"]
    return [f"{blank}{bullet.strip()} {text}"]


def _bullet(line: str) -> tuple[str, str]:
    """Return what stands before the bullet of an item on LINE, and the bullet with its blanks."""
    match = _BULLET.match(line)
    return (match[1], match[2]) if match is not None else ("", "")
