"""What an agenda asks: which experiments a query finds, and how far they are.

Search answers with hits; an agenda lists experiments. An experiment is found if all positive
clauses of the query hold for a passage of its entry, or for a commit that works on it. It is left
out if a negative clause holds for any of these. So `-after:1m` finds what nobody touched in a
month, and `-kind:commit` what nobody has begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from explog.index.database import Index
from explog.queries.find import find_experiments
from explog.queries.outline import OutlineRecord, outlines_of
from explog.queries.query import Clause, Query, parse


class FoundExperiment(NamedTuple):
    """An experiment in a log: several logs may have the same id."""

    file: str
    ident: str


def select(index: Index, text: str) -> list[FoundExperiment]:
    """Return the experiments that the query TEXT finds, by log; raise ExplogError `bad-query`."""
    clauses = parse(text).clauses
    positive = tuple(clause for clause in clauses if not clause.negative)
    found = _having(index, Query(positive))
    for clause in clauses:
        if clause.negative:
            found -= _having(index, Query((Clause(clause.terms),)))
    return sorted(found)


def _having(index: Index, query: Query) -> set[FoundExperiment]:
    return {FoundExperiment(file, ident) for file, ident in find_experiments(index, query)}


def facts(index: Index, idents: Iterable[str]) -> list[OutlineRecord]:
    """Return what is known of the experiments with one of IDENTS."""
    return outlines_of(index, dict.fromkeys(idents))
