"""Hashes in the prose of a log that stand in context: in code, behind "commit", in a link, ...

Nothing here knows whether one is a commit. What merely looks like one is left out where its
context says so: blocks, results, comments, properties, floats, parts of a longer word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from explog.org.heading import HEADING
from explog.org.opaque import Opaque

_H = r"(?<![0-9A-Za-z_.@#/-])[0-9a-f]{7,64}(?![0-9A-Za-z_-])(?!\.[0-9])"
_HASH = re.compile(_H)
# In `a1b2c3d..e4f5a6b` and in addresses there is a dot or a slash in front.
_BARE = r"[0-9a-f]{7,64}(?![0-9A-Za-z_-])(?!\.[0-9])"

_CODE = re.compile(r"(?<![\w=~])([=~])(?=\S)(?P<content>[^=~\n]*?\S)\1(?![\w=~])")
_IS_COMMIT = re.compile(
    rf"(?:git [a-z-]+ (?:[\w./-]+ )*)?(?:[\w./-]+@)?{_BARE}(?:\.\.\.?{_BARE})?(?:[~^][0-9~^]*)?"
)
_SEVERAL = rf"{_BARE}(?:(?:\.\.\.?|[,;/&\s]+(?:and\s+)?){_BARE})*"
_SAID = re.compile(
    r"\b(?:commit(?:s|ted)?(?: (?:as|in|at))?|revisions?|changesets?|cherry-pick(?:ed)?"
    r"|git (?:show|checkout|switch|reset|revert|log|diff|bisect)(?: -[\w=-]+)*)"
    rf"(?: (?:id|hash|sha1?))?[\s:#=~'\"`]+(?P<content>{_SEVERAL})",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(
    rf"\((?:(?:commits?|rev|see|in|at)[\s:]+)?(?:[\w.-]+@)?(?P<content>{_SEVERAL})\)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    rf"/(?P<target>[\w.-]+?)(?:\.git)?/(?:-/)?(?:commits?|tree|blob|compare)/"
    rf"(?P<content>{_BARE}(?:\.\.\.?{_BARE})?)"
)
_LINK = re.compile(
    rf"\b(?:orgit(?:-rev|-log)?|magit(?:-rev)?|git):(?P<target>[^\]\s:]+)::?"
    rf"(?:[a-z-]+@)?(?P<content>{_BARE})"
)
_STAMPED = re.compile(
    r"[ \t]*(?:(?:[-+*]|[0-9]+[.)])[ \t]+)?[\[<][0-9]{4}-[0-9]{2}-[0-9]{2}[^\]>]*[\]>][\s:,-]*"
    rf"(?P<content>{_H})"
)
# What stands in front of digits that are something else.
SOMETHING_ELSE = re.compile(
    r"\b(?:runs?|ids?|uuid|guid|wandb|mlflow|jobs?|images?|docker|containers?|digests?|md5|sha-?256"
    r"|sha-?512|crc\w*|checksums?|blobs?|seeds?|sessions?|tokens?|keys?|colou?rs?|address"
    r"|models?|artifacts?|datasets?|data|etag|fingerprints?|tickets?)\b[\s:#=~'\"`(]*$",
    re.IGNORECASE,
)
_PROPERTY = re.compile(r"[ \t]*:([^\s:]+):[ \t]+(?P<content>.*)$")
_COLUMN = re.compile(r"\b(?:commits?|revisions?|revs?|changesets?)\b", re.IGNORECASE)
_NAMED = re.compile(r"commit|revision|changeset|git", re.IGNORECASE)
_RULE = re.compile(r"[ \t]*\|-")
_DRAWER = re.compile(r"[ \t]*:PROPERTIES:[ \t\r]*$", re.IGNORECASE)
_MARKED = re.compile(r"[ \t]*#(?:[ \t\r+]|$)|[ \t]*:(?:[ \t\r]|$)")


class Context(Enum):
    """What makes digits a commit."""

    PLAIN = "plain"
    """It says so: `commit 83d45cd`, `(83d45cd)`, `=83d45cd=`, a Commit column."""
    DOUBTFUL = "doubtful"
    """It says that it is something else: `run =83d45cd=`."""
    ADDRESS = "address"
    """A commit's page on a server, of a project named in `target`."""
    LINK = "link"
    """A link to a commit of the repository in the folder `target`."""


