"""What an agenda asks: which experiments a query finds, and how far they are.

Search answers with hits; an agenda lists experiments. One is found if something is that all of
the query's positive clauses fit: a passage of its entry, or a commit that works on it. It is left
out if any such thing fits a negative clause. So `-after:1m` finds what nobody touched in a month,
and `-kind:commit` what nobody has begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from explog.index.records import OutlineRecord
from explog.index.store import Store
from explog.queries.query import Clause, Query, parse


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An experiment in a log; an id by itself may be in several."""

    file: str
    ident: str


def select(store: Store, text: str) -> list[Place]:
    """Return the experiments that the query TEXT finds, by log; raise ExplogError `bad-query`."""
    clauses = parse(text).clauses
    positive = tuple(clause for clause in clauses if not clause.negative)
    found = _having(store, Query(positive))
    for clause in clauses:
        if clause.negative:
            found -= _having(store, Query((Clause(clause.terms),)))
    return sorted(found)


def _having(store: Store, query: Query) -> set[Place]:
    return {Place(file, ident) for file, ident in store.selected(query)}


def facts(store: Store, idents: Iterable[str]) -> list[OutlineRecord]:
    """Return what is known of the experiments with one of IDENTS."""
    return store.outlines_of(dict.fromkeys(idents))
