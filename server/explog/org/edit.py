"""Edits of one entry: a hash put behind a step, its box ticked, the cookies recounted.

Values in, values out. An edit says what it expects on a line, so that it can be checked against
what a file or an Emacs buffer holds at the moment it is made. Marks add no line and take none away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from explog.errors import ExplogError
from explog.model import LineEdit
from explog.org.cookies import CookieLine, cookie_lines, miscounted, recount
from explog.org.lists import Item
from explog.org.options import OrgOptions
from explog.org.spans import HashSpan, hash_spans, same_hash
from explog.org.steps import StepList, conflict_line, find_steps
from explog.org.ticking import Boxes

_WHOLE = (40, 64)
"""How many digits a whole id has."""


class Mark(NamedTuple):
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

    SPANS has what `hash_spans` returns for items, by their lines, if the caller knows. LINES and
    STEPS stay as they are.
    """

    def __init__(
        self,
        lines: Sequence[str],
        steps: StepList | None,
        options: OrgOptions,
        spans: Mapping[int, Sequence[HashSpan]] | None = None,
    ) -> None:
        self.lines = lines
        self.steps = steps
        self.options = options
        self._spans = spans or {}
        self._boxes = Boxes(steps)

    @cached_property
    def _items(self) -> dict[tuple[int, ...], list[Item]]:
        found: dict[tuple[int, ...], list[Item]] = defaultdict(list)
        for number, item in self.steps.items if self.steps else ():
            found[number].append(item)
        return found

    @cached_property
    def _cookie_lines(self) -> Sequence[CookieLine]:
        """Where the cookies are: a mark brings none and takes none."""
        return list(cookie_lines(self.lines, self.steps)) if self.steps else []

    def together(self, marks: Iterable[Mark]) -> tuple[LineEdit, ...]:
        """Return the edits that make all MARKS stand there, cookies included; see `mark_entry`."""
        with self._marked(marks) as entry:
            return entry.edits(entry.new)

    def alone(self, mark: Mark) -> tuple[LineEdit, ...]:
        """Return what MARK changes in its own step, when no other mark is put on one."""
        try:
            entry = _Entry(self)
            item = self._put(mark, entry)
            for ticked in self._boxes.changed:
                entry.put_box(ticked)
            return entry.edits(range(item.line, item.paragraph_end + 1))
        finally:
            self._boxes.restore()

    def wrong_cookies(self, marks: Iterable[Mark]) -> int:
        """Return how many cookies are wrong when all MARKS stand there."""
        if self.steps is None:
            return 0
        with self._marked(marks) as entry:
            for item in self.steps.section.walk_all():
                if item.box is not None and item.line in entry.new:  # recounting writes boxes, too
                    self._boxes.set(item, entry.new[item.line][item.box_column])
            return len(miscounted(entry.all_lines(), self.steps, self.options))

    @contextmanager
    def _marked(self, marks: Iterable[Mark]) -> Iterator[_Entry]:
        """Provide the entry with MARKS and the cookies that follow; the boxes last as long."""
        try:
            entry = _Entry(self)
            for mark in marks:
                item = self._put(mark, entry)
                if item in self._boxes.changed:
                    self._boxes.fix_above(item)
            for item in self._boxes.changed:
                entry.put_box(item)
            if self._boxes.changed:
                entry.recount(self._cookie_lines)
            yield entry
        finally:
            self._boxes.restore()

    def _put(self, mark: Mark, entry: _Entry) -> Item:
        """Put MARK on its step in ENTRY, and return the item. The boxes above it stay."""
        item = self._item(mark.step)
        if mark.hash is not None:
            entry.put_hash(item, mark, mark.hash)
        if mark.tick and self._boxes.may_tick(item):
            self._boxes.set(item, "X")
        return item

    def _item(self, step: tuple[int, ...]) -> Item:
        """Return the item that is STEP; raise ExplogError as `mark_entry` does."""
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

    def spans(self, item: Item) -> Sequence[HashSpan]:
        """Return what may be a hash in ITEM."""
        known = self._spans.get(item.line)
        return hash_spans(self.lines, item) if known is None else known


class _Entry:
    """The lines of an entry while marks are put into them: what is `new` comes before BEFORE's."""

    def __init__(self, before: StepMarks) -> None:
        self.before = before
        self.new: dict[int, str] = {}
        self._hashed: set[int] = set()
        """The lines of the items that got a hash."""

    def all_lines(self) -> list[str]:
        """Return all lines, those that are new in their places."""
        lines = list(self.before.lines)
        for number, text in self.new.items():
            lines[number] = text
        return lines

    def edits(self, numbers: Iterable[int]) -> tuple[LineEdit, ...]:
        """Return what became of the lines with NUMBERS, where they changed."""
        old, new = self.before.lines, self.new
        changed = (n for n in sorted(numbers) if n in new and old[n] != new[n])
        return tuple(LineEdit(n, old[n], new[n]) for n in changed)

    def _line(self, number: int) -> str:
        text = self.new.get(number)
        return self.before.lines[number] if text is None else text

    def put_hash(self, item: Item, mark: Mark, new: str) -> None:
        """Put the hash NEW of MARK on ITEM."""
        old = self._old_hash(item, mark.old)
        for line, start, end in old:
            text = self._line(line)
            self.new[line] = text[:start] + _in_form(text[start:end], mark, new) + text[end:]
        if not old:
            text = self._line(item.paragraph_end)
            end = len(text.rstrip(" \t\r"))
            self.new[item.paragraph_end] = f"{text[:end]} ({new}){text[end:]}"
        self._hashed.add(item.line)

    def _old_hash(self, item: Item, digits: str | None) -> list[tuple[int, int, int]]:
        """Return (line, start, end) of what the hash on ITEM is made of, the last first.

        Raises ExplogError `changed` if DIGITS are not there.
        """
        again = item.line in self._hashed
        spans = hash_spans(self.all_lines(), item) if again else self.before.spans(item)
        if digits is None:
            chosen = next((span for span in spans if span.in_place), None)
        else:
            chosen = next((span for span in spans if span.digits == digits), None)
            if digits and chosen is None:
                reason = f"{digits} is not on line {item.line + 1} of the entry any more"
                raise ExplogError("changed", reason)
        same = same_hash(spans, chosen) if chosen else []
        return sorted(((s.line, s.start, s.end) for s in same), reverse=True)

    def put_box(self, item: Item) -> None:
        """Put the box that ITEM has now where it stands: a hash stands behind it."""
        text, column = self._line(item.line), item.box_column
        self.new[item.line] = f"{text[:column]}{item.box}{text[column + 1 :]}"

    def recount(self, where: Sequence[CookieLine]) -> None:
        """Rewrite the statistics cookies that org updates when a box in the section is ticked."""
        if self.before.steps is not None:
            lines = self.all_lines()
            changed = recount(lines, self.before.steps, where, self.before.options)
            self.new.update((number, lines[number]) for number in changed)


def _in_form(written: str, mark: Mark, new: str) -> str:
    """Return the hash NEW of MARK the way the old one is WRITTEN: in capitals, or in full."""
    if len(written) in _WHOLE and mark.commit is not None:
        new = mark.commit
    return new.upper() if written.isupper() else new
