"""Search in SQLite: a query as conditions on commits, and as conditions on passages.

Words that need nothing but the full-text index become one MATCH, which yields the newest first by
itself; everything else is a condition on what that yields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from explog.index.database import Database, first_stamp
from explog.index.query import Clause, Filter, Query, Term, Words
from explog.index.sides import Commits, Condition, Passages, Side
from explog.index.store import Match, Matches
from explog.index.words import fold, tokens
from explog.refs import step_text

_NOON = 43200


class SearchTables(Database):
    """The part of `explog.index.store.Store` that searches."""

    def search(self, query: Query, most: int, count_all: bool) -> Matches:
        sides = [_Search(self, side, query) for side in (Passages(self), Commits(self))]
        newest = self._newest(sides[0].match, 10 * most) if sides[0].is_plain else None
        parts = [side.run(most, count_all, newest) for side in sides]
        return Matches(
            found=tuple(match for part in parts for match in part.found),
            total=sum(part.total for part in parts),
            complete=all(part.complete for part in parts),
        )

    def _newest(self, match: str, most: int) -> Newest:
        """Return the newest rows of either side that MATCH finds: one walk for both."""
        rows = self.db.execute(
            "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?", (match, most)
        ).fetchall()
        return Newest([row[0] for row in rows], len(rows) < most)


@dataclass(frozen=True, slots=True)
class Newest:
    """Stamps of the newest matches of both sides; `all` if there are no others."""

    stamps: list[int]
    all: bool


class _Search:
    """One query on one side."""

    def __init__(self, database: Database, side: Side, query: Query) -> None:
        self.database = database
        self.side = side
        self.match = " AND ".join(map(_alternatives, filter(_is_matched, query.clauses)))
        self.conditions = [self._clause(c) for c in query.clauses if not _is_matched(c)]
        self.conditions += [
            self._look(term)
            for clause in query.clauses
            if _is_matched(clause)
            for term in clause.terms
            if isinstance(term, Words) and _needs_look(term)
        ]
        self.exact = self._exact(query)

    @property
    def is_plain(self) -> bool:
        """Whether the full-text index alone finds what the query asks for."""
        return bool(self.match) and not self.conditions and self.exact is None

    def run(self, most: int, count_all: bool, newest: Newest | None = None) -> Matches:
        """Return the newest matches, at the MOST so many, what is named exactly first.

        NEWEST are those that a plain query has found already, if that was asked.
        """
        side = self.side
        if newest is not None:
            mine = [stamp for stamp in newest.stamps if stamp & 1 == side.kind_bit]
            if newest.all and len(mine) <= most:
                return Matches(tuple(self._rows(mine)), len(mine), complete=True)
            if len(mine) >= most and not count_all:
                return Matches(tuple(self._rows(mine[:most])), most, complete=False)
        source, where = side.tables, list(self.conditions)
        if self.match:
            source = f"words CROSS JOIN {side.tables}"
            where += [
                Condition("words MATCH ?", (self.match,)),
                Condition(f"words.rowid = {side.key}"),
                Condition(f"(words.rowid & 1) = {side.kind_bit}"),
            ]
        order = "words.rowid" if self.match else side.key
        condition = " AND ".join(part.sql for part in where) or "1"
        values = [value for part in where for value in part.values]
        named = "0" if self.exact is None else f"({self.exact.sql})"
        exact = () if self.exact is None else self.exact.values
        first = "" if self.exact is None else "exact DESC, "
        rows = self.database.db.execute(
            f"SELECT {side.columns}, {named} AS exact FROM {source} WHERE {condition}"
            f" ORDER BY {first}{order} DESC LIMIT ?",
            (*exact, *values, most),
        ).fetchall()
        total, complete = len(rows), True
        if len(rows) == most:
            complete = count_all
            if count_all:
                total = self.database.one(
                    f"SELECT count(*) FROM {source} WHERE {condition}", *values
                )[0]
        return Matches(tuple(side.match(row) for row in rows), total, complete)

    def _rows(self, stamps: list[int]) -> Iterator[Match]:
        """Yield the matches with these stamps, of which there are not many."""
        marks = ",".join("?" * len(stamps))
        sql = f"SELECT {self.side.columns}, 0 FROM {self.side.tables}"
        for row in self.database.db.execute(f"{sql} WHERE {self.side.key} IN ({marks})", stamps):
            yield self.side.match(row)

    def _exact(self, query: Query) -> Condition | None:
        """Return the condition for the very thing that a reference or a hash names."""
        found: list[Condition] = []
        for words in query.words():
            if words.reference is not None and self.side.kind_bit:
                kind = "step" if words.reference.step else "experiment"
                step = step_text(words.reference.step)
                sql = "(e.ident = ? AND p.kind = ? AND p.step = ?)"
                found.append(Condition(sql, (words.reference.experiment, kind, step)))
            elif words.hash is not None:
                ids = self.side.hash(words)
                found.append(Condition(f"{self.side.key} IN ({ids.sql})", ids.values))
        return _join(found, " OR ") if found else None

    def _clause(self, clause: Clause) -> Condition:
        term_of = self._without if clause.negative else self._term
        joined = _join([term_of(term) for term in clause.terms], " OR ")
        return Condition(f"NOT ({joined.sql})", joined.values) if clause.negative else joined

    def _without(self, term: Term) -> Condition:
        """Return a term as a condition for few rows: signs are looked for in those alone."""
        if isinstance(term, Filter) or not _needs_look(term):
            return self._term(term)
        found, look = self._term(replace(term, text=" ".join(tokens(term.text)))), self._look(term)
        return Condition(f"({found.sql} AND {look.sql})", found.values + look.values)

    def _term(self, term: Term) -> Condition:
        """Return a term as a condition; words as a set of ids, which SQLite can begin with."""
        if isinstance(term, Filter):
            return self._filter(term)
        sql = "SELECT rowid FROM words WHERE words MATCH ?"
        values: tuple[object, ...] = (_expression(term),)
        if _needs_look(term):
            look = self._look(term)
            sql = f"SELECT {self.side.key} FROM words CROSS JOIN {self.side.base}"
            sql += f" ON words.rowid = {self.side.key} WHERE words MATCH ? AND {look.sql}"
            values += look.values
        for ids in self._meant(term):
            sql += f" UNION {ids.sql}"
            values += ids.values
        return Condition(f"{self.side.key} IN ({sql})", values)

    def _meant(self, words: Words) -> Iterator[Condition]:
        if words.reference is not None:
            yield self.side.reference(words.reference)
        if words.hash is not None:
            yield self.side.hash(words)

    def _look(self, words: Words) -> Condition:
        """Return the condition that the very signs of WORDS are there."""
        alias, text = self.side.alias, self.side.text
        folded = f"CASE WHEN {alias}.wide THEN folded({text}) ELSE lower({text}) END"
        return Condition(f"instr({folded}, ?) > 0", (fold(words.text),))

    def _filter(self, term: Filter) -> Condition:
        if term.name in ("after", "before"):
            sign = ">=" if term.name == "after" else "<"
            # The full-text index can begin at a rowid, and stop at one.
            rowid = "words.rowid" if self.match else self.side.key
            return Condition(
                f"({rowid} {sign} ? AND {rowid} >= ?)",
                (first_stamp(int(term.value)), first_stamp(_NOON)),
            )
        return self.side.filter(term.name, str(term.value))


def _join(conditions: Iterable[Condition], word: str) -> Condition:
    conditions = list(conditions)
    sql = word.join(condition.sql for condition in conditions)
    return Condition(f"({sql})", tuple(v for condition in conditions for v in condition.values))


def _alternatives(clause: Clause) -> str:
    """Return CLAUSE in the language of FTS5."""
    return f"({' OR '.join(_expression(t) for t in clause.terms if isinstance(t, Words))})"


def _is_matched(clause: Clause) -> bool:
    """Tell whether the full-text index finds CLAUSE, but for a look at a single term's signs."""
    return not clause.negative and all(
        isinstance(term, Words)
        and term.reference is None
        and term.hash is None
        and (len(clause.terms) == 1 or not _needs_look(term))
        for term in clause.terms
    )


def _needs_look(words: Words) -> bool:
    """Tell whether there are signs in WORDS, as in `lr=0.01`, that the full-text index drops."""
    return any(not (character.isalnum() or character.isspace()) for character in words.text)


def _expression(words: Words) -> str:
    """Return WORDS in the language of FTS5: tokens in a row.

    A single letter is not taken for the beginning of a word: that would be nearly every word.
    """
    found = tokens(words.text)
    goes_on = words.prefix and words.text[-1].isalnum() and len(found[-1]) > 1
    return f'"{" ".join(found)}"{"*" if goes_on else ""}'