@dataclass(frozen=True, slots=True)
class Mention:
    """DIGITS at a column of a line, both from 0."""

    line: int
    column: int
    digits: str
    context: Context
    target: str = ""


def find_hashes(lines: Sequence[str]) -> Iterator[Mention]:
    """Yield what stands in the context of a commit in LINES, in order, each place once."""
    headings = [number for number, text in enumerate(lines) if HEADING.match(text)]
    starts = [0, *(number for number in headings if number)]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield from _in_section(lines, start, stop)


def _in_section(lines: Sequence[str], start: int, stop: int) -> Iterator[Mention]:
    opaque = Opaque(lines, stop)
    columns: set[int] | None = None
    line = start
    while line < stop:
        text = lines[line]
        first = text.lstrip()[:1]
        if first != "|":
            columns = None
        if first == "|":
            columns = _columns(text) if columns is None else columns
            yield from _once(line, [*_in_row(text, columns), *_in_prose(text)])
        elif first in ("#", ":"):
            end = opaque.end(line)
            if end is not None and (first == "#" or _DRAWER.match(text)):
                yield from _in_properties(lines, line + 1, end)
                line = end
            elif end is None and not _MARKED.match(text):
                yield from _once(line, _in_prose(text))
        else:
            yield from _once(line, _in_prose(text))
        line += 1


_Found = tuple[int, str, Context, str]
"""(column, digits, context, target)."""


def _once(line: int, found: Sequence[_Found] | Iterator[_Found]) -> Iterator[Mention]:
    """Yield each place of LINE once, as what says most of it says."""
    places: dict[int, Mention] = {}
    for column, digits, context, target in found:
        known = places.get(column)
        if known is None or known.context is Context.DOUBTFUL:
            places[column] = Mention(line, column, digits, context, target)
    yield from (places[column] for column in sorted(places))


def _in_prose(text: str) -> Iterator[_Found]:
    for pattern, context in ((_ADDRESS, Context.ADDRESS), (_LINK, Context.LINK)):
        for match in pattern.finditer(text):
            yield from _digits(match, context, match["target"])
    for pattern in (_SAID, _PARENTHESES):
        for match in pattern.finditer(text):
            yield from _digits(match, Context.PLAIN)
    for match in _CODE.finditer(text):
        if _IS_COMMIT.fullmatch(match["content"]):
            other = SOMETHING_ELSE.search(text, max(0, match.start() - 40), match.start())
            yield from _digits(match, Context.DOUBTFUL if other else Context.PLAIN)
    stamped = _STAMPED.match(text)
    if stamped is not None:
        yield from _digits(stamped, Context.PLAIN)


def _digits(match: re.Match[str], context: Context, target: str = "") -> Iterator[_Found]:
    """Yield the hashes in the content of MATCH."""
    start = match.start("content")
    for found in re.finditer(r"(?<![0-9A-Za-z_-])" + _BARE, match["content"]):
        yield start + found.start(), found[0], context, target


def _columns(header: str) -> set[int]:
    """Return which columns of a table with this first row hold commits."""
    cells = header.split("|")
    return {number for number, cell in enumerate(cells) if _COLUMN.search(cell)}


def _in_row(text: str, columns: set[int]) -> Iterator[_Found]:
    if _RULE.match(text):
        return
    start = 0
    for number, cell in enumerate(text.split("|")):
        bare = cell.strip(" \t=~")
        if number in columns and _HASH.fullmatch(bare):
            yield start + cell.index(bare), bare, Context.PLAIN, ""
        start += len(cell) + 1


def _in_properties(lines: Sequence[str], start: int, stop: int) -> Iterator[Mention]:
    """Yield the hashes in properties that are called after commits."""
    if start == 0 or not _DRAWER.match(lines[start - 1]):
        return
    for line in range(start, stop):
        match = _PROPERTY.match(lines[line])
        if match is not None and _NAMED.search(match[1]):
            yield from _once(line, _digits(match, Context.PLAIN))
