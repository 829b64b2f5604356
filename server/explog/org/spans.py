"""Hashes in the first paragraph of a step: where each stands, and whether it is in a hash's place.

A person writes one in many forms: `(83d45cd)`, `(83d45cd, eval-harness)`, `=83d45cd=`, a link to a
commit, with a remark behind it or a tag. Nothing here knows whether the digits are a commit: one
who does chooses among several.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from explog.org.hashes import SOMETHING_ELSE, SUBJECT
from explog.org.lists import Item

_DIGITS = re.compile(r"(?<![0-9A-Za-z_])[0-9a-fA-F]{7,64}(?![0-9A-Za-z_])")
# In front of the digits and behind them, where they are part of something longer: a float, a path,
# a UUID, `name=1234567`, `83d45cd~1`, a range.
_PART_BEFORE = re.compile(r"(?:\w[.=-]|[/#.$%^\\])$")
_PART_BEHIND = re.compile(r"[~^][0-9~^]*(?![^\s.,;:)\]])|-\w|/\w|\.{1,3}\w|=\w")
_NAMED_BEFORE = re.compile(r"\b(?:commit|rev|revision|hash|sha1?)=$", re.IGNORECASE)
_ITALIC = re.compile(r"(?:^|[\s('\"])/$")

_LINK = re.compile(r"\[\[(?P<target>[^\]\[]+)\](?:\[(?P<text>[^\[\]]+)\])?\]")
_ADDRESS = re.compile(r"\b[a-z][a-z0-9+-]*:(?://|[^\s:]+::)[^\s()\[\]<>]+", re.IGNORECASE)
_OF_COMMIT = re.compile(
    r"(?:orgit(?:-rev|-log)?|magit(?:-rev)?|git|commit|rev):(?!//)"
    r"|/(?:-/)?(?:commits?|rev|revision|changeset|\+)/|[?&;](?:id|h|commit|rev)=",
    re.IGNORECASE,
)
_BARE_TEXT = re.compile(r"[=~\s\"'`(]*(?:commit\s+)?(?:[\w./-]+@)?[0-9a-f]{7,64}[=~\s\"'`)]*", re.I)

_IN_BRACKETS = re.compile(r"(?<!\w)[(\[](?P<content>[^()\[\]]{7,200})[)\]](?!\])")
_CODE_MARKS = "=~`"
_CLOTHES = "=~*/+\"'`"
_FEW_WORDS = re.compile(rf"\s*(?:[^\s,;:@]+[\s,;:@]+){{0,3}}[{_CLOTHES}]*")
_END_OF_PARAGRAPH = re.compile(
    rf"[{_CLOTHES})\]]*[.,;:!]*"
    r"(?:\s+(?::[\w@#%:]+:|[\[<][0-9]{4}-[0-9]{2}-[0-9]{2}[^\]>]*[\]>]|\[[0-9]*(?:%|/[0-9]*)\]|\\\\))*\s*$"
)
_END_OF_LINE = re.compile(rf"[{_CLOTHES})\]]*[.,;:!]*[ \t\r]*$", re.MULTILINE)
_SAID = re.compile(r"\b(?:commits?|rev|revision|changeset)[\s:=~#*\"'`]+$", re.IGNORECASE)
_SUBJECT = re.compile(SUBJECT)


class HashSpan(NamedTuple):
    """DIGITS, in lower case, at the columns from START to END of a line of the entry.

    `in_place` means that they stand as a step's hash does: in brackets, as a link to a commit, or
    at the end in code or behind "commit". `link` is the same for what is in one link.
    """

    line: int
    start: int
    end: int
    digits: str
    in_place: bool
    link: int | None = None


def hash_spans(lines: Sequence[str], item: Item) -> list[HashSpan]:
    """Return what may be a hash in the first paragraph of ITEM, the likeliest to be its own first.

    Those in a hash's place come before others, and later ones before earlier ones.
    """
    first, last = item.line, item.paragraph_end
    column = item.text_column
    for line in range(first, last + 1):
        match = _DIGITS.search(lines[line], column)
        if match is not None:
            if line == last and _ends_in_brackets(match, column):
                return [_span(line, match, in_place=True)]
            return _all_spans(lines, item)
        column = 0
    return []


def own_hash(spans: Sequence[HashSpan]) -> str | None:
    """Return the digits of that of SPANS, which are of one item, that is in a hash's place."""
    return spans[0].digits if spans and spans[0].in_place else None


def hash_span(lines: Sequence[str], item: Item) -> HashSpan | None:
    """Return the hash that stands in a hash's place on ITEM, or None."""
    spans = hash_spans(lines, item)
    return spans[0] if spans and spans[0].in_place else None


def same_hash(spans: Sequence[HashSpan], chosen: HashSpan) -> list[HashSpan]:
    """Return those of SPANS that change with CHOSEN: target and text of a link are one hash."""
    return [
        span
        for span in spans
        if span == chosen
        or (
            span.link is not None
            and span.link == chosen.link
            and (span.digits.startswith(chosen.digits) or chosen.digits.startswith(span.digits))
        )
    ]


def _span(line: int, match: re.Match[str], in_place: bool) -> HashSpan:
    return HashSpan(line, match.start(), match.end(), match[0].lower(), in_place)


