"""What a report quotes of an entry: its conclusion, notes of some days, and what is due.

Text in, values out. What the user keeps private is left out: subtrees with one of the tags that are
not exported, drawers and comments.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from explog.org.heading import PLANNING, headings, title_of
from explog.org.lognotes import state_patterns
from explog.org.opaque import Opaque
from explog.org.options import OrgOptions
from explog.org.passages import STAMP, first_day
from explog.org.scan import split_tags
from explog.report.period import Period

_DUE = re.compile(r"\b(SCHEDULED|DEADLINE):[ \t]*(<[^>\n]*>)")
_ITEM = re.compile(r"([ \t]*)(?:[-+]|\*(?<=[ \t]\*)|\d+[.)])(?:[ \t]|$)")
_DRAWER = re.compile(r"[ \t]*:[-\w]+:[ \t]*$")
_COMMENT = re.compile(r"[ \t]*#(?:[ \t]|$)")


@dataclass(frozen=True, slots=True)
class StateChange:
    """A note that org made when the state became `to`; `text` is what the user wrote in it."""

    to: str
    day: date
    text: str


class Excerpts:
    """The parts of an entry that are not private."""

    def __init__(self, text: str, options: OrgOptions, private: Collection[str]) -> None:
        """PRIVATE are the tags of subtrees that are left out."""
        self._options = options
        lines = text.split("\n")
        found = headings(lines, options.inlinetask_min_level)
        public = _public(lines, found, private)
        self._lines = [line if shown else "" for line, shown in zip(lines, public, strict=True)]
        self._headings = [(line, level) for line, level in found if public[line]]
        # What stands right under the heading of the entry, with drawers and comments.
        self._own = lines[: found[1][0] if len(found) > 1 else len(lines)]

    @cached_property
    def _conclusion(self) -> range:
        """The lines of the heading "Conclusion" or "Conclusions", and of what is beneath it."""
        for place, (line, level) in enumerate(self._headings):
            title = title_of(self._lines[line], self._options.keywords)
            if place and title.casefold().startswith("conclusion"):
                after = (n for n, other in self._headings[place + 1 :] if other <= level)
                return range(line, next(after, len(self._lines)))
        return range(0)

    def conclusion(self) -> str:
        """Return what stands beneath the heading "Conclusion" or "Conclusions", as it is."""
        return _dedented([self._lines[number] for number in self._conclusion[1:]])

    def notes(self, period: Period, beside: Collection[int] = ()) -> list[str]:
        """Return the notes that bear a date of PERIOD, as they are, in their order.

        A note is a paragraph or an item with what is beneath it. The lines BESIDE begin none: they
        are the steps. What stands in the conclusion, and the date of the entry alone, is no note.
        """
        return [
            note
            for start, end in self._blocks(beside)
            if start not in self._conclusion and (note := _dedented(self._lines[start:end]))
            if first_day(note) in period and not STAMP.fullmatch(note.strip())
        ]

    def due(self) -> list[tuple[str, date]]:
        """Return what the entry is scheduled for, and its deadline: ("SCHEDULED", day)."""
        return [
            (kind, day)
            for line in self._lines[1 : len(self._own)]
            if PLANNING.match(line)
            for kind, stamp in _DUE.findall(line)
            if (day := first_day(stamp)) is not None
        ]

    def state_changes(self) -> list[StateChange]:
        """Return the notes of org on changes of state, in a drawer or not, in their order.

        Those of a heading beneath are about that heading.
        """
        patterns = state_patterns(self._options.log_note_headings)
        found = []
        for number, line in enumerate(self._own):
            match = next((m for one in patterns if (m := one.match(line))), None)
            day = first_day(line) if match is not None else None
            if match is not None and day is not None:
                note = _dedented(_beneath(self._own, number))
                found.append(StateChange(match["to"], day, note))
        return found

    def _blocks(self, beside: Collection[int]) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each paragraph and each item, but for the items BESIDE."""
        headings_at = {line for line, _level in self._headings}
        number = 1
        while number < len(self._lines):
            line = self._lines[number]
            skipped = not line.strip() or number in headings_at or number in beside
            if skipped or PLANNING.match(line):
                number += 1
                continue
            end = self._block_end(number, headings_at, beside)
            yield number, end
            number = end

    def _block_end(self, start: int, headings_at: set[int], beside: Collection[int]) -> int:
        item = _ITEM.match(self._lines[start])
        depth = len(item[1]) if item is not None else None
        blank = False
        for number in range(start + 1, len(self._lines)):
            line = self._lines[number]
            if number in headings_at or number in beside:
                return number
            if not line.strip():
                blank = True
                continue
            indent = len(line) - len(line.lstrip())
            if (blank or _ITEM.match(line)) and (depth is None or indent <= depth):
                return number
            if depth is not None and indent <= depth:
                return number
        return len(self._lines)


def _public(
    lines: Sequence[str], found: Sequence[tuple[int, int]], private: Collection[str]
) -> list[bool]:
    """Tell which of LINES are in no subtree with a PRIVATE tag, no drawer and no comment."""
    public = [True] * len(lines)
    hidden: int | None = None
    for place, (line, level) in enumerate(found):
        if hidden is None or level <= hidden:
            tagged = any(tag in private for tag in split_tags(lines[line])[1])
            hidden = level if tagged else None
        if hidden is not None:
            end = found[place + 1][0] if place + 1 < len(found) else len(lines)
            public[line:end] = [False] * (end - line)
    opaque = Opaque(lines, 0, len(lines))
    number = 0
    while number < len(lines):
        # What looks like a comment inside of a block is none.
        may_begin = public[number] and lines[number].lstrip()[:1] in ("#", ":")
        end = (opaque.end(number) if may_begin else None) or number
        if _COMMENT.match(lines[number]) or (end > number and _DRAWER.match(lines[number])):
            public[number : end + 1] = [False] * (end + 1 - number)
        number = end + 1
    return public


def _beneath(lines: Sequence[str], start: int) -> list[str]:
    """Return what is indented beneath the item at START."""
    item = _ITEM.match(lines[start])
    depth = len(item[1]) if item is not None else 0
    found = []
    for line in lines[start + 1 :]:
        if not line.strip() or len(line) - len(line.lstrip()) <= depth:
            break
        found.append(line)
    return found


def _dedented(lines: Sequence[str]) -> str:
    """Return LINES as text, without what all are indented by, and without blanks around it."""
    said = [line.expandtabs(8).rstrip() for line in lines]
    indents = [len(line) - len(line.lstrip()) for line in said if line]
    depth = min(indents, default=0)
    text = "\n".join(line[depth:] for line in said).strip("\n")
    return re.sub(r"\n{3,}", "\n\n", text)
