"""Find what a query means: a query becomes conditions on commits, and conditions on passages.

Words become one MATCH, which yields the newest first by itself. Everything else is a condition on
what that yields. What a reference, a number or a hash means beside its text is few rows: those are
looked at by themselves, and put among what was found by text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from explog.index.database import Index, Row
from explog.queries.conditions import Conditions, Scope
from explog.queries.query import Clause, Filter, Query, Term, Words
from explog.queries.sql import ALWAYS, NEVER, Condition, all_of, united
from explog.queries.targets import CommitTarget, Match, PassageTarget, SearchTarget
from explog.queries.terms import Terms
from explog.refs import Reference


class Matches(NamedTuple):
    """Matches, the newest of each target if there are very many; `total` counts them all.

    `complete` is false if they were not counted: there are more than were asked for.
    """

    found: tuple[Match, ...]
    total: int
    complete: bool


def find(index: Index, query: Query, most: int, count_all: bool) -> Matches:
    """Return what QUERY finds: up to MOST commits and up to MOST passages."""
    with index.reading_words():
        parts = [one.run(most, count_all) for one in _searches(index, query)]
    return Matches(
        found=tuple(match for part in parts for match in part.found),
        total=sum(part.total for part in parts),
        complete=all(part.complete for part in parts),
    )


def matching_experiments(index: Index, query: Query) -> set[tuple[str, str]]:
    """Return (log, id) of the experiments of which QUERY finds a passage or a commit.

    A commit that merely mentions an experiment is not of it. An empty query finds all.
    """
    if not query.clauses:
        everything = (
            "SELECT l.path, e.ident FROM experiments e JOIN sections s ON s.id = e.section"
            " JOIN logs l ON l.id = s.log"
        )
        return {(path, ident) for path, ident in index.read(everything)}
    with index.reading_words():
        return {place for one in _searches(index, query) for place in one.experiments()}


def _searches(index: Index, query: Query) -> list[_Search]:
    return [
        _Search(index, PassageTarget(index), _numbered(query, partial(_is_number, index))),
        _Search(index, CommitTarget(index), _numbered(query, lambda _number: False)),
    ]


def _numbered(query: Query, is_number: Callable[[Reference], bool]) -> Query:
    """Return QUERY with the numbers of words kept that IS_NUMBER tells to be an experiment's."""

    def kept(term: Term) -> Term:
        if isinstance(term, Filter) or term.number is None or is_number(term.number):
            return term
        return term._replace(number=None)

    if not any(isinstance(term, Words) and term.number for c in query.clauses for term in c.terms):
        return query
    return Query(tuple(c._replace(terms=tuple(map(kept, c.terms))) for c in query.clauses))


def _is_number(index: Index, number: Reference) -> bool:
    sql = "SELECT 1 FROM experiments WHERE ident = ?"
    return index.first(sql, number.experiment) is not None


class _Source(NamedTuple):
    """Tables, and the condition for what a query finds in them; `key` is the column of the keys."""

    tables: str
    condition: Condition
    key: str


