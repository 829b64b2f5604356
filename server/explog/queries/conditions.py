"""Clauses and terms of a query as conditions on the rows of a target, in SQL.

What each of them means for commits and for passages is in `explog.queries.targets`; how they are
put together is in `explog.queries.find`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explog.index.stamps import first_stamp
from explog.index.words import fold
from explog.queries.comparison import Comparison
from explog.queries.query import Clause, Filter, Query, Term, Words
from explog.queries.sql import NEVER, Condition, all_of, any_of, united
from explog.queries.targets import SearchTarget
from explog.queries.terms import Terms, phrase

_NOON = 43200
# The full-text index is asked for each of so few rows, and for all that are between more of them.
_FEW = 16


class Scope(NamedTuple):
    """The rows for which a condition is made: those with KEYS, all rows if there are none.

    `key` is the column that has their keys. With `most`, older ones that have a word may be missing
    where there are more than so many.
    """

    key: str
    keys: tuple[int, ...] = ()
    most: int | None = None


class Conditions:
    """Makes conditions on the rows of TARGET, whose words are looked up in TERMS."""

    def __init__(self, target: SearchTarget, terms: Terms) -> None:
        self.target = target
        self.terms = terms

    def expression(self, clause: Clause) -> str | None:
        """Return the terms of CLAUSE in the language of FTS5; None if one is not in that index.

        The signs of a single term are left to `look`; those of one among others could not be.
        """
        found: list[str] = []
        for term in clause.terms:
            signs = isinstance(term, Words) and len(clause.terms) > 1 and term.signs()
            expression = None if signs else self._expression(term)
            if expression is None:
                return None
            found.append(expression)
        return f"({' OR '.join(found)})"

    def _expression(self, term: Term) -> str | None:
        if isinstance(term, Words):
            return self.terms.expression(term)
        words = self.target.filter_words(term.name, str(term.value))
        return f"({' OR '.join(phrase([word]) for word in words)})" if words else None

    def clause(self, clause: Clause, scope: Scope) -> Condition:
        """Return the condition that CLAUSE holds."""
        if clause.negative:
            found = any_of([self._without(term, scope) for term in clause.terms])
            return Condition(f"NOT coalesce({found.sql}, 0)", found.values)
        return any_of([self._term(term, scope) for term in clause.terms])

    def _without(self, term: Term, scope: Scope) -> Condition:
        """Return a term as a condition on few rows, in which alone signs are looked for."""
        if isinstance(term, Filter) or not term.signs():
            return self._term(term, scope._replace(most=None))
        found = all_of([self._among(self._with_text(term, scope, look=False)), self.look(term)])
        return any_of([found, *map(self._among, self.meant(term))])

    def _term(self, term: Term, scope: Scope) -> Condition:
        """Return a term as a condition. Words become a set of keys, which SQLite can begin with."""
        if isinstance(term, Filter):
            return self._filter(term, scope)
        found = self._with_text(term, scope, look=True)
        if scope.most is not None:
            sql = f"SELECT * FROM ({found.sql} ORDER BY {self.target.words}.rowid DESC LIMIT ?)"
            found = Condition(sql, (*found.values, scope.most))
        return self._among(united([found, *self.meant(term)]))

    def _among(self, keys: Condition) -> Condition:
        return Condition(f"{self.target.key} IN ({keys.sql})", keys.values)

    def _with_text(self, words: Words, scope: Scope, *, look: bool) -> Condition:
        """Return a SELECT of the keys of what has WORDS; their signs count if one is to LOOK."""
        table, key = self.target.words, self.target.key
        expression = self.terms.expression(words)
        where = [Condition(f"{table} MATCH ?", (expression,)), *self._near(expression, scope.keys)]
        source = table
        if look and words.signs():
            source = f"{table} CROSS JOIN {self.target.base} ON {table}.rowid = {key}"
            where.append(self.look(words))
        condition = all_of(where)
        sql = f"SELECT {table}.rowid FROM {source} WHERE {condition.sql}"
        return Condition(sql, condition.values)

    def _near(self, expression: str, keys: Sequence[int]) -> Iterator[Condition]:
        """Yield what keeps the full-text index from looking far from KEYS."""
        rowid = f"{self.target.words}.rowid"
        if not keys:
            return
        # For each row it would merge anew all words that begin so.
        if len(keys) <= _FEW and "*" not in expression:
            yield Condition(f"{rowid} IN ({','.join(map(str, keys))})")
        else:
            yield Condition(f"{rowid} BETWEEN {min(keys)} AND {max(keys)}")

    def look(self, words: Words) -> Condition:
        """Return the condition that the text has WORDS with all their signs."""
        alias, text = self.target.alias, self.target.text
        folded = f"CASE WHEN {alias}.width THEN folded({text}) ELSE lower({text}) END"
        parts = [
            any_of([Condition(f"instr({folded}, ?) > 0", (fold(one),)) for one in part])
            for part in words.signs()
        ]
        bears = None if words.reference is None else self.target.bears(words.reference)
        return any_of([all_of(parts), *([] if bears is None else [bears])])

    def _filter(self, term: Filter, scope: Scope) -> Condition:
        if isinstance(term.value, Comparison):
            found = self.target.compared(term.name, term.value)
            # The sign keeps SQLite from beginning with them where it has words or keys instead.
            sign = "+" if scope.keys or scope.key != self.target.key else ""
            return Condition(f"{sign}{self.target.key} IN ({found.sql})", found.values)
        if isinstance(term.value, float):
            sign = ">=" if term.name == "after" else "<"
            return Condition(
                f"({scope.key} {sign} ? AND {scope.key} >= ?)",
                (first_stamp(int(term.value)), first_stamp(_NOON)),
            )
        return self.target.filter(term.name, term.value)

    def meant(self, term: Term) -> list[Condition]:
        """Return SELECTs of the keys of what TERM means, with or without its text."""
        if isinstance(term, Filter):
            return []
        found = [None if term.reference is None else self.target.reference(term.reference)]
        found += [None if term.hash is None else self.target.hash(term)]
        found += [None if term.number is None else self.target.number(term.number)]
        return [one for one in found if one is not None]

    def named(self, query: Query) -> Condition:
        """Return the condition for the very thing that a reference or a hash of QUERY names."""
        found = [NEVER]
        for words in query.words():
            meant = words.reference or words.number
            if meant is not None:
                found += [self.target.named(meant)]
            if words.hash is not None:
                found += [self._among(self.target.hash(words))]
        return any_of(found)
