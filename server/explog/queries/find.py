"""Find what a query means: a query becomes conditions on commits, and conditions on passages.

Words that need nothing but the full-text index become one MATCH, which yields the newest first by
itself. Everything else is a condition on what that yields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from explog.index.database import Index
from explog.index.stamps import first_stamp
from explog.index.words import fold, tokens
from explog.queries.comparison import Comparison
from explog.queries.query import Clause, Filter, Query, Term, Words
from explog.queries.targets import CommitTarget, Condition, Match, PassageTarget, SearchTarget
from explog.queries.terms import Terms
from explog.refs import Reference

_NOON = 43200


@dataclass(frozen=True, slots=True)
class Matches:
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
        return replace(term, number=None)

    if not any(isinstance(term, Words) and term.number for c in query.clauses for term in c.terms):
        return query
    return Query(tuple(replace(c, terms=tuple(map(kept, c.terms))) for c in query.clauses))


def _is_number(index: Index, number: Reference) -> bool:
    sql = "SELECT 1 FROM experiments WHERE ident = ?"
    return index.first(sql, number.experiment) is not None


class _Search:
    """One query on one target."""

    def __init__(self, index: Index, target: SearchTarget, query: Query) -> None:
        self.index = index
        self.target = target
        self.query = query
        self.terms = Terms(index, target.words)
        matched = [clause for clause in query.clauses if _is_matched(clause)]
        without = [clause for clause in query.clauses if matched and _is_kept_out(clause)]
        self.match = " AND ".join(map(self.terms.alternatives, matched))
        if without:
            # One NOT for all: FTS5 cannot nest as many as one can type.
            unwanted = " OR ".join(map(self.terms.alternatives, without))
            self.match = f"({self.match}) NOT ({unwanted})"
        self.others = [c for c in query.clauses if c not in matched and c not in without]
        self.looks = [
            self._look(term)
            for clause in matched
            for term in clause.terms
            if isinstance(term, Words) and term.signs()
        ]

    def run(self, most: int, count_all: bool) -> Matches:
        """Return up to MOST matches: what the query names itself first, then the newest."""
        target, exact = self.target, self._exact()
        # If words are all that is asked for, no more of them are needed than will be taken.
        alone = not count_all and len(self.query.clauses) == 1
        source, condition, values = self._found(most if alone else None)
        order = f"{target.words}.rowid" if self.match else target.key
        first = "" if exact is None else "exact DESC, "
        named = Condition("0") if exact is None else exact
        rows = list(
            self.index.read(
                f"SELECT {target.columns}, ({named.sql}) AS exact FROM {source} WHERE {condition}"
                f" ORDER BY {first}{order} DESC LIMIT ?",
                *named.values,
                *values,
                most,
            )
        )
        total, complete = len(rows), True
        if len(rows) == most:
            complete = count_all
            if count_all:
                sql = f"SELECT count(*) FROM {source} WHERE {condition}"
                (total,) = self.index.one(sql, *values)
        return Matches(tuple(target.match(row) for row in rows), total, complete)

    def experiments(self) -> Iterator[tuple[str, str]]:
        """Yield (log, id) of each experiment that a match belongs to."""
        source, condition, values = self._found()
        sql = f"SELECT DISTINCT l.path, e.ident FROM {source}{self.target.experiments}"
        yield from self.index.read(f"{sql} WHERE {condition} AND e.id IS NOT NULL", *values)

    def _found(self, most: int | None = None) -> tuple[str, str, list[object]]:
        """Return the tables that have the matches, the condition for them, and its values.

        With MOST, older ones may be missing where there are more than MOST.
        """
        source, words = self.target.tables, self.target.words
        where = [*(self._clause(clause, most) for clause in self.others), *self.looks]
        if self.match:
            source = f"{words} CROSS JOIN {source}"
            where += [
                Condition(f"{words} MATCH ?", (self.match,)),
                Condition(f"{words}.rowid = {self.target.key}"),
            ]
        condition = " AND ".join(part.sql for part in where) or "1"
        return source, condition, [value for part in where for value in part.values]

    def _exact(self) -> Condition | None:
        """Return the condition for what a reference or a hash of the query names itself."""
        found: list[Condition] = []
        for words in self.query.words():
            meant = words.reference or words.number
            if meant is not None:
                named = self.target.named(meant)
                found += [] if named is None else [named]
            if words.hash is not None:
                ids = self.target.hash(words)
                found.append(Condition(f"{self.target.key} IN ({ids.sql})", ids.values))
        return _join(found, " OR ") if found else None

    def _clause(self, clause: Clause, most: int | None) -> Condition:
        if clause.negative:
            joined = _join(map(self._without, clause.terms), " OR ")
            return Condition(f"NOT coalesce({joined.sql}, 0)", joined.values)
        return _join([self._term(term, most) for term in clause.terms], " OR ")

    def _without(self, term: Term) -> Condition:
        """Return a term as a condition on few rows, in which alone signs are looked for."""
        if isinstance(term, Filter) or not term.signs():
            return self._term(term)
        found, look = self._term(replace(term, text=" ".join(tokens(term.text)))), self._look(term)
        return Condition(f"({found.sql} AND {look.sql})", found.values + look.values)

    def _term(self, term: Term, most: int | None = None) -> Condition:
        """Return a term as a condition. Words become a set of keys, which SQLite can begin with.

        With MOST, the set has the newest that many with the words, and all that the term names.
        """
        if isinstance(term, Filter):
            return self._filter(term)
        words, key = self.target.words, self.target.key
        sql = f"SELECT {words}.rowid FROM {words} WHERE {words} MATCH ?"
        values: tuple[object, ...] = (self.terms.expression(term),)
        if term.signs():
            look = self._look(term)
            sql = f"SELECT {key} FROM {words} CROSS JOIN {self.target.base}"
            sql += f" ON {words}.rowid = {key} WHERE {words} MATCH ? AND {look.sql}"
            values += look.values
        if most is not None:
            sql = f"SELECT * FROM ({sql} ORDER BY {words}.rowid DESC LIMIT ?)"
            values += (most,)
        for ids in self._named(term):
            sql += f" UNION {ids.sql}"
            values += ids.values
        return Condition(f"{key} IN ({sql})", values)

    def _named(self, words: Words) -> Iterator[Condition]:
        if words.reference is not None:
            yield self.target.reference(words.reference)
        if words.hash is not None:
            yield self.target.hash(words)
        if words.number is not None:
            yield self.target.number(words.number)

    def _look(self, words: Words) -> Condition:
        """Return the condition that the text has WORDS with all their signs."""
        alias, text = self.target.alias, self.target.text
        folded = f"CASE WHEN {alias}.width THEN folded({text}) ELSE lower({text}) END"
        parts = [
            _join([Condition(f"instr({folded}, ?) > 0", (fold(one),)) for one in part], " OR ")
            for part in words.signs()
        ]
        return _join(parts, " AND ")

    def _filter(self, term: Filter) -> Condition:
        if isinstance(term.value, Comparison):
            found = self.target.compared(term.name, term.value)
            # The sign keeps SQLite from looking up the words anew in each that is found.
            key = f"{'+' * bool(self.match)}{self.target.key}"
            return Condition(f"{key} IN ({found.sql})", found.values)
        if isinstance(term.value, float):
            sign = ">=" if term.name == "after" else "<"
            # The full-text index can begin at a rowid, and stop at one.
            rowid = f"{self.target.words}.rowid" if self.match else self.target.key
            return Condition(
                f"({rowid} {sign} ? AND {rowid} >= ?)",
                (first_stamp(int(term.value)), first_stamp(_NOON)),
            )
        return self.target.filter(term.name, term.value)


def _join(conditions: Iterable[Condition], word: str) -> Condition:
    conditions = list(conditions)
    sql = word.join(condition.sql for condition in conditions)
    return Condition(f"({sql})", tuple(v for condition in conditions for v in condition.values))


def _is_matched(clause: Clause) -> bool:
    """Tell whether the full-text index finds CLAUSE; the signs of a single term come later."""
    return not clause.negative and _is_text(clause, looks=len(clause.terms) == 1)


def _is_kept_out(clause: Clause) -> bool:
    """Tell whether the full-text index can leave out what CLAUSE does not want."""
    return clause.negative and _is_text(clause, looks=False)


def _is_text(clause: Clause, looks: bool) -> bool:
    """Tell whether CLAUSE has nothing but words, and of those with signs none unless LOOKS."""
    return all(
        isinstance(term, Words)
        and term.reference is None
        and term.hash is None
        and term.number is None
        and (looks or not term.signs())
        for term in clause.terms
    )
