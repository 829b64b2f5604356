"""Hashes in the prose of a log that stand in context: in code, behind "commit", in a link, ...

Nothing here knows whether one is a commit. What merely looks like one is left out where its
context says so: blocks, results, comments, properties, floats, parts of a longer word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    rf"(?P<git>git [a-z-]+ (?:[\w./-]+ )*)?(?:[\w./-]+@)?"
    rf"{_BARE}(?:\.\.\.?{_BARE})?(?:[~^][0-9~^]*)?"
)
SUBJECT = r"(?: ?\(?\"[^\"\n]+\"(?:, [0-9-]+)?\)?| \([^()\n]+, [0-9]{4}-[0-9]{2}-[0-9]{2}\))"
"""What stands behind a hash that was copied with its subject, as `--format=reference` has it."""
_WITH_SUBJECT = re.compile(rf"(?P<content>{_H}){SUBJECT}")
_SEVERAL = rf"{_BARE}(?:(?:\.\.\.?|[,;/&\s]+(?:and\s+)?){_BARE})*"
_SAID = re.compile(
    r"\b(?P<word>commit(?:s|ted)?(?: (?:as|in|at))?|revisions?|changesets?|cherry-pick(?:ed)?"
    r"|git (?:show|checkout|switch|reset|revert|log|diff|bisect)(?: -[\w=-]+)*)"
    rf"(?: (?:id|hash|sha1?))?[\s:#=~'\"`]+(?P<content>{_SEVERAL})",
    re.IGNORECASE,
)
_PARENTHESES = re.compile(
    rf"\((?P<word>(?:commits?|rev|see|in|at)[\s:]+)?(?:[\w.-]+@)?(?P<content>{_SEVERAL})\)",
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
_OTHER = (
    r"\b(?:runs?|ids?|uuid|guid|wandb|mlflow|jobs?|images?|docker|containers?|digests?|md5|sha-?256"
    r"|sha-?512|crc\w*|checksums?|blobs?|seeds?|sessions?|tokens?|keys?|colou?rs?|address"
    r"|models?|artifacts?|datasets?|data|etag|fingerprints?|tickets?)\b"
)
SOMETHING_ELSE = re.compile(rf"{_OTHER}[\s:#=~'\"`(]*$", re.IGNORECASE)
_SOMETHING_ELSE = re.compile(_OTHER, re.IGNORECASE)
# What stands around a commit of somebody else's project.
_OF_OTHERS_BEFORE = re.compile(
    r"(?:\b(?:upstream|their|vendored|submodule)|[\w.-]+/[\w.-]+)(?:'s)? $", re.I
)
_OF_OTHERS_BEHIND = re.compile(r"[=~]? (?:of|from|in|on) [\w.-]+/[\w.-]+")
_LINE_END = re.compile(r"[\s.:,;]*(?::[\w@#%:]+:)?\s*$")
_VAGUE = re.compile(r"revision|changeset", re.IGNORECASE)
_NAME = re.compile(
    r"(?<![0-9A-Za-z])(?P<uuid>[0-9a-fA-F]{8})-[0-9a-fA-F]{4}-"
    r"|^[ \t]*:(?:CUSTOM_)?ID:[ \t]+(?P<id>[0-9a-fA-F]{7,64})",
    re.IGNORECASE,
)
_PROPERTY = re.compile(r"[ \t]*:([^\s:]+):[ \t]+(?P<content>.*)$")
_COLUMN = re.compile(r"\b(?:commits?|(?P<vague>revisions?|revs?|changesets?))\b", re.IGNORECASE)
_NAMED = re.compile(r"commit|git(?!.*(?:blob|tree))|(?P<vague>revision|changeset)", re.IGNORECASE)
_RULE = re.compile(r"[ \t]*\|-")
_DRAWER = re.compile(r"[ \t]*:PROPERTIES:[ \t\r]*$", re.IGNORECASE)
_MARKED = re.compile(r"[ \t]*#(?:[ \t\r+]|$)|[ \t]*:(?:[ \t\r]|$)")


class HashContext(Enum):
    """What makes digits a commit."""

    PLAIN = "plain"
    """It says so: `commit 83d45cd`, `83d45cd "Subject"`, a Commit column, `(83d45cd)` at an end."""
    BARE = "bare"
    """It may be one, or something else: `=83d45cd=`, a Revision column, another's commit."""
    DOUBTFUL = "doubtful"
    """It says that it is something else: `run =83d45cd=`."""
    ADDRESS = "address"
    """A commit's page on a server, of a project named in `target`."""
    LINK = "link"
    """A link to a commit of the repository in the folder `target`."""


@dataclass(frozen=True, slots=True)
class HashMention:
    """DIGITS at a column of a line, both from 0."""

    line: int
    column: int
    digits: str
    context: HashContext
    target: str = ""


