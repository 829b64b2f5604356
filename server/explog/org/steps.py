"""The steps of an experiment: where its list stands, and what each item says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from explog.model import Step, StepHash, StepNumber
from explog.org.encrypted import ENCRYPTED, armored_lines
from explog.org.heading import entry_ids, headings, read_properties, title_of
from explog.org.lists import Item, Section, parse_section
from explog.org.numbering import Doubt, number_steps
from explog.org.options import OrgOptions
from explog.org.spans import HashSpan, hash_spans

# The marks that git leaves in a file it could not merge.
_CONFLICT = re.compile(r"(?:<{7}|>{7}|\|{7})(?: |\r?$)|={7}\r?$")


@dataclass(slots=True)
class StepList:
    """Where the steps of an entry stand, for those who edit them; lines are 0-based in it.

    `doubt` says of steps that are left out why their numbers are not certain.
    """

    heading: int
    start: int
    stop: int
    section: Section
    items: list[tuple[StepNumber, Item]]
    properties: Mapping[str, str]
    doubt: Doubt | None = None


def find_steps(
    lines: Sequence[str],
    steps_heading: str,
    options: OrgOptions,
    known: Sequence[tuple[int, int]] = (),
) -> StepList | None:
    """Find the steps of the entry LINES: the first numbered list under its steps heading.

    That is the child titled STEPSHEADING, else the first child with a numbered checkbox list.
    KNOWN is what `headings` of LINES returns, if the caller knows. Where org-crypt encrypted the
    entry, or the text of its steps, none is found and `doubt` says why.
    """
    headed = known or headings(lines, options.inlinetask_min_level)
    found = _find_list(lines, steps_heading.casefold(), options, headed)
    own_end = headed[1][0] if len(headed) > 1 else len(lines)
    for line in armored_lines(lines):
        if line < own_end or found is None or found.start <= line < found.stop:
            doubt = Doubt(line, f"this is {ENCRYPTED}; no step can be read")
            return StepList(0, 0, 0, Section(), [], {}, doubt)
    return found


def _find_list(
    lines: Sequence[str],
    wanted: str,
    options: OrgOptions,
    headed: Sequence[tuple[int, int]],
) -> StepList | None:
    children = list(_children(headed, len(lines)))
    for start, stop in children:
        named = title_of(lines[start], options.keywords).casefold() == wanted
        if named and _own_id(lines[start], {}) is None:
            return _read_list(lines, start, stop, options)
    for start, stop in children:
        if _own_id(lines[start], read_properties(lines[start:stop])) is not None:
            continue  # an experiment of its own, filed beneath this one
        found = _read_list(lines, start, stop, options)
        if any(item.box is not None for number, item in found.items if len(number) == 1):
            return found
    return None


def _own_id(heading: str, properties: Mapping[str, str]) -> str | None:
    return entry_ids(heading.lstrip("*"), properties, mentions=False)[0]


def _read_list(lines: Sequence[str], start: int, stop: int, options: OrgOptions) -> StepList:
    section = parse_section(
        lines, start + 1, stop, options.alphabetical, options.inlinetask_min_level
    )
    items, doubt = number_steps(lines, section, options)
    properties = read_properties(lines[start:stop])
    return StepList(start, start + 1, stop, section, items, properties, doubt)


def conflict_line(lines: Sequence[str]) -> int | None:
    """Return the first line that git left where it could not merge, or None.

    Seven equal signs under a title of that length are no such line: Markdown underlines titles so.
    """
    for line, text in enumerate(lines):
        if text[:1] in ("<", ">", "|", "=") and _CONFLICT.match(text):
            if text[0] == "=" and line and len(lines[line - 1].rstrip()) == len(text.rstrip()):
                continue
            return line
    return None


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


def read_step(lines: Sequence[str], number: StepNumber, item: Item) -> Step:
    """Return what ITEM, the step with NUMBER, says."""
    spans = hash_spans(lines, item)
    if not spans and item.paragraph_end == item.line:
        text = " ".join(lines[item.line][item.text_column :].split())
        return Step(number, item.line, text, item.box, None)
    paragraph = list(lines[item.line : item.paragraph_end + 1])
    found: str | None = None
    hashes: tuple[StepHash, ...] = ()
    if spans:
        hashes = (StepHash(spans[0].digits, spans[0].in_place),)
        if len(spans) > 1:
            hashes = tuple(dict.fromkeys([StepHash(one.digits, one.in_place) for one in spans]))
        if spans[0].in_place:
            found = spans[0].digits
            row = spans[0].line - item.line
            paragraph[row] = _without(paragraph[row], spans[0])
    paragraph[0] = paragraph[0][item.text_column :]
    return Step(number, item.line, " ".join(" ".join(paragraph).split()), item.box, found, hashes)


def _without(text: str, span: HashSpan) -> str:
    """Return TEXT without SPAN, if nothing stands in brackets with it."""
    before, behind = text[: span.start], text[span.end :]
    if before.endswith("(") and behind.startswith(")"):
        return before[:-1] + behind[1:]
    return text
