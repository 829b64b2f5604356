"""Edits of one entry: a hash put behind a step, its box ticked, the cookies recounted.

Values in, values out. An edit says what it expects on a line, so that it can be checked against
what a file or an Emacs buffer holds at the moment it is made. Marks add no line and take none away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from explog.errors import ExplogError
from explog.model import LineEdit
from explog.org.cookies import CookieLine, cookie_lines, recount
from explog.org.lists import Item, PlainList
from explog.org.options import OrgOptions
from explog.org.spans import hash_spans, same_hash
from explog.org.steps import StepList, conflict_line, find_steps

_WHOLE = (40, 64)
"""How many digits a whole id has."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What shall stand on a step: `hash` (None leaves it as it is), and a ticked box or not.

    `old` are the digits, in lower case, that `hash` takes the place of; empty to put it beside all
    that stands there; None for those that the text alone shows to be the step's hash. `commit` is
    the whole id of `hash`, for a form that has it, such as the address of a commit.
    """

    step: tuple[int, ...]
    hash: str | None = None
    tick: bool = False
    old: str | None = None
    commit: str | None = None


def mark_entry(
    text: str, marks: Iterable[Mark], options: OrgOptions, steps_heading: str = "Experiments"
) -> tuple[LineEdit, ...]:
    """Return the edits that make MARKS stand on the steps of the entry TEXT; none if they do.

    Raises ExplogError `unknown-step` or `ambiguous` when a step is not there exactly once,
    `unreadable` when the entry is in the middle of a merge or the numbers of its steps are not
    certain, and `changed` when the digits that a mark replaces are not there.
    """
    lines = text.split("\n")
    conflict = conflict_line(lines)
    if conflict is not None:
        reason = f"line {conflict + 1} of the entry is left from a merge conflict; resolve it first"
        raise ExplogError("unreadable", reason)
    return StepMarks(lines, find_steps(lines, steps_heading, options), options).together(marks)


def apply_edits(text: str, edits: Iterable[LineEdit]) -> str:
    """Return TEXT with EDITS made; raise ExplogError `changed` where it differs from expected."""
    lines = text.split("\n")
    for edit in edits:
        if edit.line >= len(lines) or lines[edit.line] != edit.old:
            raise ExplogError("changed", f"line {edit.line + 1} of the entry is not as expected")
        lines[edit.line] = edit.new
    return "\n".join(lines)


class StepMarks:
    """Puts marks on the steps of an entry: of its LINES, in which `find_steps` found STEPS.

    LINES and STEPS stay as they are.
    """

    def __init__(self, lines: Sequence[str], steps: StepList | None, options: OrgOptions) -> None:
        self._lines = lines
        self._options = options
        self._steps = steps
        self._items: dict[tuple[int, ...], list[Item]] = defaultdict(list)
        for number, item in steps.items if steps else ():
            self._items[number].append(item)

    @cached_property
    def _cookie_lines(self) -> Sequence[CookieLine]:
        """Where the cookies are: a mark brings none and takes none."""
        return list(cookie_lines(self._lines, self._steps)) if self._steps else []

    def together(self, marks: Iterable[Mark]) -> tuple[LineEdit, ...]:
        """Return the edits that make all MARKS stand there, cookies included; see `mark_entry`."""
        with self._copy() as entry:
            for mark in marks:
                entry.mark(mark)
            if entry.ticked:
                entry.recount(self._cookie_lines)
            return self._edits(entry, entry.changed)

    def alone(self, mark: Mark) -> tuple[LineEdit, ...]:
        """Return what MARK changes in its own step, when no other mark is put on one."""
        with self._copy() as entry:
            item = entry.mark(mark)
            return self._edits(entry, range(item.line, item.paragraph_end + 1))

    @contextmanager
    def _copy(self) -> Iterator[_Entry]:
        entry = _Entry(list(self._lines), self._steps, self._items, self._options)
        try:
            yield entry
        finally:
            entry.restore_boxes()

    def _edits(self, entry: _Entry, numbers: Iterable[int]) -> tuple[LineEdit, ...]:
        old, new = self._lines, entry.lines
        return tuple(LineEdit(n, old[n], new[n]) for n in sorted(numbers) if old[n] != new[n])


class _Entry:
    """The lines of an entry while marks are put into them."""

    def __init__(
        self,
        lines: list[str],
        steps: StepList | None,
        items: Mapping[tuple[int, ...], Sequence[Item]],
        options: OrgOptions,
    ) -> None:
        self.lines = lines
        self.steps = steps
        self.options = options
        self._items = items
        self.ticked = False
        self.changed: set[int] = set()
        self._boxes: list[tuple[Item, str | None]] = []
        """The boxes that were set, and what they were before, in order."""

    def mark(self, mark: Mark) -> Item:
        """Put MARK on its step, and return the item."""
        item = self._item(mark.step)
        if mark.hash is not None:
            self._put_hash(item, mark, mark.hash)
        if mark.tick and self._may_tick(item):
            self._set_box(item, "X")
            self.ticked = True
            self._fix_ancestors(item)
        return item

    def _item(self, step: tuple[int, ...]) -> Item:
        items = self._items.get(step, ())
        if len(items) == 1:
            return items[0]
        written = ".".join(map(str, step))
        if items:
            reason = f"step {written} is there {len(items)} times"
            raise ExplogError("ambiguous", reason, step=written)
        if self.steps is not None and self.steps.doubt is not None:
            line, reason = self.steps.doubt
            raise ExplogError("unreadable", f"line {line + 1} of the entry: {reason}", step=written)
        raise ExplogError("unknown-step", f"there is no step {written}", step=written)

    def _put_hash(self, item: Item, mark: Mark, new: str) -> None:
        old = self._old_hash(item, mark.old)
        for line, start, end in old:
            text = self.lines[line]
            self._write(line, text[:start] + _in_form(text[start:end], mark, new) + text[end:])
        if not old:
            text = self.lines[item.paragraph_end]
            end = len(text.rstrip(" \t\r"))
            self._write(item.paragraph_end, f"{text[:end]} ({new}){text[end:]}")

    def _write(self, line: int, text: str) -> None:
        self.lines[line] = text
        self.changed.add(line)

    def _old_hash(self, item: Item, digits: str | None) -> list[tuple[int, int, int]]:
        """Return (line, start, end) of what the hash on ITEM is made of, the last first.

        Raises ExplogError `changed` if DIGITS are not there.
        """
        spans = hash_spans(self.lines, item)
        if digits is None:
            chosen = next((span for span in spans if span.in_place), None)
        else:
            chosen = next((span for span in spans if span.digits == digits), None)
            if digits and chosen is None:
                reason = f"{digits} is not on line {item.line + 1} of the entry any more"
                raise ExplogError("changed", reason)
        same = same_hash(spans, chosen) if chosen else []
        return sorted(((s.line, s.start, s.end) for s in same), reverse=True)

    def _may_tick(self, item: Item) -> bool:
        """Tell whether org would let the box be ticked.

        A box above other boxes follows them: it may be ticked when they all are. `:ORDERED:` wants
        every earlier one ticked; org would then also take the ticks after an open box away, and
        what a user ticked stays ticked.
        """
        if item.box not in (" ", "-") or _box_of(item) not in (None, "X"):
            return False
        if self.steps is None or self.steps.properties.get("ORDERED", "nil") == "nil":
            return True
        above = _ancestors(item)
        earlier = (other for other in _struct_of(self.steps, item).walk() if other.line < item.line)
        return not any(other.box == " " and other not in above for other in earlier)

    def _set_box(self, item: Item, box: str) -> None:
        text, column = self.lines[item.line], item.box_column
        self._write(item.line, text[:column] + box + text[column + 1 :])
        self._boxes.append((item, item.box))
        item.box = box

    def restore_boxes(self) -> None:
        """Give the items back the boxes that they had."""
        while self._boxes:
            item, box = self._boxes.pop()
            item.box = box

    def _fix_ancestors(self, item: Item) -> None:
        """Set the boxes above ITEM as org does from the boxes of their children."""
        for parent in _ancestors(item):
            box = _box_of(parent)
            if parent.box not in (" ", "-") or box in (None, parent.box):
                return
            self._set_box(parent, box)
            for child in parent.children():
                if child.box == "x":
                    self._set_box(child, "X")

    def recount(self, where: Sequence[CookieLine]) -> None:
        """Rewrite the statistics cookies that org updates when a box in the section is ticked."""
        if self.steps is not None:
            self.changed |= recount(self.lines, self.steps, where, self.options)


def _in_form(written: str, mark: Mark, new: str) -> str:
    """Return the hash NEW of MARK the way the old one is WRITTEN: in capitals, or in full."""
    if len(written) in _WHOLE and mark.commit is not None:
        new = mark.commit
    return new.upper() if written.isupper() else new


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
    boxes = {"X" if child.box == "x" else child.box for child in parent.children()}
    if "-" in boxes or {" ", "X"} <= boxes:
        return "-"
    if "X" in boxes:
        return "X"
    return " " if " " in boxes else None
