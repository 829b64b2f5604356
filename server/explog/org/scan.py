"""Headings of a log by byte offset, and the chunks that may hold an experiment.

orgparse takes seconds for a file of years; this takes a tenth of one, and only the entries that
it points at are parsed further. A log is cut into sections, the subtrees of its top headings, and
each is scanned by itself. Offsets are bytes; lines end at `\\n` (a `\\r` is left to its line).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from typing import Any, NamedTuple, TypeVar, cast

from explog.org.context import BOM, HEADING_LINE, LogContext

# The headings within experiments are nearly all the same few ("Notes", "TODO Experiments [1/3]").
_TEXTS_KEPT, _SHORT = 1024, 200
_Function = TypeVar("_Function", bound=Callable[..., Any])
_TOP = re.compile(rb"\n\* ")
_TAGS = re.compile(r"(?:^|[ \t])(:[\w@#%:-]+:)[ \t\r]*$")


def for_short_texts(function: _Function) -> _Function:
    """Have FUNCTION remember what it returned of late for short texts."""
    remembering = lru_cache(maxsize=_TEXTS_KEPT)(function)

    @wraps(function)
    def either(text: str, *rest: Any) -> Any:
        return (remembering if len(text) <= _SHORT else function)(text, *rest)

    return cast(_Function, either)


class Chunk(NamedTuple):
    """A heading with its whole subtree, `section[start:end]`.

    Of the lines of the section, which count from 0, these are `line` and those before `stop`, which
    is None at the end of the section. It has so many `headings`, its own included. `tags` are its
    `own`, its ancestors' and the file's.
    """

    level: int
    start: int
    end: int
    line: int
    stop: int | None
    headings: int
    tags: frozenset[str]
    own: tuple[str, ...]


def split_sections(data: bytes) -> list[tuple[int, int]]:
    """Return (start, end) of what stands before the first top heading and of each one's subtree."""
    first = len(BOM) if data.startswith(BOM) else 0
    # A mark by itself, so that what follows it begins a line.
    starts = [0, first] if 0 < first < len(data) else [0]
    starts += [match.end() - 2 for match in _TOP.finditer(data, first)]
    return list(zip(starts, [*starts[1:], len(data)], strict=True)) if data else []


def scan_section(section: bytes, context: LogContext) -> list[Chunk]:
    """Return every heading of SECTION with its subtree, in order."""
    headings = list(_headings(section, context))
    ends = _ends([level for level, *_ in headings])
    chunks: list[Chunk] = []
    ancestors: list[tuple[int, frozenset[str]]] = []
    for index, ((level, start, line, own), end) in enumerate(zip(headings, ends, strict=True)):
        while ancestors and ancestors[-1][0] >= level:
            ancestors.pop()
        inherited = ancestors[-1][1] if ancestors else context.filetags
        tags = inherited.union(own) if own else inherited
        ancestors.append((level, tags))
        inside = end - index
        if end == len(headings):
            chunks.append(Chunk(level, start, len(section), line, None, inside, tags, own))
        else:
            _level, behind, stop, _own = headings[end]
            chunks.append(Chunk(level, start, behind, line, stop, inside, tags, own))
    return chunks


def _headings(
    section: bytes, context: LogContext
) -> Iterator[tuple[int, int, int, tuple[str, ...]]]:
    """Yield (level, start, line, tags) of each heading."""
    line, counted = 0, 0
    for match in _heading(context.options.inlinetask_min_level).finditer(section):
        start = match.start()
        line += section.count(b"\n", counted, start)
        counted = start
        rest = match[2]
        tags = split_tags(context.decode(rest))[1] if rest.rstrip()[-1:] == b":" else ()
        yield len(match[1]), start, line, tags


@lru_cache(maxsize=8)
def _heading(inlinetask_min_level: int | None) -> re.Pattern[bytes]:
    """Return what matches a heading that has no more stars than headings have."""
    if inlinetask_min_level is None:
        return HEADING_LINE
    return re.compile(rb"^(\*{1,%d}) (.*)$" % max(1, inlinetask_min_level - 1), re.MULTILINE)


def _ends(levels: list[int]) -> list[int]:
    """Return for each heading, of LEVELS, which one is the first behind its subtree."""
    ends = [len(levels)] * len(levels)
    still_open: list[int] = []
    for index, level in enumerate(levels):
        while still_open and levels[still_open[-1]] >= level:
            ends[still_open.pop()] = index
        still_open.append(index)
    return ends


@for_short_texts
def split_tags(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a heading's text without its tags, and the tags."""
    match = _TAGS.search(text) if ":" in text else None
    if match is None:
        return text.rstrip(), ()
    return text[: match.start(1)].rstrip(), tuple(tag for tag in match[1].split(":") if tag)
