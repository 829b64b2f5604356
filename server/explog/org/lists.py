"""Plain lists as org reads them: items, boxes, counters, first paragraphs.

orgparse knows no lists. This follows the rules of org's own structure parser on the lines of one
section: indentation decides, one blank line continues a list and two end it, blocks, drawers and
LaTeX environments are opaque, and so are inline tasks. Lines are 0-based in the list given.
`tests/org/test_lists_org.py` asks org itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from explog.org.opaque import Opaque, inline_task

_BULLET = r"[-+]|(?<=[ \t])\*|(?P<number>[0-9]+)[.)]"
_HEAD = (
    r"(?P<indent>[ \t]*)(?P<bullet>{})(?:[ \t]+|(?=\r?$))"
    r"(?:\[@(?:start:)?(?P<counter>[0-9]+|[A-Za-z])\][ \t]*)?"
    r"(?P<box>\[[ xX-]\](?=[ \t\r]|$))?"
)
_ITEM = re.compile(_HEAD.format(_BULLET))
_ITEM_OR_LETTER = re.compile(_HEAD.format(rf"{_BULLET}|[A-Za-z][.)]"))
_LETTER = re.compile(
    r"(?P<before>[ \t]*)(?P<letter>[A-Za-z])(?P<sign>[.)])[ \t]+(?P<box>\[[ xX-]\])?"
)
_NEAR = 50
"""How many lines behind `a.` its sibling `b.` is looked for."""
_BLANK = " \t\r"
_NO_LISTS = re.compile(
    r"[ \t]*(?:#\+BEGIN_(?:src|example|export|comment|verse)\b|\\begin\{)", re.IGNORECASE
)
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
        """Return each item's number as a reader sees it; None where there is none or it is unsure.

        `[@5]` counts, and what follows counts on from it: the bullets behind it may go on from
        `[@5]` or from the bullet that it stands on. One that does neither, and is no larger than
        the number before it, is unsure, and so are those that follow.
        """
        if all(item.counter is None for item in self.items):
            return [item.number for item in self.items]
        numbers: list[int | None] = []
        last, shift, unnumbered = 0, 0, 0
        sure = True
        for item in self.items:
            number = item.number
            if number is None:
                unnumbered += 1
                numbers.append(None)
                continue
            if item.counter is not None:
                shift, last, sure = item.counter - number, item.counter, True
            elif not shift or number == last + 1:
                shift, last = 0, number
            elif last < number + shift <= last + 1 + unnumbered:
                last = number + shift
            elif number > last:
                shift, last = 0, number
            else:
                sure = False
            unnumbered = 0
            numbers.append(last if sure else None)
        return numbers

    def walk(self) -> Iterator[Item]:
        """Yield every item of the list and of the lists inside it, in order of their lines."""
        waiting = self.items[::-1]
        while waiting:
            item = waiting.pop()
            yield item
            if item.lists:
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

    def walk_all(self) -> Iterator[Item]:
        """Yield every item of the section, and those that are enclosed."""
        yield from self.walk()
        for plain in self.enclosed:
            yield from plain.walk()


def parse_section(
    lines: Sequence[str],
    start: int,
    stop: int,
    alphabetical: bool = False,
    inlinetask_min_level: int | None = 15,
) -> Section:
    """Parse `lines[start:stop]`, the body of one heading up to the next heading of any level.

    The others are as in OrgOptions.
    """
    item = _ITEM_OR_LETTER if alphabetical else _ITEM
    opaque = Opaque(lines, start, stop, inline_task(inlinetask_min_level))
    section, waiting = _parse(opaque, start, item)
    waiting.reverse()
    while waiting:  # as many blocks may be in one another as there are lines
        first, end = waiting.pop()
        inner, deeper = _parse(opaque.within(first, end), first, item)
        section.enclosed += inner.lists
        waiting += reversed(deeper)
    return section


def _parse(
    opaque: Opaque, start: int, item: re.Pattern[str]
) -> tuple[Section, list[tuple[int, int]]]:
    """Return the lists and the text of the lines of OPAQUE, and what is to be parsed by itself."""
    parser = _Parser(item)
    line = start
    while line < opaque.stop:
        line = parser.feed(opaque.lines, line, opaque)
    return parser.section, parser.enclosed


class _Parser:
    """The lists that are still open, innermost last, while the lines go by."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
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
        match = self.pattern.match(text)
        if match is not None:
            self._item(match, line)
            return line + 1
        if text[0] == "*" and (end := opaque.task_end(line)) is not None:
            self._end_paragraph()
            self.blanks = 0
            return end + 1
        self._close(_width(text[: len(text) - len(text.lstrip(" \t"))]))
        self.blanks = 0
        end = opaque.end(line)
        if end is not None:
            self._end_paragraph()
            if not self.stack and not _NO_LISTS.match(text):
                self.enclosed.append((line + 1, end))
            return end + 1
        self._text(lines, line, opaque.stop)
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

    def _text(self, lines: Sequence[str], line: int, stop: int) -> None:
        if not self.stack:
            self.section.text_lines.append(line)
            return
        item = self.stack[-1][1]
        item.text_lines.append(line)
        if not item.paragraph_open:
            return
        if breaks_paragraph(lines[line]) or _looks_lettered(lines, line, stop):
            self._end_paragraph()
        else:
            item.paragraph_end = line

    def _end_paragraph(self) -> None:
        """From here on no line continues the first paragraph of an item that is open."""
        for _plain, item in self.stack:
            item.paragraph_open = False

    def _close(self, indent: int) -> None:
        while self.stack and self.stack[-1][1].indent >= indent:
            self.stack.pop()


def last_lines(
    lines: Sequence[str],
    start: int,
    stop: int,
    items: Sequence[Item],
    alphabetical: bool = False,
    inlinetask_min_level: int | None = 15,
) -> list[int]:
    """Return the last line of each of ITEMS, which `parse_section` found for the same arguments.

    What is inside an item belongs to it; blank lines behind it do not.
    """
    parser = _Parser(_ITEM_OR_LETTER if alphabetical else _ITEM)
    opaque = Opaque(lines, start, stop, inline_task(inlinetask_min_level))
    ends = {item.line: item.line for item in items}
    line = start
    while line < stop:
        blank = not lines[line].strip(_BLANK)
        line = parser.feed(lines, line, opaque)
        if not blank:
            open_items = (item.line for _plain, item in parser.stack)
            ends.update(dict.fromkeys(ends.keys() & set(open_items), line - 1))
    return [ends[item.line] for item in items]


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


def _looks_lettered(lines: Sequence[str], line: int, stop: int) -> bool:
    """Tell whether a reader takes LINE for `a. [ ] an item`, though org be set to take it for text.

    It has a box, or it is the first of several: "A. Miller" is a name.
    """
    match = _LETTER.match(lines[line])
    if match is None:
        return False
    if match["box"] or match["letter"] not in "aA":
        return match["box"] is not None
    second = f"{match['before']}{chr(ord(match['letter']) + 1)}{match['sign']} "
    return any(text.startswith(second) for text in lines[line + 1 : min(stop, line + _NEAR)])


def breaks_paragraph(text: str) -> bool:
    """Tell whether the line TEXT is of those that stand in no paragraph: tables, comments, ..."""
    return _BREAK.match(text) is not None
