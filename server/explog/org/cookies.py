"""Statistics cookies over the steps of an entry: `[1/2]`, `[50%]`, as org counts them.

`tests/org/test_edit_org.py` asks org itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explog.org.heading import COOKIE, HEADING
from explog.org.lists import Item, PlainList, breaks_paragraph
from explog.org.options import OrgOptions
from explog.org.scan import split_tags
from explog.org.steps import StepList

BoxCounts = tuple[int, int]
"""(ticked, all) boxes."""

_TODO = re.compile(r"\btodo\b", re.IGNORECASE)
_RECURSIVE = re.compile(r"\brecursive\b", re.IGNORECASE)
# What looks like a cookie in these is none: code, links, targets, macros, formulas, addresses. An
# address, a target and most formulas are whole here; of the others this is what they begin with.
_INERT_OR_COOKIE = re.compile(
    r"(?P<code>(?:(?<=[\s('\"{-])|^)[=~](?=\S))"
    r"|(?P<link>\[\[[^\]\[]*\][\[\]])"
    r"|(?P<macro>\{\{\{)"
    r"|(?P<formula>\\\()"
    r"|<[^<>\s][^<>]*>|\$[^\s$,.;](?:[^$]*[^\s$,.])?\$(?!\w)|\b\w+://\S+"
    rf"|(?P<cookie>{COOKIE.pattern})"
)
_ENDS = {"[": "]]", "{{{": "}}}", "\\(": "\\)"}
_CODE_ENDS = {sign: re.compile(rf"(?<=\S){sign}(?=[\s.,:!?;'\")}}\[-]|$)") for sign in ("=", "~")}
_NUMBER = re.compile(r"[0-9]")
# (inner boxes too, `[x]` is ticked), org's default first.
_WAYS = [(False, False), (False, True), (True, False), (True, True)]


@dataclass(frozen=True, slots=True)
class CookieLine:
    """A line with cookies that count the boxes of `lists`."""

    number: int
    lists: Sequence[PlainList]
    is_heading: bool = False

    def cookies_end(self, text: str) -> int:
        """Return the column in TEXT, which the line has, before which cookies stand."""
        return len(split_tags(text)[0]) if self.is_heading else len(text)


def recount(
    lines: list[str], steps: StepList, where: Sequence[CookieLine], options: OrgOptions
) -> set[int]:
    """Write into LINES what org writes when a box of STEPS is ticked; return which lines changed.

    WHERE is what `cookie_lines` returns. A `[x]` that is counted becomes `[X]`: a reader sees it
    ticked, and org does not.
    """
    recursive = _is_recursive(steps, options)
    changed: set[int] = set()
    for line in where:
        for number, text in _recounting(lines, line, recursive).items():
            lines[number] = text
            changed.add(number)
    return changed


def miscounted(
    lines: Sequence[str], steps: StepList, options: OrgOptions
) -> dict[int, dict[int, str]]:
    """Return the lines whose cookies are wrong by every way of counting, and not by intention.

    Each comes with {line: new text}, which corrects it. A reader counts `[x]` as ticked, and org
    may be set to count inner boxes; a cookie without numbers waits to be counted; one that has
    nothing to count is text. Sub-headings of the steps' heading make org count those.
    """
    found: dict[int, dict[int, str]] = {}
    where = list(cookie_lines(lines, steps))
    if not where:
        return found
    own = {line for item in steps.section.walk() for line in item.text_lines}
    if not (steps.stop < len(lines) and _depth(lines[steps.stop]) > _depth(lines[steps.heading])):
        own.add(steps.heading)
    for line in where:
        right = {_count(line.lists, *how) for how in _WAYS}
        if line.number not in own or (0, 0) in right:
            continue
        text = lines[line.number]
        found_here = (match[0] for match in _cookies(text[: line.cookies_end(text)]))
        cookies = [cookie for cookie in found_here if _NUMBER.search(cookie)]
        if any(not any(c == _cookie(c, counts) for counts in right) for c in cookies):
            found[line.number] = _recounting(lines, line, _is_recursive(steps, options))
    return found


def _recounting(lines: Sequence[str], line: CookieLine, recursive: bool) -> dict[int, str]:
    """Return {line: new text} of LINES where the cookies of LINE, or what they count, change."""
    found: dict[int, str] = {}
    for item in _counted(line.lists, recursive):
        if item.box == "x" and lines[item.line][item.box_column] == "x":
            text, column = lines[item.line], item.box_column
            found[item.line] = f"{text[:column]}X{text[column + 1 :]}"
    text = found.get(line.number, lines[line.number])
    new = _recounted(text, line.cookies_end(text), _count(line.lists, recursive, liberal=True))
    if new != lines[line.number]:
        found[line.number] = new
    return found


def _is_recursive(steps: StepList, options: OrgOptions) -> bool:
    if not options.hierarchical_statistics:
        return True
    return _RECURSIVE.search(steps.properties.get("COOKIE_DATA", "")) is not None


def _depth(heading: str) -> int:
    match = HEADING.match(heading)
    return len(match[1]) if match else 0


def cookie_lines(lines: Sequence[str], steps: StepList) -> Iterator[CookieLine]:
    """Yield those of LINES that have a cookie which counts boxes of STEPS."""
    if _TODO.search(steps.properties.get("COOKIE_DATA", "")):
        return  # org counts headings
    section = steps.section
    lists = [*section.lists, *section.enclosed]
    heading = lines[steps.heading]
    if COOKIE.search(heading):
        yield CookieLine(steps.heading, lists, is_heading=True)
    for line in section.text_lines:
        if _bears_cookie(lines[line]):
            yield CookieLine(line, lists)
    for item in section.walk():
        for line in item.text_lines:
            if _bears_cookie(lines[line]):
                yield CookieLine(line, item.lists)


def _bears_cookie(text: str) -> bool:
    return COOKIE.search(text) is not None and not breaks_paragraph(text)


def _cookies(text: str) -> Iterator[re.Match[str]]:
    """Yield the cookies of TEXT that stand in nothing inert, also those that bear no number."""
    never: set[str] = set()  # what nothing in the rest ends: many of them cost no more than one
    match = _INERT_OR_COOKIE.search(text)
    while match is not None:
        if match["cookie"]:
            yield match
        end = _end(text, match, never)
        match = _INERT_OR_COOKIE.search(text, match.start() + 1 if end is None else end)


def _end(text: str, match: re.Match[str], never: set[str]) -> int | None:
    """Return the end in TEXT of what MATCH begins; None if nothing ends it: then it is plain text.

    What nothing ends is put into NEVER.
    """
    kind = match.lastgroup
    if kind in (None, "cookie") or match[0].endswith("]]"):
        return match.end()
    begun = "[" if kind == "link" else match[0]
    if begun in never:
        return None
    if begun in _CODE_ENDS:
        found = _CODE_ENDS[begun].search(text, match.end())
        end = found.end() if found else -1
    else:
        at = text.find(_ENDS[begun], match.end())
        end = at + len(_ENDS[begun]) if at >= 0 else -1
    if end < 0:
        never.add(begun)
        return None
    return end


def _recounted(text: str, end: int, counts: BoxCounts) -> str:
    """Return TEXT, its cookies before the column END being those of COUNTS."""
    parts: list[str] = []
    done = 0
    for match in _cookies(text[:end]):
        parts += [text[done : match.start()], _cookie(match[0], counts)]
        done = match.end()
    return "".join([*parts, text[done:]])


def _counted(lists: Sequence[PlainList], recursive: bool) -> Iterator[Item]:
    """Yield the items of LISTS whose boxes are counted."""
    for plain in lists:
        yield from plain.walk() if recursive else plain.items


def _count(lists: Sequence[PlainList], recursive: bool, liberal: bool = False) -> BoxCounts:
    """Return (ticked, all) boxes. Org does not count `[x]` as ticked; it is counted if LIBERAL."""
    boxes = [item.box for item in _counted(lists, recursive) if item.box is not None]
    return boxes.count("X") + (boxes.count("x") if liberal else 0), len(boxes)


def _cookie(old: str, counts: BoxCounts) -> str:
    """Return the cookie of the kind of OLD for COUNTS."""
    ticked, total = counts
    if old.endswith("%]"):
        return f"[{100 * ticked // max(1, total)}%]"
    return f"[{ticked}/{total}]"
