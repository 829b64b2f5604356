"""Edits of one entry: a hash put behind a step, its box ticked, the cookies recounted.

Values in, values out. An edit replaces lines one by one and never adds or takes one away, so that
it can be checked against what a file or an Emacs buffer holds at the moment it is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from explog.errors import ExplogError
from explog.model import LineEdit
from explog.org.cookies import recount
from explog.org.lists import Item, PlainList
from explog.org.options import OrgOptions
from explog.org.steps import StepList, conflict_line, find_steps, hash_span


@dataclass(frozen=True, slots=True)
class Mark:
    """What shall stand on a step: `hash` (None leaves it as it is), and a ticked box or not."""

    step: tuple[int, ...]
    hash: str | None = None
    tick: bool = False


def mark_entry(
    text: str, marks: Iterable[Mark], options: OrgOptions, steps_heading: str = "Experiments"
) -> tuple[LineEdit, ...]:
    """Return the edits that make MARKS stand on the steps of the entry TEXT; none if they do.

    Raises ExplogError `unknown-step` or `ambiguous` when a step is not there exactly once, and
    `unreadable` when the entry is in the middle of a merge.
    """
    lines = text.split("\n")
    conflict = conflict_line(lines)
    if conflict is not None:
        reason = f"line {conflict + 1} of the entry is left from a merge conflict; resolve it first"
        raise ExplogError("unreadable", reason)
    steps = find_steps(lines, steps_heading, options)
    entry = _Entry(list(lines), steps)
    for mark in marks:
        entry.mark(mark)
    entry.recount()
    return tuple(
        LineEdit(number, old, new)
        for number, (old, new) in enumerate(zip(lines, entry.lines, strict=True))
        if old != new
    )


def apply_edits(text: str, edits: Iterable[LineEdit]) -> str:
    """Return TEXT with EDITS made; raise ExplogError `changed` where it differs from expected."""
    lines = text.split("\n")
    for edit in edits:
        if edit.line >= len(lines) or lines[edit.line] != edit.old:
            raise ExplogError("changed", f"line {edit.line + 1} of the entry is not as expected")
        lines[edit.line] = edit.new
    return "\n".join(lines)


class _Entry:
    """The lines of an entry while marks are put into them."""

    def __init__(self, lines: list[str], steps: StepList | None) -> None:
        self.lines = lines
        self.steps = steps
        self.ticked = False

    def mark(self, mark: Mark) -> None:
        item = self._item(mark.step)
        if mark.hash is not None:
            self._put_hash(item, mark.hash)
        if mark.tick and self._may_tick(item):
            self._set_box(item, "X")
            self.ticked = True
            self._fix_ancestors(item)

    def _item(self, step: tuple[int, ...]) -> Item:
        items = [item for number, item in self.steps.items if number == step] if self.steps else []
        if len(items) == 1:
            return items[0]
        written = ".".join(map(str, step))
        if not items:
            raise ExplogError("unknown-step", f"there is no step {written}", step=written)
        raise ExplogError("ambiguous", f"step {written} is there {len(items)} times", step=written)

    def _put_hash(self, item: Item, new: str) -> None:
        span = hash_span(self.lines, item)
        if span is not None:
            line, start, end = span
            self.lines[line] = self.lines[line][:start] + new + self.lines[line][end:]
            return
        text = self.lines[item.paragraph_end]
        end = len(text.rstrip(" \t\r"))
        self.lines[item.paragraph_end] = f"{text[:end]} ({new}){text[end:]}"

    def _may_tick(self, item: Item) -> bool:
        """Tell whether org would let the box be ticked.

        A box above other boxes follows them, and `:ORDERED:` wants every earlier one ticked. org
        would then also take the ticks after an open box away; what a user ticked stays ticked.
        """
        if item.box not in (" ", "-") or _box_of(item) is not None:
            return False
        if self.steps is None or self.steps.properties.get("ORDERED", "nil") == "nil":
            return True
        above = _ancestors(item)
        earlier = (other for other in _struct_of(self.steps, item).walk() if other.line < item.line)
        return not any(other.box == " " and other not in above for other in earlier)

    def _set_box(self, item: Item, box: str) -> None:
        text, column = self.lines[item.line], item.box_column
        self.lines[item.line] = text[:column] + box + text[column + 1 :]
        item.box = box

    def _fix_ancestors(self, item: Item) -> None:
        """Set the boxes above ITEM as org does from the boxes of their children."""
        for parent in _ancestors(item):
            box = _box_of(parent)
            if parent.box not in (" ", "-") or box in (None, parent.box):
                return
            self._set_box(parent, box)

    def recount(self) -> None:
        """Rewrite the statistics cookies that org updates when a box in the section is ticked."""
        if self.steps is not None and self.ticked:
            for line, text in recount(self.lines, self.steps).items():
                self.lines[line] = text


def _ancestors(item: Item) -> list[Item]:
    """Return the items that ITEM is in, from the inside out."""
    found: list[Item] = []
    while item.parent is not None:
        item = item.parent
        found.append(item)
    return found


def _struct_of(steps: StepList, item: Item) -> PlainList:
    """Return the top list that ITEM is somewhere inside."""
    top = [item, *_ancestors(item)][-1]
    return next(plain for plain in steps.section.lists if top in plain.items)


def _box_of(parent: Item) -> str | None:
    """Return the box that org gives PARENT for those of its children; None for as it is."""
    boxes = {child.box for child in parent.children()}
    if "-" in boxes or {" ", "X"} <= boxes:
        return "-"
    if "X" in boxes:
        return "X"
    return " " if " " in boxes else None
