"""Statistics cookies over the steps of an entry: `[1/2]`, `[50%]`, as org counts them.

`tests/org/test_edit_org.py` asks org itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explog.org.heading import COOKIE, HEADING
from explog.org.lists import PlainList, breaks_paragraph
from explog.org.scan import split_tags
from explog.org.steps import StepList

Counts = tuple[int, int]
"""(ticked, all) boxes."""

_TODO = re.compile(r"\btodo\b", re.IGNORECASE)
_RECURSIVE = re.compile(r"\brecursive\b", re.IGNORECASE)
# What looks like a cookie in these is none: code, links, targets, macros, formulas, addresses.
_INERT = (
    r"(?:(?<=[\s('\"{-])|^)([=~])(?=\S).*?(?<=\S)\1(?=[\s.,:!?;'\")}\[-]|$)"
    r"|\[\[[^\]\[]*\](?:\[.*?\])?\]|<[^<>\s][^<>]*>|\{\{\{.*?\}\}\}|\\\(.*?\\\)|\$[^\s$,.;](?:[^$]*[^\s$,.])?\$(?!\w)|\b\w+://\S+"
)
_INERT_OR_COOKIE = re.compile(rf"{_INERT}|(?P<cookie>{COOKIE.pattern})")
_NUMBER = re.compile(r"[0-9]")
# (inner boxes too, `[x]` is ticked), org's default first.
_WAYS = [(False, False), (False, True), (True, False), (True, True)]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line whose cookies count the boxes of LISTS: all before column `end`."""

    number: int
    end: int
    lists: Sequence[PlainList]


def recount(lines: Sequence[str], steps: StepList) -> dict[int, str]:
    """Return {line: new text} of LINES where org, when a box of STEPS is ticked, writes another."""
    if _counts_headings(steps):
        return {}
    found: dict[int, str] = {}
    for line in _lines(lines, steps):
        text = lines[line.number]
        new = _recounted(text, line.end, _count(line.lists, _is_recursive(steps)))
        if new != text:
            found[line.number] = new
    return found


def miscounted(lines: Sequence[str], steps: StepList) -> dict[int, str]:
    """Return those of `recount` that are wrong by any way of counting, and not by intention.

    A reader counts `[x]` as ticked, and org may be set to count inner boxes; a cookie without
    numbers waits to be counted; one that has nothing to count is text. Sub-headings of the steps'
    heading make org count those.
    """
    found: dict[int, str] = {}
    if _counts_headings(steps):
        return found
    own = {line for item in steps.section.walk() for line in item.text_lines}
    if not (steps.stop < len(lines) and _depth(lines[steps.stop]) > _depth(lines[steps.heading])):
        own.add(steps.heading)
    for line in _lines(lines, steps):
        text = lines[line.number]
        right = {_count(line.lists, *how) for how in _WAYS}
        if line.number not in own or (0, 0) in right:
            continue
        cookies = [m["cookie"] for m in _cookies(text[: line.end])]
        if any(not any(c == _cookie(c, counts) for counts in right) for c in cookies):
            found[line.number] = _recounted(
                text, line.end, _count(line.lists, _is_recursive(steps))
            )
    return found


def _counts_headings(steps: StepList) -> bool:
    return _TODO.search(steps.properties.get("COOKIE_DATA", "")) is not None


def _is_recursive(steps: StepList) -> bool:
    return _RECURSIVE.search(steps.properties.get("COOKIE_DATA", "")) is not None


def _depth(heading: str) -> int:
    match = HEADING.match(heading)
    return len(match[1]) if match else 0


def _lines(lines: Sequence[str], steps: StepList) -> Iterator[_Line]:
    """Yield the lines that have a cookie which counts boxes."""
    section = steps.section
    lists = [*section.lists, *section.enclosed]
    heading = lines[steps.heading]
    if COOKIE.search(heading):
        yield _Line(steps.heading, len(split_tags(heading)[0]), lists)
    for line in section.text_lines:
        if _bears_cookie(lines[line]):
            yield _Line(line, len(lines[line]), lists)
    for item in section.walk():
        for line in item.text_lines:
            if _bears_cookie(lines[line]):
                yield _Line(line, len(lines[line]), item.lists)


def _bears_cookie(text: str) -> bool:
    return COOKIE.search(text) is not None and not breaks_paragraph(text)


def _cookies(text: str) -> Iterator[re.Match[str]]:
    """Yield the cookies of TEXT that bear a number."""
    for match in _INERT_OR_COOKIE.finditer(text):
        if match["cookie"] and _NUMBER.search(match["cookie"]):
            yield match


def _recounted(text: str, end: int, counts: Counts) -> str:
    """Return TEXT, its cookies before the column END being those of COUNTS."""

    def put(match: re.Match[str]) -> str:
        return _cookie(match[0], counts) if match["cookie"] else match[0]

    return _INERT_OR_COOKIE.sub(put, text[:end]) + text[end:]


def _count(lists: Sequence[PlainList], recursive: bool, liberal: bool = False) -> Counts:
    """Count boxes; org counts `[x]` among all but not as ticked, who is LIBERAL as ticked too."""
    items = (item for plain in lists for item in (plain.walk() if recursive else iter(plain.items)))
    boxes = [item.box for item in items if item.box is not None]
    return boxes.count("X") + (boxes.count("x") if liberal else 0), len(boxes)


def _cookie(old: str, counts: Counts) -> str:
    """Return the cookie of the kind of OLD for COUNTS."""
    ticked, total = counts
    if old.endswith("%]"):
        return f"[{100 * ticked // max(1, total)}%]"
    return f"[{ticked}/{total}]"
