"""The prose of an experiment, cut into what a search can point at: notes, steps, conclusions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from explog.org.heading import PLANNING, headings, read_id, title_of
from explog.org.lists import Item, PlainList
from explog.org.options import OrgOptions
from explog.org.steps import StepList

STAMP = re.compile(r"[<\[](\d{4})-(\d\d)-(\d\d)\b[^>\]\n]*[>\]]")
_ITEM = re.compile(r"([ \t]*)(?:[-+]|\d+[.)])[ \t]")
_HEADING = re.compile(r"\*+ ")
# Lines that say nothing: the ends of drawers, properties of org's own, settings of org.
_DRAWER_LINE = re.compile(
    r"[ \t]*:(?:[-\w]+:[ \t]*|(?:ID|CUSTOM_ID|CREATED|CATEGORY|EFFORT|LAST_REPEAT|ORDERED|STYLE"
    r"|VISIBILITY|COOKIE_DATA|LOGGING|ARCHIVE_\w+):[ \t].*)\r?$",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"[ \t]*#\+(?:(?:SEQ_|TYP_)?TODO|STARTUP|OPTIONS|PROPERTY|(?:FILE)?TAGS|ARCHIVE|SETUPFILE|LINK"
    r"|COLUMNS|CATEGORY|PRIORITIES|CONSTANTS):.*",
    re.IGNORECASE,
)
# The headings that most experiments have: nobody looks for those.
_USUAL_TITLES = ("notes", "experiments", "conclusion", "conclusions")


class Passage(NamedTuple):
    """A piece of text at `line`, 0-based in the entry; `kind` as in the query language.

    `step` is empty for all but a step and what is noted beneath it; `day` is the first date that
    the text itself bears.
    """

    kind: str
    step: tuple[int, ...]
    line: int
    text: str
    day: date | None


def read_passages(
    lines: Sequence[str],
    steps: StepList | None,
    options: OrgOptions,
    known: Sequence[tuple[int, int]] = (),
) -> Iterator[Passage]:
    """Yield the passages of the entry LINES, whose steps are STEPS; its title is not among them.

    The first is of kind "experiment", even if it is empty: what stands right under the heading.
    KNOWN is what `headings` of LINES returns, if the caller knows.
    """
    found = known or headings(lines, options.inlinetask_min_level)
    for index, (start, stop) in enumerate(_sections(lines, found)):
        if index == 0:
            text = _prose(lines[start + 1 : stop])
            yield Passage("experiment", (), 0, text, first_day(text))
        elif steps is not None and start == steps.heading:
            yield from _steps(lines, steps)
        else:
            title = title_of(lines[start], options.keywords)
            kind = "conclusion" if title.casefold().startswith("conclusion") else "note"
            if title and title.casefold() not in _USUAL_TITLES:
                yield Passage(kind, (), start, title, first_day(lines[start]))
            yield from _blocks(lines, start + 1, stop, kind)


def read_texts(
    lines: Sequence[str], kept: Sequence[bool], options: OrgOptions
) -> Iterator[tuple[int, str, str, date | None]]:
    """Yield (line, title, text, day) of the prose in LINES that are KEPT, which is no experiment.

    TITLE is that of the heading above. A heading comes with the first block of text under it, every
    other block by itself.
    """
    starts = [0, *(n for n in range(1, len(lines)) if kept[n] and _HEADING.match(lines[n]))]
    for start, end in pairwise([*starts, len(lines)]):
        stop = next((n for n in range(start, end) if not kept[n]), end)
        if start < stop:
            yield from _under_heading(lines, start, stop, options)


def _under_heading(
    lines: Sequence[str], start: int, stop: int, options: OrgOptions
) -> Iterator[tuple[int, str, str, date | None]]:
    """Yield as `read_texts` what is in LINES from START, a heading or the first, to STOP."""
    is_heading = _HEADING.match(lines[start]) is not None
    title = title_of(lines[start], options.keywords) if is_heading else ""
    blocks = _blocks(lines, start + is_heading, stop, "text")
    if is_heading:
        first = next(blocks, None)
        text = f"{title}\n{first.text}" if first is not None else title
        if text:
            yield start, title, text, first_day(lines[start]) or (first and first.day)
    yield from ((block.line, title, block.text, block.day) for block in blocks)


def _sections(lines: Sequence[str], found: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield (heading, end of its own text), leaving out experiments filed beneath this one."""
    hidden = 0
    for position, (start, level) in enumerate(found):
        stop = found[position + 1][0] if position + 1 < len(found) else len(lines)
        if hidden and level > hidden:
            continue
        hidden = 0
        may_have_id = position and ("[" in lines[start] or "<" in lines[start] or stop > start + 1)
        ident = read_id(lines[start:stop], mentions=False) if may_have_id else None
        if ident is not None and ident != read_id(lines):
            hidden = level
            continue
        yield start, stop


def _steps(lines: Sequence[str], steps: StepList) -> Iterator[Passage]:
    for number, item in steps.items:
        text = lines[item.line][item.text_column :]
        if len(item.text_lines) > 1:
            text = " ".join([text, *(lines[n] for n in item.text_lines[1:])])
        text = " ".join(text.split())
        yield Passage("step", number, item.line, text, first_day(text))
    numbers = {item: number for number, item in steps.items}
    yield from _noted(lines, steps.section.lists, (), numbers)
    for line in steps.section.text_lines:
        text = lines[line].strip()
        if text and not _is_mark(text):
            yield Passage("note", (), line, text, first_day(text))


def _noted(
    lines: Sequence[str],
    lists: Sequence[PlainList],
    step: tuple[int, ...],
    numbers: Mapping[Item, tuple[int, ...]],
) -> Iterator[Passage]:
    """Yield each item of LISTS, right in STEP, that is no step, with all that is in it."""
    for item in (item for plain in lists for item in plain.items):
        if item in numbers:
            yield from _noted(lines, item.lists, numbers[item], numbers)
            continue
        inner = (deeper for plain in item.lists for deeper in plain.walk())
        rows = (lines[n] for one in (item, *inner) for n in one.text_lines)
        text = _prose(list(rows))
        yield Passage("note", step, item.line, text, first_day(text))


def _blocks(lines: Sequence[str], start: int, stop: int, kind: str) -> Iterator[Passage]:
    """Yield each paragraph and each top item, with what is indented beneath it."""
    first, depth = start, None
    for line in range(start, stop + 1):
        text = lines[line] if line < stop else ""
        item = _ITEM.match(text)
        if item is not None and (depth is None or len(item[1]) <= depth):
            depth = len(item[1])
        else:
            after_blank = line > start and not lines[line - 1].strip()
            if not (line == stop or (after_blank and text[:1].strip())):
                continue
        said = _prose(lines[first:line])
        if said:
            yield Passage(kind, (), first, said, first_day(said))
        first = line


def _prose(lines: Sequence[str]) -> str:
    """Return LINES as one, without drawers' marks, properties and planning."""
    kept = [line for line in lines if ":" not in line or not _is_mark(line)]
    return " ".join(" ".join(kept).split())


def _is_mark(line: str) -> bool:
    return any(mark.match(line) is not None for mark in (_DRAWER_LINE, PLANNING, _SETTING))


def first_day(text: str) -> date | None:
    """Return the first date in TEXT, active or not, if it exists."""
    if "[" not in text and "<" not in text:
        return None
    match = STAMP.search(text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
