"""One experiment: its names, dates and steps, read from the text of its subtree.

orgparse reads the dates, one entry at a time and from the lines that bear some, as one that does
not exist makes it give up on the whole text. The rest is read by our own modules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from explog.model import Diagnosis, Step
from explog.org.heading import (
    PLANNING,
    clean_title,
    entry_ids,
    headings,
    read_properties,
    split_todo,
)
from explog.org.opaque import Opaque
from explog.org.options import OrgOptions
from explog.org.steps import StepList, conflict_line, find_steps, read_step

_DATED = re.compile(r"[<\[][0-9]{4}-")
# A date by itself on its line: what nearly every entry has, and nothing else.
_ALONE = re.compile(
    r"[ \t]*\[([0-9]{4})-([0-9]{2})-([0-9]{2})(?: [^\W\d_]+\.?)?"
    r"(?: (?:[01][0-9]|2[0-3]):[0-5][0-9])?\][ \t]*"
)
# So many dates of a long line are read: orgparse takes the square of their number.
_MOST_DATES, _LONG = 20, 1000
_DATE = re.compile(r"[<\[][0-9]{4}-[^<>\[\]\n]{0,60}[>\]]")
# What splitlines() takes for a line end and org does not.
_ODD_BREAKS = str.maketrans(dict.fromkeys("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with an id. Lines are 0-based in the entry, except in `diagnoses`."""

    id: str
    aliases: tuple[str, ...]
    title: str
    todo: str | None
    done: bool
    tags: tuple[str, ...]
    created: date | None
    closed: date | None
    properties: Mapping[str, str]
    steps: tuple[Step, ...]
    diagnoses: tuple[Diagnosis, ...] = ()


def read_experiment(
    text: str,
    line: int,
    tags: Sequence[str],
    options: OrgOptions,
    steps_heading: str = "Experiments",
) -> Entry | None:
    """Read the subtree TEXT; see `read_entry`."""
    entry = read_entry(text.split("\n"), line, tags, options, steps_heading)
    return None if entry is None else entry[0]


def read_entry(
    lines: Sequence[str],
    line: int,
    tags: Sequence[str],
    options: OrgOptions,
    steps_heading: str,
    known: Sequence[tuple[int, int]] = (),
) -> tuple[Entry, StepList | None] | None:
    """Read the subtree LINES whose heading is at LINE of whatever it is part of; None without id.

    The list of its steps comes with it. What cannot be read is left out and named in `diagnoses`.
    KNOWN is what `headings` of LINES returns, if the caller knows.
    """
    heading = lines[0].lstrip("*").strip()
    properties = read_properties(lines)
    ident, aliases = entry_ids(heading, properties)
    if ident is None:
        return None
    found = known or headings(lines, options.inlinetask_min_level)
    stop = found[1][0] if len(found) > 1 else len(lines)
    created, closed, bad = _read_dates(_dated_lines(lines, stop, properties))
    messages = [(n, f"there is no such date: {text.strip()}") for n, text in bad]
    conflict = conflict_line(lines)
    if conflict is not None:
        messages.append((conflict, "a merge conflict is not resolved here; no step is read"))
    steps = find_steps(lines, steps_heading, options, found) if conflict is None else None
    if steps is not None and steps.doubt is not None:
        messages.append(steps.doubt)
    todo, title = split_todo(heading, options.keywords)
    experiment = Entry(
        id=ident,
        aliases=aliases,
        title=clean_title(title),
        todo=todo,
        done=todo in options.keywords.done,
        tags=tuple(tags),
        created=created,
        closed=closed,
        properties=properties,
        steps=tuple(read_step(lines, *step) for step in steps.items) if steps else (),
        diagnoses=tuple(
            Diagnosis("unreadable", line + number, message, ident) for number, message in messages
        ),
    )
    return experiment, steps


def _dated_lines(
    lines: Sequence[str], stop: int, properties: Mapping[str, str]
) -> list[tuple[int, str]]:
    """Return (number, text) of the heading and of the lines before STOP that may bear dates.

    Blocks and drawers are left out, but for the property `CREATED`.
    """
    opaque = Opaque(lines, 1, stop)
    found = [(0, _shortened(lines[0]))]
    number = 1
    while number < stop:
        text = lines[number]
        end = opaque.end(number) if text.lstrip()[:1] in ("#", ":") else None
        if end is None and _DATED.search(text):
            found.append((number, _shortened(text)))
        number = (number if end is None else end) + 1
    if "CREATED" in properties:
        planned = len(found) > 1 and found[1][0] == 1 and PLANNING.match(found[1][1])
        found.insert(2 if planned else 1, (0, _shortened(properties["CREATED"])))
    return [
        (number, text if text.isprintable() else text.translate(_ODD_BREAKS))
        for number, text in found
    ]


def _shortened(text: str) -> str:
    """Return TEXT, or if it is very long the first dates in it."""
    if len(text) <= _LONG:
        return text
    return " ".join(match[0] for match in islice(_DATE.finditer(text), _MOST_DATES))


def _read_dates(
    lines: Sequence[tuple[int, str]],
) -> tuple[date | None, date | None, list[tuple[int, str]]]:
    """Return when the entry was created and closed, and those of LINES that cannot be read."""
    bad: list[tuple[int, str]] = []
    texts = [text for _number, text in lines]
    if len(lines) <= 2 and not _DATED.search(texts[0]):
        if len(lines) == 1:
            return None, None, bad
        if day := _day_alone(texts[1]):
            return day, None, bad
    try:
        node = _node(texts)
    except ValueError:
        bad = [line for line in lines if not _is_readable(line[1])]
        good = [line[1] for line in lines[1:] if line not in bad]
        node = _node(["* x" if lines[0] in bad else texts[0], *good])
    dates = node.get_timestamps(inactive=True, point=True, range=True)
    created = _as_date(dates[0].start) if dates else None
    return created, _as_date(node.closed.start) if node.closed else None, bad


def _day_alone(text: str) -> date | None:
    """Return the day of the line TEXT if a date is all of it: orgparse takes ten times as long."""
    match = _ALONE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None  # what is wrong with it is said where all others are read


def _node(lines: Sequence[str]) -> Any:
    import orgparse  # which is needed for few entries

    # orgparse takes that for a drawer wherever it stands, which hides what follows.
    text = "\n".join(lines).replace(":PROPERTIES:", ":")
    return orgparse.loads(text).children[0]


def _is_readable(text: str) -> bool:
    """Tell whether TEXT can be read as a heading, right under one, and further down."""
    text = text.lstrip("*")
    try:
        _node([f"* {text}", text, "x", text])
    except ValueError:
        return False
    return True


def _as_date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value
