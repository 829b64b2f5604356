"""The steps of an experiment: where its list stands, and what each item says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from explog.model import Step
from explog.org.heading import entry_ids, headings, read_properties, title_of
from explog.org.lists import Item, PlainList, Section, parse_section
from explog.org.options import OrgOptions

DEEPEST = 7
"""A reference has no more numbers than one beyond this."""
_HASH = re.compile(r"(?<![^ \t])\(([0-9a-f]{7,64})\)[ \t\r]*$")
# The marks that git leaves in a file it could not merge.
_CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |\r?$)|={7}\r?$")


@dataclass(slots=True)
class StepList:
    """Where the steps of an entry stand, for those who edit them; lines are 0-based in it."""

    heading: int
    start: int
    stop: int
    section: Section
    items: list[tuple[tuple[int, ...], Item]]
    properties: Mapping[str, str]


def find_steps(
    lines: Sequence[str],
    steps_heading: str,
    options: OrgOptions,
    known: Sequence[tuple[int, int]] = (),
) -> StepList | None:
    """Find the steps of the entry LINES: the first ordered list under its steps heading.

    That is the child titled STEPSHEADING, else the first child with an ordered checkbox list.
    KNOWN is what `headings` of LINES returns, if the caller knows.
    """
    wanted = steps_heading.casefold()
    children = list(_children(known or headings(lines), len(lines)))
    for start, stop in children:
        named = title_of(lines[start], options.keywords).casefold() == wanted
        if named and _own_id(lines[start], {}) is None:
            return _read_list(lines, start, stop)
    for start, stop in children:
        if _own_id(lines[start], read_properties(lines[start:stop])) is not None:
            continue  # an experiment of its own, filed beneath this one
        found = _read_list(lines, start, stop)
        if any(item.box is not None for number, item in found.items if len(number) == 1):
            return found
    return None


def _own_id(heading: str, properties: Mapping[str, str]) -> str | None:
    return entry_ids(heading.lstrip("*"), properties, mentions=False)[0]


def _read_list(lines: Sequence[str], start: int, stop: int) -> StepList:
    section = parse_section(lines, start + 1, stop)
    ordered = next((plain for plain in section.lists if plain.ordered), None)
    items = list(_numbered(ordered, ())) if ordered else []
    properties = read_properties(lines[start:stop])
    return StepList(start, start + 1, stop, section, items, properties)


def conflict_line(lines: Sequence[str]) -> int | None:
    """Return the first line that git left where it could not merge, or None.

    Seven equal signs under a title as long are none: so titles are underlined in Markdown.
    """
    for line, text in enumerate(lines):
        if text[:1] in ("<", ">", "|", "=") and _CONFLICT.match(text):
            if text[0] == "=" and line and len(lines[line - 1].rstrip()) == len(text.rstrip()):
                continue
            return line
    return None


def hash_span(lines: Sequence[str], item: Item) -> tuple[int, int, int] | None:
    """Return (line, start, end) of the hash that stands on ITEM, without its parentheses."""
    from_column = item.text_column if item.paragraph_end == item.line else 0
    text = lines[item.paragraph_end]
    if not text.rstrip(" \t\r").endswith(")"):
        return None  # which takes a fifth of the time that the search does
    match = _HASH.search(text, from_column)
    return None if match is None else (item.paragraph_end, match.start(1), match.end(1))


def _numbered(plain: PlainList, prefix: tuple[int, ...]) -> list[tuple[tuple[int, ...], Item]]:
    found: list[tuple[tuple[int, ...], Item]] = []
    for number, item in zip(plain.numbers(), plain.items, strict=True):
        if number is None:
            continue
        found.append(((*prefix, number), item))
        inner = next((child for child in item.lists if child.ordered), None)
        if inner is not None and len(prefix) < DEEPEST:
            found += _numbered(inner, (*prefix, number))
    return found


def _children(found: Sequence[tuple[int, int]], stop: int) -> Iterator[tuple[int, int]]:
    """Yield (heading, end of its own section) of the child headings, however deep they begin.

    FOUND are the headings of an entry that ends at STOP.
    """
    shallowest = found[1][1] if len(found) > 1 else 0
    ends = [index for index, _depth in found[2:]]
    for (index, depth), end in zip(found[1:], [*ends, stop], strict=False):
        if depth <= shallowest:
            shallowest = depth
            yield index, end


def read_step(lines: Sequence[str], number: tuple[int, ...], item: Item) -> Step:
    """Return what ITEM, the step with NUMBER, says."""
    span = hash_span(lines, item)
    paragraph = list(lines[item.line : item.paragraph_end + 1])
    found = None
    if span is not None:
        _line, start, end = span
        found = paragraph[-1][start:end]
        paragraph[-1] = paragraph[-1][: start - 1]
    paragraph[0] = paragraph[0][item.text_column :]
    return Step(number, item.line, " ".join(" ".join(paragraph).split()), item.box, found)
