"""Headings: keyword, title, ids and the property drawer beneath. Text in, values out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from explog.grammar import ID_PATTERN
from explog.org.options import Keywords
from explog.org.scan import for_short_texts, split_tags
from explog.refs import is_id

HEADING = re.compile(r"(\*+) ")
PLANNING = re.compile(r"[ \t]*(?:CLOSED|DEADLINE|SCHEDULED):")
ARCHIVED_TAGS = "ARCHIVE_ITAGS"
COOKIE = re.compile(r"\[[0-9]*%\]|\[[0-9]*/[0-9]*\]")
# What a planning line or a drawer begins with; see PLANNING.
_ABOVE_TEXT = frozenset("CDS:")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_BLANKS = ("", " ", "\t")
# Not part of a link, a word like `a[3]` or a Markdown link.
_ID = rf"(?<![\w\[\]])\[(?!{_DATE}\])({ID_PATTERN})\](?![\](])|<<({ID_PATTERN})>>"
_BRACKETED = re.compile(_ID)
# A keyword may be `TODO`, and `[ ]` or `[X]`.
_LEADING = re.compile(rf"(?:(?:[^\s\[<]+|\[[^\]0-9]\])[ \t]+)?(?:\[#[A-Z0-9]+\][ \t]*)?(?:{_ID})")
_PRIORITY = re.compile(r"\[#[A-Z0-9]+\][ \t]*")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PROPERTY = re.compile(r"[ \t]*:([^\s:]+?)\+?:(.*)")


def entry_ids(
    text: str, properties: Mapping[str, str], mentions: bool = True
) -> tuple[str | None, tuple[str, ...]]:
    """Return (id, second names) of an entry, from its heading's text and its properties.

    `[201]` or `<<201>>` where the title begins, after one word at most, is the id; else a property
    is; else such brackets anywhere: "Compare with [12]" does not take the id of an entry that has
    one, and without MENTIONS never is one. A UUID in `:ID:` names an entry but is never the id that
    references use.
    """
    if not properties:
        return _ids_of_title(text, mentions)
    return _ids(text, properties, mentions)


@for_short_texts
def _ids_of_title(text: str, mentions: bool) -> tuple[str | None, tuple[str, ...]]:
    return _ids(text, {}, mentions)


def _ids(
    text: str, properties: Mapping[str, str], mentions: bool
) -> tuple[str | None, tuple[str, ...]]:
    custom = properties.get("CUSTOM_ID", "")
    own = properties.get("ID", "")
    bare = COOKIE.sub("", split_tags(text)[0]).strip()
    leading = _LEADING.match(bare)
    anywhere = leading or (_BRACKETED.search(bare) if mentions else None)
    heading = (anywhere[1] or anywhere[2]) if anywhere else None
    names = [name for name in (custom, own) if name]
    usable = [name for name in names if is_id(name) and not _UUID.fullmatch(name)]
    if heading and (leading or not usable):
        names.insert(0, heading)
        usable.insert(0, heading)
    if not usable:
        return None, ()
    others = dict.fromkeys(name for name in names if name != usable[0])
    return usable[0], tuple(others)


def read_properties(lines: Sequence[str]) -> dict[str, str]:
    """Return the property drawer right under a heading, names in capitals.

    It stands on the first line after the heading, or after the planning line.
    """
    if len(lines) < 2 or lines[1].lstrip(" \t")[:1] not in _ABOVE_TEXT:
        return {}  # as it is nearly everywhere
    start = 2 if PLANNING.match(lines[1]) else 1
    if start < len(lines) and lines[start].strip(" \t\r").upper() == ":PROPERTIES:":
        return _drawer(lines[start + 1 :])
    return {}


def _drawer(lines: Sequence[str]) -> dict[str, str]:
    """Return the properties up to `:END:`; none where it is missing or other text intervenes."""
    found: dict[str, str] = {}
    for line in lines:
        if line.strip().upper() == ":END:":
            return found
        match = _PROPERTY.match(line)
        if match is None:
            return {}
        found[match[1].upper()] = match[2].lstrip(" \t").rstrip(" \t\r")
    return {}


def archived_tags(lines: Sequence[str]) -> list[str]:
    """Return the tags that the entry LINES had inherited before org archived it."""
    return read_properties(lines).get(ARCHIVED_TAGS, "").split()


def headings(lines: Sequence[str], inlinetask_min_level: int | None = 15) -> list[tuple[int, int]]:
    """Return (line, level) of every heading in LINES; inline tasks are none, see OrgOptions."""
    return [
        (index, level)
        for index, line in enumerate(lines)
        if line.startswith("*")
        and (match := HEADING.match(line)) is not None
        and ((level := len(match[1])) < (inlinetask_min_level or level + 1))
    ]


def read_id(lines: Sequence[str], mentions: bool = True) -> str | None:
    """Return the id of the entry whose heading is `lines[0]`, or None; see `entry_ids`."""
    match = HEADING.match(lines[0])
    if match is None:
        return None
    return entry_ids(lines[0][match.end() :], read_properties(lines), mentions)[0]


@lru_cache(maxsize=8)
def _with_blanks(keywords: Keywords) -> tuple[str, ...]:
    """Return those of KEYWORDS that have a blank in them, as `[ ]` has, the longest first."""
    found = (word for word in (*keywords.open, *keywords.done) if " " in word)
    return tuple(sorted(found, key=len, reverse=True))


def split_todo(heading: str, keywords: Keywords) -> tuple[str | None, str]:
    """Split a heading's text, the stars taken off, into (TODO keyword or None, the rest)."""
    heading = heading.strip()
    for keyword in _with_blanks(keywords):
        if heading.startswith(keyword) and heading[len(keyword) : len(keyword) + 1] in _BLANKS:
            return keyword, heading[len(keyword) :].strip()
    first, _space, rest = heading.replace("\t", " ").partition(" ")
    if first in keywords.open or first in keywords.done:
        return first, rest.strip()
    return None, heading


@for_short_texts
def title_of(heading: str, keywords: Keywords) -> str:
    """Return the title of a heading line, stars and all."""
    return clean_title(split_todo(heading.lstrip("*"), keywords)[1])


def clean_title(text: str) -> str:
    """Return a heading's title, the keyword taken off: no tags, priority, cookies, leading id."""
    bare = COOKIE.sub("", split_tags(text)[0]).strip()
    for leading in (_PRIORITY, _BRACKETED):
        match = leading.match(bare)
        bare = bare[match.end() :].strip() if match else bare
    return " ".join(bare.split())
