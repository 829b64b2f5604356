"""A search of the group's lab, merged with that of the own index."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from explog.errors import ExplogError
from explog.index.database import Index
from explog.lab.asking import question
from explog.lab.connection import SCHEMA, connected
from explog.lab.memory import source_token
from explog.queries.query import Query, parse
from explog.queries.search import RANKED, Hit, matches_of, ranked, search
from explog.queries.targets import Match
from explog.refs import parse_step
from explog.report.forge import commit_page
from explog.runs.listing import FoundRun

if TYPE_CHECKING:
    import psycopg


Interrupt: TypeAlias = Callable[[], None]

# A person waits for it.
_SECONDS = 15
_CANCEL_SECONDS = 2.0
_LONGEST_ENTRY = 10_000
"""Passages."""


class Shared(NamedTuple):
    """A match in the lab: whose it is, and from which explog of hers or his.

    Commits have all `members` that published them, and the `url` of their project. Passages have
    one, and the number of their `source`.
    """

    match: Match
    members: tuple[str, ...]
    source: int | None
    url: str | None


class FromLab(NamedTuple):
    """What a lab found, and the number by which it knows this explog, if it does."""

    shared: tuple[Shared, ...]
    own: int | None


class GroupHit(NamedTuple):
    """A hit; `members` are those in whose logs or clones it is, empty for one's own.

    `page` is the page of a commit on the web. `source` is the lab's number of the explog that a
    passage is from.
    """

    hit: Hit
    members: tuple[str, ...] = ()
    page: str | None = None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class GroupResult:
    """What a search of index and lab found; the fields are those of a SearchResult."""

    total: int
    complete: bool
    hits: tuple[GroupHit, ...]
    note: str = ""


def ask_lab(connection: psycopg.Connection[Any], query: Query, most: int) -> list[Shared]:
    """Return up to MOST commits, and up to MOST passages, of the lab that QUERY finds."""
    from psycopg.types.json import Jsonb

    sql = f"SELECT * FROM {SCHEMA}.search(%s, %s)"
    rows = connection.execute(sql.encode(), (Jsonb(question(query)), most))
    return list(map(_shared, rows))


def _shared(row: Sequence[Any]) -> Shared:
    kind, members, source, experiment, step, title, said, log, url, project, oid, date, exact = row
    match = Match(
        kind=kind,
        experiment=experiment,
        step=parse_step(step or ""),
        title=title,
        text=said,
        file=log,
        line=None,
        repository=project,
        commit=oid,
        date=date,
        exact=exact,
    )
    return Shared(match, tuple(members), source, url)


def ask(
    address: str, query: Query, limit: int, begin: Callable[[Interrupt], None] | None = None
) -> FromLab:
    """Return what the lab at ADDRESS finds, for the best LIMIT hits of QUERY.

    BEGIN gets a function by which another thread ends this, which then raises ExplogError
    `interrupted`. Raises ExplogError as `connected` does.
    """
    ended = threading.Event()
    try:
        with connected(address, _SECONDS, reading=True) as connection:

            def interrupt() -> None:
                ended.set()
                connection.cancel_safe(timeout=_CANCEL_SECONDS)

            if begin is not None:
                begin(interrupt)
            sql = f"SELECT {SCHEMA}.source_of(%s)"
            row = connection.execute(sql.encode(), (source_token(),)).fetchone()
            own = None if row is None else row[0]
            return FromLab(tuple(ask_lab(connection, query, max(RANKED, limit))), own)
    except ExplogError:
        if ended.is_set():
            raise ExplogError("interrupted", "a newer question was asked") from None
        raise


def entry(address: str, experiment: str, source: int, log: str) -> list[Match]:
    """Return the passages of EXPERIMENT that SOURCE, the explog of a member, has published of LOG.

    Raises ExplogError as `connected` does.
    """
    with connected(address, _SECONDS, reading=True) as connection:
        found = ask_lab(connection, parse(f"e{experiment}"), _LONGEST_ENTRY)
    matches = (one.match for one in found if one.source == source)
    return [one for one in matches if (one.experiment, one.file) == (experiment, log)]


def search_group(
    index: Index,
    text: str,
    limit: int,
    found: FromLab,
    runs: Sequence[FoundRun] = (),
    *,
    count_all: bool = True,
) -> GroupResult:
    """Return the best LIMIT hits of the query TEXT in INDEX, among RUNS, and in what the lab FOUND.

    What the lab has from this explog, and the commits that INDEX has, are there once, as one's own.
    Raises ExplogError `bad-query`.
    """
    others = {
        one.match: one
        for one in found.shared
        if (one.source is None or one.source != found.own) and not _has(index, one.match.commit)
    }
    if not others:
        alone = search(index, text, limit, count_all=count_all, runs=runs)
        hits = tuple(map(GroupHit, alone.hits))
        return GroupResult(alone.total, alone.complete, hits, alone.note)
    query = parse(text)
    matches = matches_of(index, query, limit, count_all=count_all, runs=runs)
    pairs = ranked((*matches.found, *others), query, limit)
    return GroupResult(
        total=matches.total + len(others),
        complete=matches.complete,
        hits=tuple(_hit(hit, others.get(match)) for match, hit in pairs),
    )


def _has(index: Index, oid: str | None) -> bool:
    sql = (
        "SELECT 1 FROM repositories CROSS JOIN commits ON repository = repositories.id AND oid = ?"
    )
    return oid is not None and index.first(sql, oid) is not None


def _hit(hit: Hit, shared: Shared | None) -> GroupHit:
    if shared is None:
        return GroupHit(hit)
    is_on_the_net = shared.url and not shared.url.startswith("/")
    page = commit_page(f"https://{shared.url}", str(hit.commit)) if is_on_the_net else None
    return GroupHit(hit, shared.members, page, shared.source)
