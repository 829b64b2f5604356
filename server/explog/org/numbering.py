"""Which items of a section are steps, and the number of each, as a reader sees them.

org takes a note of its own and the steps right below it for one list, and steps with a line at the
margin between them for two lists. A reader sees one numbering, which goes on.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from typing import NamedTuple

from explog.model import StepNumber
from explog.org.lists import Item, PlainList, Section
from explog.org.lognotes import note_pattern
from explog.org.options import OrgOptions
from explog.org.spans import hash_spans

DEEPEST = 7
"""A reference has no more numbers than one beyond this."""


class Doubt(NamedTuple):
    """Why the numbers of steps are not certain; `line` is that of the first of them."""

    line: int
    reason: str


def number_steps(
    lines: Sequence[str], section: Section, options: OrgOptions
) -> tuple[list[tuple[StepNumber, Item]], Doubt | None]:
    """Return the steps of SECTION, whose text is in LINES, and why others are left out."""
    lists = section.lists
    if lists and lists[0].items[0].number is None:
        notes = _Notes(lines, options)
        doubt = notes.damage(lists)
        if doubt is not None:
            return [], doubt
        if not any(item.number is not None for plain in lists for item in plain.items):
            lists = notes.inner_lists(lists)
    reader = _Reader(section)
    reader.number(lists, ())
    return reader.found, reader.doubt


class _Notes:
    """The notes that org takes, among the items of lists."""

    def __init__(self, lines: Sequence[str], options: OrgOptions) -> None:
        self.lines = lines
        self.pattern = note_pattern(options.log_note_headings)

    def damage(self, lists: Sequence[PlainList]) -> Doubt | None:
        """Return a doubt if org took the numbers off the steps, which it does below a note.

        Then there are bullets with boxes above the first number, and a note of org's beside them,
        or a hash on one. A new `1.` below them is not the step that the commits call by 1.
        """
        for plain in lists:
            boxed: Item | None = None
            evident = False
            for item in plain.items:
                if item.number is not None:
                    break
                if self._is_note(item):
                    evident = True
                elif item.box is not None:
                    boxed = boxed or item
                    evident = evident or self._bears_hash(item)
            if boxed is not None and evident:
                return Doubt(boxed.line, _BULLETS)
            if any(item.number is not None for item in plain.items):
                return None
        return None

    def _bears_hash(self, item: Item) -> bool:
        """Tell whether a hash stands in its place on the first line of ITEM."""
        spans = hash_spans(self.lines, item)
        return any(span.in_place and span.line == item.line for span in spans)

    def inner_lists(self, lists: Sequence[PlainList]) -> list[PlainList]:
        """Return the lists inside notes: org takes indented steps below a note for part of it.

        A list without boxes may be part of the note itself, if the note says something.
        """
        found: list[PlainList] = []
        for item in (item for plain in lists for item in plain.items if self._is_note(item)):
            says_more = self.lines[item.line].rstrip(" \t\r").endswith("\\\\")
            found += (
                inner
                for inner in item.lists
                if not says_more or any(one.box is not None for one in inner.items)
            )
        return found

    def _is_note(self, item: Item) -> bool:
        if self.pattern is None or item.box is not None:
            return False
        return self.pattern.match(self.lines[item.line], item.text_column) is not None


_BULLETS = (
    "the steps have bullets instead of numbers, as org leaves them below a note that it took;"
    " number them again to tell which is which"
)
_UNSURE = (
    "the number of this step is not certain: its bullet goes on neither from the counter `[@{}]`"
    " above it nor from the bullet there"
)


class _Level(NamedTuple):
    """A numbering that may go on: its indentation, what stands before its numbers, its last one."""

    indent: int
    prefix: StepNumber
    last: int


class _Reader:
    """The steps that were found, in the order of their lines."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.found: list[tuple[StepNumber, Item]] = []
        self.doubt: Doubt | None = None

    def number(self, lists: Sequence[PlainList], prefix: StepNumber) -> list[_Level]:
        """Number the items of LISTS, which stand in the step PREFIX, and those inside them.

        Return the numberings that may go on, the outermost first.
        """
        path: list[_Level] = []
        for plain in lists:
            numbers = plain.numbers()
            first = next((number for number in numbers if number is not None), None)
            indent = plain.items[0].indent
            if first is None or (prefix and numbers[0] is None):
                continue
            if not path:
                depth, level = 0, _Level(indent, prefix, 0)
            else:
                after = self.found[-1][1].line
                depth, found = _continued(path, indent, first, self._has_text(after, plain))
                if found is None:
                    if depth < 0:
                        break
                    continue
                level = found
            path = self._items(plain, numbers, path[:depth], level)
        return path

    def _items(
        self,
        plain: PlainList,
        numbers: Sequence[int | None],
        outer: list[_Level],
        level: _Level,
    ) -> list[_Level]:
        """Take the items of PLAIN, with their NUMBERS; return what may go on behind them."""
        prefix, last = level.prefix, level.last
        inside: list[_Level] = []
        for number, item in zip(numbers, plain.items, strict=True):
            if number is None:
                if item.number is not None and self.doubt is None:
                    counter = next(o.counter for o in plain.items if o.counter is not None)
                    self.doubt = Doubt(item.line, _UNSURE.format(counter))
                continue
            last, inside = number, []
            self.found.append(((*prefix, number), item))
            if item.lists and len(prefix) < DEEPEST:
                inside = self.number(item.lists, (*prefix, number))
        return [*outer, _Level(level.indent, prefix, last), *inside]

    def _has_text(self, line: int, plain: PlainList) -> bool:
        """Tell whether text that is in no list stands between LINE and the list PLAIN."""
        text = self.section.text_lines
        after = bisect(text, line)
        return after < len(text) and text[after] < plain.items[0].line


def _continued(
    path: Sequence[_Level], indent: int, first: int, has_text: bool
) -> tuple[int, _Level | None]:
    """Return (index in PATH, level) of the numbering that a list continues.

    The list begins with the number FIRST at INDENT; HASTEXT tells whether text stands before it. If
    the level is None, it is no list of steps. If the index is -1, the lists behind it are none
    either: a numbering began anew, and nobody can say which one they continue.
    """
    same = next((n for n in reversed(range(len(path))) if path[n].indent == indent), None)
    outer = [n for n in range(len(path)) if path[n].indent < indent]
    if same is None and not outer:
        same = 0
    if same is not None:
        return (same, path[same]) if first > path[same].last else (-1, None)
    around = outer[-1]
    if first == path[around].last + 1 and around == len(path) - 1:
        return around, path[around]
    if first == 1 and not has_text and around == len(path) - 1:
        prefix = (*path[around].prefix, path[around].last)
        if len(prefix) <= DEEPEST:
            return around + 1, _Level(indent, prefix, 0)
    return 0, None