class _Search:
    """One query on one target."""

    def __init__(self, index: Index, target: SearchTarget, query: Query) -> None:
        self.index = index
        self.target = target
        self.query = query
        self.conditions = Conditions(target, Terms(index, target.words))
        matched, without = self._in_words()
        self.match = " AND ".join(matched.values())
        if without:
            # One NOT for all: FTS5 cannot nest as many as one can type.
            self.match = f"({self.match}) NOT ({' OR '.join(without.values())})"
        others = [clause for clause in query.clauses if clause not in (matched | without)]
        self.dates = [clause for clause in others if matched and _is_date(clause)]
        self.others = [clause for clause in others if clause not in self.dates]
        self.looks = [self.conditions.look(words) for clause in matched for words in _signs(clause)]
        self.naming = [
            clause for clause in query.clauses if not clause.negative and self._meant(clause)
        ]

    def _in_words(self) -> tuple[dict[Clause, str], dict[Clause, str]]:
        """Return clauses that the full-text index finds, and those that it can leave out of them.

        Both with what asks it for their terms.
        """
        found = {clause: self.conditions.expression(clause) for clause in self.query.clauses}
        in_words = {clause: text for clause, text in found.items() if text is not None}
        matched = {clause: text for clause, text in in_words.items() if not clause.negative}
        without = {
            clause: text
            for clause, text in in_words.items()
            if matched and clause.negative and not (_signs(clause) or self._meant(clause))
        }
        return matched, without

    def run(self, most: int, count_all: bool) -> Matches:
        """Return up to MOST matches: what the query names itself first, then the newest."""
        # If words are all that is asked for, no more of them are needed than will be taken.
        alone = not count_all and len(self.query.clauses) == 1
        rows = self._rows(self._by_text(most if alone else None), NEVER, most)
        named = self._by_name()
        if named is not None:
            rows |= self._rows(named, self.conditions.named(self.query), most)
        # A row ends with whether it is named itself, and with its key.
        ranked = sorted(rows.values(), key=lambda row: row[-2:], reverse=True)[:most]
        total, complete = len(ranked), True
        if total == most:
            complete = count_all
            if count_all:
                total = self._count(named)
        return Matches(tuple(self.target.match(row[:-1]) for row in ranked), total, complete)

    def experiments(self) -> Iterator[tuple[str, str]]:
        """Yield (log, id) of each experiment that a match belongs to."""
        for source in (self._by_text(), self._by_name()):
            if source is not None:
                tables = f"{source.tables}{self.target.experiments}"
                sql = f"SELECT DISTINCT l.path, e.ident FROM {tables} WHERE {source.condition.sql}"
                yield from self.index.read(f"{sql} AND e.id IS NOT NULL", *source.condition.values)

    def _rows(self, source: _Source, named: Condition, most: int) -> dict[int, Row]:
        """Return the first MOST rows of SOURCE by their keys: those that are NAMED, the newest."""
        first = "" if named is NEVER else "named DESC, "
        rows = self.index.read(
            f"SELECT {self.target.columns}, {named.sql} AS named, {self.target.key}"
            f" FROM {source.tables} WHERE {source.condition.sql}"
            f" ORDER BY {first}{source.key} DESC LIMIT ?",
            *named.values,
            *source.condition.values,
            most,
        )
        return {row[-1]: row for row in rows}

    def _matches(self) -> _Source:
        """Return what the full-text index finds, before one looks at any row."""
        words = self.target.words
        scope = Scope(f"{words}.rowid")
        dates = (self.conditions.clause(clause, scope) for clause in self.dates)
        condition = all_of([Condition(f"{words} MATCH ?", (self.match,)), *dates])
        return _Source(words, condition, scope.key)

    def _by_text(self, most: int | None = None) -> _Source:
        """Return what has the words of the query; with MOST, as in a scope.

        Not all of what a word means beside its text is in it.
        """
        target, found = self.target, self._matches() if self.match else None
        scope = Scope(target.key if found is None else found.key, most=most)
        where = [*(self.conditions.clause(one, scope) for one in self.others), *self.looks]
        if found is None:
            return _Source(target.tables, all_of(where or [ALWAYS]), scope.key)
        same = Condition(f"{found.key} = {target.key}")
        tables = f"{found.tables} CROSS JOIN {target.tables}"
        return _Source(tables, all_of([found.condition, same, *where]), found.key)

    def _meant(self, clause: Clause) -> list[Condition]:
        """Return SELECTs of the keys of what words of CLAUSE mean beside their text."""
        return [one for term in clause.terms for one in self.conditions.meant(term)]

    def _by_name(self) -> _Source | None:
        """Return what the query finds among all that its words mean; None if that is nothing."""
        if not self.naming:
            return None
        meant = united(one for clause in self.naming for one in self._meant(clause))
        keys = tuple(row[0] for row in self.index.read(meant.sql, *meant.values))
        if not keys:
            return None
        scope = Scope(self.target.key, keys)
        among = Condition(f"{scope.key} IN ({meant.sql})", meant.values)
        # If all of them are of one clause, each fulfils it.
        fulfilled = self.naming if len(self.naming) == 1 else []
        clauses = [clause for clause in self.query.clauses if clause not in fulfilled]
        where = [self.conditions.clause(clause, scope) for clause in clauses]
        return _Source(self.target.tables, all_of([among, *where]), scope.key)

    def _count(self, named: _Source | None) -> int:
        """Return how many rows are found by text, and in NAMED besides."""
        only_words = self.match and not self.others and not self.looks
        found = self._matches() if only_words else self._by_text()
        total = self._size(found)
        if named is None:
            return total
        keys = f"SELECT {named.key} FROM {named.tables} WHERE {named.condition.sql}"
        both = Condition(f"{found.key} IN ({keys})", named.condition.values)
        twice = found._replace(condition=all_of([found.condition, both]))
        return total + self._size(named) - self._size(twice)

    def _size(self, source: _Source) -> int:
        sql = f"SELECT count(*) FROM {source.tables} WHERE {source.condition.sql}"
        return int(self.index.one(sql, *source.condition.values)[0])


def _signs(clause: Clause) -> list[Words]:
    """Return the words of CLAUSE with signs."""
    return [term for term in clause.terms if isinstance(term, Words) and term.signs()]


def _is_date(clause: Clause) -> bool:
    """Tell whether CLAUSE is a date alone, which the full-text index can begin or stop at."""
    first, *others = clause.terms
    return not others and isinstance(first, Filter) and isinstance(first.value, float)