def find_hashes(lines: Sequence[str]) -> Iterator[HashMention]:
    """Yield what stands in the context of a commit in LINES, in order, each place once."""
    headings = [number for number, text in enumerate(lines) if HEADING.match(text)]
    starts = [0, *(number for number in headings if number)]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield from _in_section(lines, start, stop)


def beginnings_of_names(lines: Sequence[str]) -> Iterator[str]:
    """Yield the beginnings of 7 digits and more of UUIDs in LINES, and of ids in properties.

    People abbreviate those as well.
    """
    for text in lines:
        if "-" in text or ":" in text:
            for match in _NAME.finditer(text):
                name = (match["uuid"] or match["id"]).lower()
                yield from (name[:length] for length in range(7, len(name) + 1))


def _in_section(lines: Sequence[str], start: int, stop: int) -> Iterator[HashMention]:
    opaque = Opaque(lines, start, stop)
    columns: dict[int, HashContext] | None = None
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


_Found = tuple[int, str, HashContext, str]
"""(column, digits, context, target)."""


_WEAK = (HashContext.DOUBTFUL, HashContext.BARE)
"""What gives way to any other context, the weakest first."""


def _once(line: int, found: Sequence[_Found] | Iterator[_Found]) -> Iterator[HashMention]:
    """Yield each place of LINE once, with the context that says most."""
    places: dict[int, HashMention] = {}
    for column, digits, context, target in found:
        known = places.get(column)
        if known is None or _rank(context) > _rank(known.context):
            places[column] = HashMention(line, column, digits, context, target)
    yield from (places[column] for column in sorted(places))


def _rank(context: HashContext) -> int:
    return _WEAK.index(context) if context in _WEAK else len(_WEAK)


def _in_prose(text: str) -> Iterator[_Found]:
    for pattern, context in ((_ADDRESS, HashContext.ADDRESS), (_LINK, HashContext.LINK)):
        for match in pattern.finditer(text):
            yield from _digits(match, context, match["target"])
    for match in _SAID.finditer(text):
        vague = _VAGUE.match(match["word"]) or _is_of_others(text, match)
        yield from _digits(match, HashContext.BARE if vague else HashContext.PLAIN)
    for match in _WITH_SUBJECT.finditer(text):
        yield from _digits(match, HashContext.PLAIN)
    alone = HashContext.BARE if _SOMETHING_ELSE.search(text) else HashContext.PLAIN
    for match in _PARENTHESES.finditer(text):
        said = (match["word"] or "").lower().startswith("commit")
        ends = match.start() == 0 or _LINE_END.match(text, match.end())
        weak = alone if ends else HashContext.BARE
        yield from _digits(match, HashContext.PLAIN if said else weak)
    for match in _CODE.finditer(text):
        commit = _IS_COMMIT.fullmatch(match["content"])
        if commit is not None:
            other = SOMETHING_ELSE.search(text, max(0, match.start() - 40), match.start())
            plain = HashContext.PLAIN if commit["git"] else HashContext.BARE
            yield from _digits(match, HashContext.DOUBTFUL if other else plain)
    stamped = _STAMPED.match(text)
    if stamped is not None:
        yield from _digits(stamped, alone)


def _is_of_others(text: str, match: re.Match[str]) -> bool:
    """Tell whether MATCH, which says commit, says that it is one of another project."""
    before = text[max(0, match.start() - 40) : match.start()]
    return bool(_OF_OTHERS_BEFORE.search(before) or _OF_OTHERS_BEHIND.match(text, match.end()))


def _digits(match: re.Match[str], context: HashContext, target: str = "") -> Iterator[_Found]:
    """Yield the hashes in the content of MATCH."""
    start = match.start("content")
    for found in re.finditer(r"(?<![0-9A-Za-z_-])" + _BARE, match["content"]):
        yield start + found.start(), found[0], context, target


def _columns(header: str) -> dict[int, HashContext]:
    """Return which columns of a table with this first row hold commits."""
    named = ((number, _COLUMN.search(cell)) for number, cell in enumerate(header.split("|")))
    return {number: _named(match) for number, match in named if match}


def _named(match: re.Match[str]) -> HashContext:
    return HashContext.BARE if match["vague"] else HashContext.PLAIN


def _in_row(text: str, columns: Mapping[int, HashContext]) -> Iterator[_Found]:
    if _RULE.match(text):
        return
    start = 0
    for number, cell in enumerate(text.split("|")):
        bare = cell.strip(" \t=~()")
        if number in columns and _HASH.fullmatch(bare):
            yield start + cell.index(bare), bare, columns[number], ""
        start += len(cell) + 1


def _in_properties(lines: Sequence[str], start: int, stop: int) -> Iterator[HashMention]:
    """Yield the hashes in properties that are called after commits."""
    if start == 0 or not _DRAWER.match(lines[start - 1]):
        return
    for line in range(start, stop):
        match = _PROPERTY.match(lines[line])
        named = _NAMED.search(match[1]) if match is not None else None
        if match is not None and named is not None:
            yield from _once(line, _digits(match, _named(named)))
