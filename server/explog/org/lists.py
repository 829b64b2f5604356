"""Plain lists as org reads them: items, boxes, counters, first paragraphs.

orgparse knows no lists. This follows the rules of org's own structure parser on the lines of one
section: indentation decides, one blank line continues a list and two end it, blocks and drawers
are opaque. Lines are 0-based in the list given. `tests/org/test_lists_org.py` asks org itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?P<bullet>[-+]|(?<=[ \t])\*|(?P<number>[0-9]+)[.)])(?:[ \t]+|(?=\r?$))"
    r"(?:\[@(?:start:)?(?P<counter>[0-9]+|[A-Za-z])\][ \t]*)?"
    r"(?P<box>\[[ xX-]\](?=[ \t\r]|$))?"
)
_BLANK = " \t\r"
_BLOCK = re.compile(r"[ \t]*#\+BEGIN(_\S+|:)", re.IGNORECASE)
_VERBATIM = re.compile(r"[ \t]*#\+BEGIN_(?:src|example|export|comment|verse)\b", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:[-\w]+:[ \t\r]*$")
_DRAWER_END = re.compile(r"[ \t]*:END:[ \t\r]*$", re.IGNORECASE)
# What cannot stand inside a paragraph. A `\begin{` or `:END:` that nothing matches is text for org,
# but not for us: a hash behind it would spoil it.
_BREAK = re.compile(
    r"[ \t]*(?:\||\+(?:-+\+)+[ \t\r]*$|#(?:[ \t\r]|$)|#\+\S+:|:(?:[ \t\r]|$|END:[ \t\r]*$)"
    r"|-{5,}[ \t\r]*$|CLOCK: |\\begin\{)",
    re.IGNORECASE,
)
_DIGITS = 10
"""Numbers are cut here, far beyond those that a reference can have: Python has its limits."""


@dataclass(slots=True, eq=False)
class Item:
    """One item. `box` is the character between its brackets, at column `box_column`.

    Its first paragraph is the lines from `line` to `paragraph_end`; `text_lines` are all lines
    that are its own text, the first included, those of inner items not.
    """

    line: int
    indent: int
    number: int | None
    counter: int | None
    box: str | None
    box_column: int
    text_column: int
    parent: Item | None = None
    lists: list[PlainList] = field(default_factory=list)
    paragraph_end: int = 0
    paragraph_open: bool = True
    text_lines: list[int] = field(default_factory=list)

    @property
    def checked(self) -> bool:
        """Whether a reader sees it ticked; org itself counts a capital X alone."""
        return self.box in ("x", "X")

    def children(self) -> list[Item]:
        """Return the items of the lists directly inside this one."""
        return [item for plain in self.lists for item in plain.items]


@dataclass(slots=True, eq=False)
class PlainList:
    """Siblings; ordered when the first of them is numbered."""

    items: list[Item] = field(default_factory=list)

    @property
    def ordered(self) -> bool:
        """Whether org takes it for an ordered list."""
        return self.items[0].number is not None

    def numbers(self) -> list[int | None]:
        """Return each item's number as a reader sees it, `[@5]` and what follows it included."""
        shift, numbers = 0, list[int | None]()
        for item in self.items:
            if item.counter is not None and item.number is not None:
                shift = item.counter - item.number
            numbers.append(None if item.number is None else item.number + shift)
        return numbers

    def walk(self) -> Iterator[Item]:
        """Yield every item of the list and of the lists inside it, in order of their lines."""
        waiting = self.items[::-1]
        while waiting:
            item = waiting.pop()
            yield item
            waiting += item.children()[::-1]


@dataclass(slots=True, eq=False)
class Section:
    """The lists at the top of a section, and the lines that are plain text outside of any.

    `enclosed` are the lists in drawers and blocks outside of any list: they are nobody's steps, but
    org counts their boxes in the heading's cookie.
    """

    lists: list[PlainList] = field(default_factory=list)
    text_lines: list[int] = field(default_factory=list)
    enclosed: list[PlainList] = field(default_factory=list)

    def walk(self) -> Iterator[Item]:
        """Yield every item of the section in order of their lines."""
        for plain in self.lists:
            yield from plain.walk()


def parse_section(lines: Sequence[str], start: int, stop: int) -> Section:
    """Parse `lines[start:stop]`, the body of one heading up to the next heading of any level."""
    section, waiting = _parse(lines, start, stop)
    while waiting:  # as many blocks may be in one another as there are lines
        inner, deeper = _parse(lines, *waiting.pop(0))
        section.enclosed += inner.lists
        waiting = deeper + waiting
    return section


