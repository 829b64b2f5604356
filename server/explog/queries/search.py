"""Search: find what a query means, rank it, cut a snippet and mark the match."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from explog.errors import ExplogError
from explog.index.database import Index
from explog.index.words import fold, fold_with_places
from explog.queries.find import Matches, find
from explog.queries.marking import pattern_of
from explog.queries.query import Clause, Filter, Query, Term, Words, bad_query, parse
from explog.queries.targets import Match
from explog.queries.values import MOST_LISTED, unknown_value, values
from explog.refs import step_text
from explog.wording import counted, listed

if TYPE_CHECKING:
    # What finds runs is loaded for those who have some.
    from explog.runs.listing import FoundRun

# How many of the newest commits, and of the newest passages, are ranked. Who wants an older one of
# more than these says more precisely what to look for.
RANKED = 100
MARK_START = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}"
MARK_END = "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
_SNIPPET = 120
_BEFORE = 40
_YEAR = 365 * 86400.0
_NOTHING = r"(?!)"
_KIND = {
    "experiment": 1.0,
    "conclusion": 0.8,
    "step": 0.6,
    "run": 0.5,
    "commit": 0.4,
    "note": 0.4,
    "text": 0.3,
}


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


class SearchResult(NamedTuple):
    """Hits, best first; `total` counts all matches, or is a lower bound if not `complete`.

    Where nothing is found, `note` says what may be wrong with the query, and what was searched.
    `hits` are then those of words that are spelled nearly so, if the index has some.
    """

    total: int
    complete: bool
    hits: tuple[Hit, ...]
    note: str = ""


def search(
    index: Index,
    text: str,
    limit: int = 50,
    *,
    count_all: bool = True,
    runs: Sequence[FoundRun] = (),
) -> SearchResult:
    """Return the best LIMIT hits of the query TEXT; raise ExplogError `bad-query`.

    RUNS are those that are known, the newest first, of a query that `may_ask_for_runs`.
    """
    query = _parsed(index, text, runs)
    result = _search(index, query, limit, count_all, runs)
    if result.hits or not query.clauses:
        return result
    with index.reading_words():
        near = _corrected(index, query, typing=not count_all)
    if near is not None:
        result = _search(index, near.query, limit, count_all, runs)
    return result._replace(note=_note(index, query, near, bool(result.hits), runs))


def _parsed(index: Index, text: str, runs: Sequence[FoundRun]) -> Query:
    try:
        return parse(text)
    except ExplogError as error:
        from explog.queries.runs import hosts_of

        found = values(index, str(error.data.get("filter", "")), hosts_of(runs))
        if not found:
            raise
        reason = f"{error.data['reason']}: {listed(found, MOST_LISTED)}"
        raise bad_query(reason, text, int(str(error.data["position"]))) from error


def _search(
    index: Index, query: Query, limit: int, count_all: bool, runs: Sequence[FoundRun]
) -> SearchResult:
    matches = matches_of(index, query, limit, count_all, runs)
    hits = tuple(hit for _match, hit in ranked(matches.found, query, limit))
    return SearchResult(matches.total, matches.complete, hits)


def matches_of(
    index: Index, query: Query, limit: int, count_all: bool, runs: Sequence[FoundRun] = ()
) -> Matches:
    """Return what QUERY finds in INDEX and among RUNS, enough to rank the best LIMIT."""
    most = max(RANKED, limit)
    matches = find(index, query, most, count_all)
    run_hits, total_runs = _find_runs(index, query, runs, most) if runs else ([], 0)
    found = (*matches.found, *run_hits)
    return Matches(found, matches.total + total_runs, matches.complete)


def ranked(found: Iterable[Match], query: Query, limit: int) -> list[tuple[Match, Hit]]:
    """Return the best LIMIT of what QUERY found, best first, each with what is shown of it."""
    now = time.time()
    patterns = _patterns(query.words())
    best = sorted(found, key=lambda match: _score(match, patterns, now), reverse=True)
    # Where two begin at the same place, the longer one is marked.
    marks = "|".join(sorted({pattern.pattern for pattern in patterns}, key=len, reverse=True))
    marked = re.compile(marks or _NOTHING)
    return [(match, _hit(match, marked)) for match in best[:limit]]


def _find_runs(
    index: Index, query: Query, runs: Sequence[FoundRun], most: int
) -> tuple[list[Match], int]:
    """Return up to MOST of RUNS that QUERY asks for, and how many those are in all."""
    from explog.queries.runs import asks_for_runs, find_runs, run_matches

    chosen = find_runs(index, query, runs) if asks_for_runs(query) else []
    return run_matches(index, chosen[:most]), len(chosen)


# Where nothing is found


class _Corrected(NamedTuple):
    """A query with words that are spelled otherwise, and those words."""

    query: Query
    words: list[str]


def _corrected(index: Index, query: Query, typing: bool) -> _Corrected | None:
    """Return QUERY with its unknown words corrected; None if there is none, or nothing near it.

    Unless somebody is still TYPING it, its last word is whole.
    """
    from explog.queries.spelling import Spelling  # seldom needed

    spelling, said = Spelling(index, typing), list[str]()

    def corrected(term: Term) -> Term:
        if isinstance(term, Filter) or term.quoted or term.reference or term.hash:
            return term
        text = spelling.correction(term.text, term.prefix and typing)
        if text is None:
            return term
        said.append(text)
        return term._replace(text=text, number=None)

    clauses = [
        clause if clause.negative else Clause(tuple(map(corrected, clause.terms)))
        for clause in query.clauses
    ]
    return _Corrected(Query(tuple(clauses)), said) if said else None


def _note(
    index: Index, query: Query, near: _Corrected | None, found: bool, runs: Sequence[FoundRun]
) -> str:
    """Say what may be wrong with QUERY, which found nothing, and what was searched."""
    from explog.queries.runs import asks_for_runs, hosts_of

    filters = [
        term
        for clause in query.clauses
        for term in clause.terms
        if isinstance(term, Filter) and not clause.negative
    ]
    about_runs = any(term.name in ("host", "state") for term in filters)
    hosts = hosts_of(runs) if about_runs else []
    notes = (unknown_value(index, term, hosts) for term in filters)
    said = [note for note in notes if note is not None]
    if near is not None:
        words = " and ".join(f"“{word}”" for word in near.words)
        shown = ", which is shown instead" if found else ""
        said.append(f"did you mean {words}{shown}?")
    counts = index.counts()
    searched = (
        f"searched {counted(counts.logs, 'logs')} and"
        f" {counted(counts.commits, 'commits')} in {counted(counts.repositories, 'repositories')}"
    )
    if asks_for_runs(query):
        searched = f"{searched}, and {counted(len(runs), 'runs')}"
    return "; ".join([*said, searched])


# Ranking and marking


def _patterns(words: Iterable[Words]) -> list[re.Pattern[str]]:
    """Return what marks the WORDS in folded text."""
    return [re.compile(pattern_of(word)) for word in words]


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
        snippet=match.lead + snippet(match.text, marked),
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
    return f"{date}T{hour:02}:{minute:02}:{second:02}Z" if match.kind in ("commit", "run") else date


def snippet(text: str, marked: re.Pattern[str]) -> str:
    """Return the part of TEXT around its first match as one line, every match in it MARKED."""
    spans = _spans(text, marked)
    start = 0
    if spans and spans[0][0] > _BEFORE:
        first = spans[0][0]
        start = first - _BEFORE
        start = text.find(" ", start, first) + 1 or start
    end = start + _SNIPPET
    parts = ["…" if start else ""]
    done = start
    for left, right in spans:
        if right > end:
            break
        parts += (text[done:left], MARK_START, text[left:right], MARK_END)
        done = right
    parts += (text[done:end], "…" if end < len(text) else "")
    return " ".join("".join(parts).split())


def _spans(text: str, marked: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return where the matches of MARKED are in TEXT: (start, end)."""
    folded = fold(text)
    if len(folded) == len(text):
        return [match.span() for match in marked.finditer(folded)]
    folded, places = fold_with_places(text)
    spans = (match.span() for match in marked.finditer(folded))
    return [(places[start], places[end - 1] + 1) for start, end in spans]
