"""Search in SQLite: a query as conditions on commits, and as conditions on passages.

Words that need nothing but the full-text index become one MATCH, which yields the newest first by
itself; everything else is a condition on what that yields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from explog.index.database import Database, first_stamp
from explog.index.records import Matches
from explog.index.sides import Commits, Condition, Passages, Side
from explog.index.terms import Terms
from explog.index.words import fold, tokens
from explog.queries.query import Clause, Filter, Query, Term, Words

_NOON = 43200


class SearchTables(Database):
    """The part of `explog.index.store.Store` that searches."""

    def search(self, query: Query, most: int, count_all: bool) -> Matches:
        sides = (Passages(self), Commits(self))
        with self.reading_words():
            parts = [_Search(self, side, query).run(most, count_all) for side in sides]
        return Matches(
            found=tuple(match for part in parts for match in part.found),
            total=sum(part.total for part in parts),
            complete=all(part.complete for part in parts),
        )

    def selected(self, query: Query) -> set[tuple[str, str]]:
        if not query.clauses:
            everything = (
                "SELECT l.path, e.ident FROM experiments e JOIN sections s ON s.id = e.section"
                " JOIN logs l ON l.id = s.log"
            )
            return set(self.db.execute(everything))
        sides = (Passages(self), Commits(self))
        with self.reading_words():
            return {place for side in sides for place in _Search(self, side, query).experiments()}


class _Search:
    """One query on one side."""

    def __init__(self, database: Database, side: Side, query: Query) -> None:
        self.database = database
        self.side = side
        self.query = query
        self.terms = Terms(database.db, side.words)
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
            if isinstance(term, Words) and _needs_look(term)
        ]

    def run(self, most: int, count_all: bool) -> Matches:
        """Return the newest matches, at the MOST so many, what is named exactly first."""
        side, exact = self.side, self._exact()
        # Of words that are all there is to find, no more are needed than will be taken.
        alone = not count_all and len(self.query.clauses) == 1
        source, condition, values = self._found(most if alone else None)
        order = f"{side.words}.rowid" if self.match else side.key
        first = "" if exact is None else "exact DESC, "
        named = Condition("0") if exact is None else exact
        rows = self.database.db.execute(
            f"SELECT {side.columns}, ({named.sql}) AS exact FROM {source} WHERE {condition}"
            f" ORDER BY {first}{order} DESC LIMIT ?",
            (*named.values, *values, most),
        ).fetchall()
        total, complete = len(rows), True
        if len(rows) == most:
            complete = count_all
            if count_all:
                total = self.database.one(
                    f"SELECT count(*) FROM {source} WHERE {condition}", *values
                )[0]
        return Matches(tuple(side.match(row) for row in rows), total, complete)

    def experiments(self) -> Iterator[tuple[str, str]]:
        """Yield (log, id) of each experiment that a match belongs to."""
        source, condition, values = self._found()
        yield from self.database.db.execute(
            f"SELECT DISTINCT l.path, e.ident FROM {source}{self.side.experiments}"
            f" WHERE {condition}",
            values,
        )

    def _found(self, most: int | None = None) -> tuple[str, str, list[object]]:
        """Return where the matches are, the condition for them, and its values.

        With MOST, older ones may be missing where there are more.
        """
        source, words = self.side.tables, self.side.words
        where = [*(self._clause(clause, most) for clause in self.others), *self.looks]
        if self.match:
            source = f"{words} CROSS JOIN {source}"
            where += [
                Condition(f"{words} MATCH ?", (self.match,)),
                Condition(f"{words}.rowid = {self.side.key}"),
            ]
        condition = " AND ".join(part.sql for part in where) or "1"
        return source, condition, [value for part in where for value in part.values]

    def _exact(self) -> Condition | None:
        """Return the condition for the very thing that a reference or a hash names."""
        found: list[Condition] = []
        for words in self.query.words():
            if words.reference is not None:
                named = self.side.named(words.reference)
                found += [] if named is None else [named]
            elif words.hash is not None:
                ids = self.side.hash(words)
                found.append(Condition(f"{self.side.key} IN ({ids.sql})", ids.values))
        return _join(found, " OR ") if found else None

    def _clause(self, clause: Clause, most: int | None) -> Condition:
        if clause.negative:
            joined = _join(map(self._without, clause.terms), " OR ")
            return Condition(f"NOT ({joined.sql})", joined.values)
        return _join([self._term(term, most) for term in clause.terms], " OR ")

    def _without(self, term: Term) -> Condition:
        """Return a term as a condition for few rows: signs are looked for in those alone."""
        if isinstance(term, Filter) or not _needs_look(term):
            return self._term(term)
        found, look = self._term(replace(term, text=" ".join(tokens(term.text)))), self._look(term)
        return Condition(f"({found.sql} AND {look.sql})", found.values + look.values)

    def _term(self, term: Term, most: int | None = None) -> Condition:
        """Return a term as a condition; words as a set of ids, which SQLite can begin with.

        With MOST, that is the newest that have the words, and all that are meant.
        """
        if isinstance(term, Filter):
            return self._filter(term)
        words, key = self.side.words, self.side.key
        sql = f"SELECT {words}.rowid FROM {words} WHERE {words} MATCH ?"
        values: tuple[object, ...] = (self.terms.expression(term),)
        if _needs_look(term):
            look = self._look(term)
            sql = f"SELECT {key} FROM {words} CROSS JOIN {self.side.base}"
            sql += f" ON {words}.rowid = {key} WHERE {words} MATCH ? AND {look.sql}"
            values += look.values
        if most is not None:
            sql = f"SELECT * FROM ({sql} ORDER BY {words}.rowid DESC LIMIT ?)"
            values += (most,)
        for ids in self._meant(term):
            sql += f" UNION {ids.sql}"
            values += ids.values
        return Condition(f"{key} IN ({sql})", values)

    def _meant(self, words: Words) -> Iterator[Condition]:
        if words.reference is not None:
            yield self.side.reference(words.reference)
        if words.hash is not None:
            yield self.side.hash(words)

    def _look(self, words: Words) -> Condition:
        """Return the condition that the very signs of WORDS are there."""
        alias, text = self.side.alias, self.side.text
        folded = f"CASE WHEN {alias}.width THEN folded({text}) ELSE lower({text}) END"
        return Condition(f"instr({folded}, ?) > 0", (fold(words.text),))

    def _filter(self, term: Filter) -> Condition:
        if term.name in ("after", "before"):
            sign = ">=" if term.name == "after" else "<"
            # The full-text index can begin at a rowid, and stop at one.
            rowid = f"{self.side.words}.rowid" if self.match else self.side.key
            return Condition(
                f"({rowid} {sign} ? AND {rowid} >= ?)",
                (first_stamp(int(term.value)), first_stamp(_NOON)),
            )
        return self.side.filter(term.name, str(term.value))


def _join(conditions: Iterable[Condition], word: str) -> Condition:
    conditions = list(conditions)
    sql = word.join(condition.sql for condition in conditions)
    return Condition(f"({sql})", tuple(v for condition in conditions for v in condition.values))


def _is_matched(clause: Clause) -> bool:
    """Tell whether the full-text index finds CLAUSE, but for a look at a single term's signs."""
    return not clause.negative and _is_text(clause, looks=len(clause.terms) == 1)


def _is_kept_out(clause: Clause) -> bool:
    """Tell whether the full-text index can keep out what CLAUSE does not want."""
    return clause.negative and _is_text(clause, looks=False)


def _is_text(clause: Clause, looks: bool) -> bool:
    """Tell whether CLAUSE is about words that mean nothing else, and signs only with LOOKS."""
    return all(
        isinstance(term, Words)
        and term.reference is None
        and term.hash is None
        and (looks or not _needs_look(term))
        for term in clause.terms
    )


def _needs_look(words: Words) -> bool:
    """Tell whether there are signs in WORDS, as in `lr=0.01`, that the full-text index drops."""
    return any(not (character.isalnum() or character.isspace()) for character in words.text)
