"""What an agenda asks: which experiments a query finds, and how far they are.

Search answers with hits; an agenda lists experiments. An experiment is found if all positive
clauses of the query hold for a passage of its entry, or for a commit that works on it. It is left
out if a negative clause holds for any of these. So `-after:1m` finds what nobody touched in a
month, and `-kind:commit` what nobody has begun.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from explog.index.database import Index, batches, marks
from explog.queries.find import matching_experiments
from explog.queries.outline import BOXES, TICKED, TOUCHED
from explog.queries.query import Clause, Query, parse


class FoundExperiment(NamedTuple):
    """An experiment in a log."""

    file: str
    ident: str


class FactsRow(NamedTuple):
    """How far an experiment is.

    `ticked` of the `steps` that have a box are ticked. `touched` is when the last commit that
    refers to the experiment was made, in seconds since 1970, or None. `metric` is what the newest
    results gave of the metric that was asked for, as `71.4 %`, or None. `running` is what runs for
    it, as `2:31 node7`, or None.
    """

    ident: str
    file: str
    ticked: int
    steps: int
    touched: int | None
    metric: str | None = None
    running: str | None = None


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
    return set(map(FoundExperiment._make, matching_experiments(index, query)))


def facts(index: Index, idents: Iterable[str]) -> list[FactsRow]:
    """Return how far the experiments with one of IDENTS are."""
    sql = (
        f"SELECT ident, path, ({TICKED}), ({BOXES}), ({TOUCHED}) FROM experiments e"
        " JOIN sections ON sections.id = section JOIN logs ON logs.id = log"
    )
    return [
        FactsRow(*row)
        for some in batches(dict.fromkeys(idents))
        for row in index.read(f"{sql} WHERE ident IN ({marks(some)})", *some)
    ]
