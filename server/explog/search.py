"""Search: ask the index, rank what it finds, cut a snippet and mark the match."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from explog.index.query import Words, parse
from explog.index.store import Match, Store
from explog.index.words import fold
from explog.refs import step_text

# Of either sort, how many of the newest matches are ranked; among more, the older ones are for
# those who say more precisely what they look for.
RANKED = 100
MARK_START = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}"
MARK_END = "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
_SNIPPET = 120
_BEFORE = 40
_YEAR = 365 * 86400.0
_KIND = {"experiment": 1.0, "conclusion": 0.8, "step": 0.6, "commit": 0.4, "note": 0.4}


@dataclass(frozen=True, slots=True)
class Hit:
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
    """Hits, best first; `total` counts all there are, or is a lower bound if not `complete`."""

    total: int
    complete: bool
    hits: tuple[Hit, ...]


def search(store: Store, text: str, limit: int = 50, *, count_all: bool = True) -> Result:
    """Return the best LIMIT hits of the query TEXT; raise ExplogError `bad-query`."""
    query = parse(text)
    words = list(query.words())
    matches = store.search(query, max(RANKED, limit), count_all)
    now = time.time()
    patterns = _patterns(words)
    ranked = sorted(matches.found, key=lambda match: _score(match, patterns, now), reverse=True)
    hits = tuple(_hit(match, patterns) for match in ranked[:limit])
    return Result(matches.total, matches.complete, hits)


def _patterns(words: Iterable[Words]) -> list[re.Pattern[str]]:
    """Return what marks the WORDS in folded text."""
    found = []
    for word in words:
        signs = r"\W+" if word.quoted else ""
        parts = fold(word.text).split() if word.quoted else [fold(word.text)]
        body = signs.join(map(re.escape, parts))
        start = r"(?<![^\W_])" if body[:1].isalnum() and body.isascii() else ""
        end = "" if word.prefix or not body[-1:].isalnum() or not body.isascii() else r"(?![^\W_])"
        found.append(re.compile(f"{start}{body}{end}"))
    return found


def _score(match: Match, patterns: Sequence[re.Pattern[str]], now: float) -> tuple[bool, float]:
    title = fold(match.title)
    in_title = sum(1 for pattern in patterns if pattern.search(title))
    score = _KIND[match.kind] + in_title / max(1, len(patterns))
    if match.date is not None:
        score += math.exp(-max(0.0, now - match.date) / _YEAR)
    return match.exact, score


def _hit(match: Match, patterns: Sequence[re.Pattern[str]]) -> Hit:
    return Hit(
        kind=match.kind,
        experiment=match.experiment,
        step=step_text(match.step) or None,
        title=match.title,
        snippet=snippet(match.text, patterns),
        file=match.file,
        line=match.line,
        repository=match.repository,
        commit=match.commit,
        date=_date(match),
    )


def _date(match: Match) -> str | None:
    if match.date is None:
        return None
    when = datetime.fromtimestamp(match.date, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ" if match.kind == "commit" else "%Y-%m-%d")


def snippet(text: str, patterns: Sequence[re.Pattern[str]]) -> str:
    """Return the part of TEXT around its first match as one line, every match in it marked."""
    folded = fold(text)
    first = min(
        (found.start() for pattern in patterns if (found := pattern.search(folded))), default=0
    )
    start = max(0, first - _BEFORE)
    if start:
        start = text.find(" ", start, first) + 1 or start
    part, folded = text[start : start + _SNIPPET], folded[start : start + _SNIPPET]
    spans = sorted({found.span() for pattern in patterns for found in pattern.finditer(folded)})
    marked = _mark(part, [span for span in spans if span[0] < span[1]])
    ends = ("…" if start else "", "…" if start + _SNIPPET < len(text) else "")
    return " ".join(f"{ends[0]}{marked}{ends[1]}".split())


def _mark(part: str, spans: Iterable[tuple[int, int]]) -> str:
    out: list[str] = []
    done = 0
    for start, end in spans:
        if start < done:
            continue
        out += [part[done:start], MARK_START, part[start:end], MARK_END]
        done = end
    return "".join([*out, part[done:]])
