"""Search: find what a query means, rank it, cut a snippet and mark the match."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from explog.index.database import Index
from explog.index.words import fold
from explog.queries.find import find
from explog.queries.query import Words, parse
from explog.queries.targets import Match
from explog.refs import step_text

# How many of the newest commits, and of the newest passages, are ranked. Who wants an older one of
# more than these says more precisely what to look for.
RANKED = 100
MARK_START = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}"
MARK_END = "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
_SNIPPET = 120
_BEFORE = 40
_YEAR = 365 * 86400.0
_NOTHING = r"(?!)"
_KIND = {"experiment": 1.0, "conclusion": 0.8, "step": 0.6, "commit": 0.4, "note": 0.4}


class Hit(NamedTuple):  # made by the hundred for every key that is typed
    """What was found and where; `snippet` has each match between MARK_START and MARK_END."""

    kind: str
    experiment: str | None
    step: str | None
    title: str
    snippet: str
    file: str | None
    line: int | None
    repository: str | None
    commit: str | None
    date: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """Hits, best first; `total` counts all matches, or is a lower bound if not `complete`."""

    total: int
    complete: bool
    hits: tuple[Hit, ...]


def search(index: Index, text: str, limit: int = 50, *, count_all: bool = True) -> Result:
    """Return the best LIMIT hits of the query TEXT; raise ExplogError `bad-query`."""
    query = parse(text)
    words = list(query.words())
    matches = find(index, query, max(RANKED, limit), count_all)
    now = time.time()
    patterns = _patterns(words)
    ranked = sorted(matches.found, key=lambda match: _score(match, patterns, now), reverse=True)
    # Where two begin at the same place, the longer one is marked.
    marks = "|".join(sorted({pattern.pattern for pattern in patterns}, key=len, reverse=True))
    marked = re.compile(marks or _NOTHING)
    hits = tuple(_hit(match, marked) for match in ranked[:limit])
    return Result(matches.total, matches.complete, hits)


def _patterns(words: Iterable[Words]) -> list[re.Pattern[str]]:
    """Return what marks the WORDS in folded text."""
    found = []
    for word in words:
        signs = r"\W+" if word.quoted else ""
        parts = fold(word.text).split() if word.quoted else [fold(word.text)]
        first, *rest = map(re.escape, parts)
        body = signs.join([first, *rest])
        # Behind it: so re finds the text itself ten times as fast, and then looks back.
        start = rf"(?<![^\W_]{first})" if body[:1].isalnum() and body.isascii() else ""
        end = "" if word.prefix or not body[-1:].isalnum() or not body.isascii() else r"(?![^\W_])"
        found.append(re.compile(signs.join([f"{first}{start}", *rest]) + end))
    return found


def _score(match: Match, patterns: Sequence[re.Pattern[str]], now: float) -> tuple[bool, float]:
    title = fold(match.title)
    in_title = sum(1 for pattern in patterns if pattern.search(title))
    score = _KIND[match.kind] + in_title / max(1, len(patterns))
    if match.date is not None:
        score += math.exp(-max(0.0, now - match.date) / _YEAR)
    return match.exact, score


def _hit(match: Match, marked: re.Pattern[str]) -> Hit:
    return Hit(
        kind=match.kind,
        experiment=match.experiment,
        step=step_text(match.step) or None,
        title=match.title,
        snippet=snippet(match.text, marked),
        file=match.file,
        line=match.line,
        repository=match.repository,
        commit=match.commit,
        date=_date(match),
    )


def _date(match: Match) -> str | None:
    if match.date is None:
        return None
    year, month, day, hour, minute, second = time.gmtime(match.date)[:6]
    date = f"{year:04}-{month:02}-{day:02}"
    return f"{date}T{hour:02}:{minute:02}:{second:02}Z" if match.kind == "commit" else date


def snippet(text: str, marked: re.Pattern[str]) -> str:
    """Return the part of TEXT around its first match as one line, every match in it MARKED."""
    folded = fold(text)
    first = marked.search(folded)
    start = 0
    if first is not None and first.start() > _BEFORE:
        start = first.start() - _BEFORE
        start = text.find(" ", start, first.start()) + 1 or start
    end = start + _SNIPPET
    parts = ["…" if start else ""]
    done = start
    for match in marked.finditer(folded, start, end) if first is not None else ():
        parts += (
            text[done : match.start()],
            MARK_START,
            text[match.start() : match.end()],
            MARK_END,
        )
        done = match.end()
    parts += (text[done:end], "…" if end < len(text) else "")
    return " ".join("".join(parts).split())