def _parse(lines: Sequence[str], start: int, stop: int) -> tuple[Section, list[tuple[int, int]]]:
    """Return the lists and the text of `lines[start:stop]`, and what is to be parsed by itself."""
    parser, opaque = _Parser(), Opaque(lines, stop)
    line = start
    while line < stop:
        line = parser.feed(lines, line, opaque)
    return parser.section, parser.enclosed


class _Parser:
    """The lists that are still open, innermost last, while the lines go by."""

    def __init__(self) -> None:
        self.section = Section()
        self.enclosed: list[tuple[int, int]] = []
        """(start, stop) of what blocks and drawers outside of any list have in them."""
        self.stack: list[tuple[PlainList, Item]] = []
        self.blanks = 0

    def feed(self, lines: Sequence[str], line: int, opaque: Opaque) -> int:
        """Take one line, or a whole block or drawer; return the next line to feed."""
        text = lines[line]
        if not text.strip(_BLANK):
            self._blank()
            return line + 1
        match = _ITEM.match(text)
        if match is not None:
            self._item(match, line)
            return line + 1
        self._close(_width(text[: len(text) - len(text.lstrip(" \t"))]))
        self.blanks = 0
        end = opaque.end(line)
        if end is not None:
            self._end_paragraph()
            if not self.stack and not _VERBATIM.match(text):
                self.enclosed.append((line + 1, end))
            return end + 1
        self._text(text, line)
        return line + 1

    def _blank(self) -> None:
        self.blanks += 1
        self._end_paragraph()
        if self.blanks >= 2:
            self.stack.clear()

    def _item(self, match: re.Match[str], line: int) -> None:
        self.blanks = 0
        indent = _width(match[1])
        self._end_paragraph()
        while self.stack and self.stack[-1][1].indent > indent:
            self.stack.pop()
        item = _make_item(match, line, indent)
        if self.stack and self.stack[-1][1].indent == indent:
            plain, sibling = self.stack.pop()
            item.parent = sibling.parent
        else:
            plain = PlainList()
            item.parent = self.stack[-1][1] if self.stack else None
            (item.parent.lists if item.parent else self.section.lists).append(plain)
        plain.items.append(item)
        self.stack.append((plain, item))

    def _text(self, text: str, line: int) -> None:
        if not self.stack:
            self.section.text_lines.append(line)
            return
        item = self.stack[-1][1]
        item.text_lines.append(line)
        if breaks_paragraph(text):
            self._end_paragraph()
        elif item.paragraph_open:
            item.paragraph_end = line

    def _end_paragraph(self) -> None:
        """From here on no line continues the first paragraph of an item that is open."""
        for _plain, item in self.stack:
            item.paragraph_open = False

    def _close(self, indent: int) -> None:
        while self.stack and self.stack[-1][1].indent >= indent:
            self.stack.pop()


def _make_item(match: re.Match[str], line: int, indent: int) -> Item:
    _indent, _bullet, number, counter, box = match.groups()
    return Item(
        line=line,
        indent=indent,
        number=int(number[:_DIGITS]) if number else None,
        counter=int(counter[:_DIGITS]) if counter and counter.isdigit() else None,
        box=box[1] if box else None,
        box_column=match.start("box") + 1 if box else -1,
        text_column=match.end(),
        paragraph_end=line,
        text_lines=[line],
    )


def _width(blank: str) -> int:
    return len(blank.expandtabs(8)) if blank else 0


def breaks_paragraph(text: str) -> bool:
    """Tell whether the line TEXT is of those that stand in no paragraph: tables, comments, ..."""
    return _BREAK.match(text) is not None


class Opaque:
    """The blocks and drawers among `lines[:stop]`."""

    def __init__(self, lines: Sequence[str], stop: int) -> None:
        self.lines = lines
        self.stop = stop
        self.never: set[re.Pattern[str]] = set()
        """What was looked for and is not in the rest, so that many open ones cost no more."""

    def end(self, line: int) -> int | None:
        """Return the last line of the block or drawer that begins at LINE; None if none does."""
        text = self.lines[line]
        block = _BLOCK.match(text)
        if block is not None:
            end = rf"[ \t]*#\+END{re.escape(block[1])}[ \t\r]*$"
            return self._find(line + 1, re.compile(end, re.IGNORECASE))
        if _DRAWER.match(text) and not _DRAWER_END.match(text):
            return self._find(line + 1, _DRAWER_END)
        return None

    def _find(self, start: int, end: re.Pattern[str]) -> int | None:
        if end in self.never:
            return None
        for line in range(start, self.stop):
            if end.match(self.lines[line]):
                return line
        self.never.add(end)
        return None