def _ends_in_brackets(match: re.Match[str], column: int) -> bool:
    """Tell whether MATCH is `(83d45cd)` at the end of its line, as explog itself writes it."""
    text, start = match.string, match.start() - 1
    return (
        text[match.end() :].rstrip(" \t\r") == ")"
        and text[start : start + 1] == "("
        and (start == column or text[start - 1] in " \t")
    )


def _all_spans(lines: Sequence[str], item: Item) -> list[HashSpan]:
    rows = list(lines[item.line : item.paragraph_end + 1])
    rows[0] = " " * item.text_column + rows[0][item.text_column :]
    text = "\n".join(rows)
    starts = list(accumulate((len(row) + 1 for row in rows), initial=0))
    found: list[HashSpan] = []
    for start, end, in_place, link in _Paragraph(text).hashes():
        row = bisect(starts, start) - 1
        column, stop = start - starts[row], end - starts[row]
        digits = text[start:end].lower()
        found.append(HashSpan(item.line + row, column, stop, digits, in_place, link))
    return sorted(found, key=lambda span: (span.in_place, span.line, span.start), reverse=True)


_Found = tuple[int, int, bool, int | None]
"""(start, end, in place, link)."""


def _around(matches: Sequence[re.Match[str]], position: int) -> re.Match[str] | None:
    """Return which of MATCHES, which are in order and apart, has POSITION in it."""
    index = bisect(matches, position, key=lambda match: match.start()) - 1
    return matches[index] if index >= 0 and position < matches[index].end() else None


class _Paragraph:
    """The text of a first paragraph, its lines joined by line ends."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.begins = len(text) - len(text.lstrip())
        self.links = list(_LINK.finditer(text))
        self.addresses = [
            match for match in _ADDRESS.finditer(text) if _around(self.links, match.start()) is None
        ]
        self.brackets = list(_IN_BRACKETS.finditer(text))

    def hashes(self) -> Iterator[_Found]:
        for number, link in enumerate(self.links):
            yield from self._in_link(link, number)
        for address in self.addresses:
            if _OF_COMMIT.search(address[0]):
                yield from self._last(*address.span(), None)
        for match in _DIGITS.finditer(self.text):
            linked = _around(self.links, match.start()) or _around(self.addresses, match.start())
            if not linked and not self._is_part(match):
                yield *match.span(), self._is_in_place(match), None

    def _is_in_code(self, match: re.Match[str]) -> bool:
        """Tell whether MATCH begins `=code=` or `~code~`."""
        start, end = match.span()
        mark = self.text[start - 1] if start else " "
        if mark not in _CODE_MARKS or (start > 1 and self.text[start - 2].isalnum()):
            return False
        line_end = self.text.find("\n", end)
        return self.text.find(mark, end, len(self.text) if line_end < 0 else line_end) >= 0

    def _in_link(self, link: re.Match[str], number: int) -> Iterator[_Found]:
        """Yield the digits in the target and the text of LINK, if one of them is a commit."""
        to_commit = _OF_COMMIT.search(link["target"]) is not None
        if to_commit:
            yield from self._last(*link.span("target"), number)
        text = link["text"]
        if text and (to_commit or _BARE_TEXT.fullmatch(text)):
            yield from self._last(*link.span("text"), number)

    def _last(self, start: int, end: int, link: int | None) -> Iterator[_Found]:
        """Yield the last digits between START and END, which are of a link to a commit."""
        found = list(_DIGITS.finditer(self.text, start, end))
        if found:
            yield *found[-1].span(), True, link

    def _is_part(self, match: re.Match[str]) -> bool:
        if self._is_in_code(match):
            return False
        before = self.text[max(0, match.start() - 20) : match.start()]
        if _PART_BEFORE.search(before) and not _NAMED_BEFORE.search(before):
            italic = self.text[match.end() : match.end() + 1] == "/" and _ITALIC.search(before)
            return not italic
        return _PART_BEHIND.match(self.text, match.end()) is not None

    def _is_in_place(self, match: re.Match[str]) -> bool:
        if SOMETHING_ELSE.search(self.text, max(0, match.start() - 40), match.start()):
            return False
        return self._is_in_brackets(match) or self._is_at_end(match)

    def _is_in_brackets(self, match: re.Match[str]) -> bool:
        brackets = _around(self.brackets, match.start())
        if brackets is None:
            return False
        first, last = brackets.span("content")
        before = self.text[first : match.start()]
        behind = self.text[match.end() : last]
        return bool(_FEW_WORDS.fullmatch(before)) or not behind.strip(f"{_CLOTHES} \t\r\n")

    def _is_at_end(self, match: re.Match[str]) -> bool:
        """Tell whether MATCH ends a paragraph or a line of it, in code or behind "commit"."""
        start, end = match.span()
        if start == self.begins:
            return bool(_END_OF_PARAGRAPH.match(self.text, end))
        subject = _SUBJECT.match(self.text, end)
        end = subject.end() if subject else end
        said = _SAID.search(self.text, max(0, start - 20), start)
        if not (said or subject or self._is_in_code(match)):
            return False
        return bool(_END_OF_PARAGRAPH.match(self.text, end) or _END_OF_LINE.match(self.text, end))
