"""Words of a query in the language of FTS5, looked up in the vocabulary of a full-text index.

FTS5 yields the rows of a word newest first as it reads them, and so stops after as many as are
wanted. Those of a word's beginning it would first merge, all of them. So the words that begin so
are looked up here, and asked for by name, unless there are very many.
"""

from __future__ import annotations

from dataclasses import dataclass

from explog.index.database import Index
from explog.index.words import tokens
from explog.queries.query import Clause, Words

# With more words than this it takes longer to ask for each than to merge all.
_MOST = 128
# Any word that begins with a text sorts after the text with _FIRST, before the text with _LAST.
_FIRST, _LAST = "\x01", "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Terms:
    """The words in the full-text index TABLE, by which a query is put into its language."""

    index: Index
    table: str

    def alternatives(self, clause: Clause) -> str:
        """Return the words of CLAUSE, any of which may be there."""
        return f"({' OR '.join(self.expression(t) for t in clause.terms if isinstance(t, Words))})"

    def expression(self, words: Words) -> str:
        """Return WORDS: tokens in a row, the last of which may go on.

        A single letter is not taken for the beginning of a word: that would be nearly every word.
        """
        found = tokens(words.text)
        *others, last = found
        if not (words.prefix and words.text[-1].isalnum() and len(last) > 1):
            return _phrase(found)
        if not last.isascii():
            return f"{_phrase(found)}*"  # how FTS5 folds it is for FTS5 to say
        ends = self._beginning_with(last.lower())
        if len(ends) > _MOST:
            return f"{_phrase(found)}*"
        return f"({' OR '.join(_phrase([*others, end]) for end in ends or [last])})"

    def _beginning_with(self, start: str) -> list[str]:
        """Return the words that begin with START; when there are more, one more than _MOST."""
        sql = f"SELECT term FROM {self.table}_vocabulary WHERE term >= ? AND term < ? LIMIT 1"
        found: list[str] = []
        place = start
        while len(found) <= _MOST:
            row = self.index.first(sql, place, start + _LAST)
            if row is None:
                break
            found.append(row[0])
            place = row[0] + _FIRST
        return found


def _phrase(words: list[str]) -> str:
    return f'"{" ".join(words)}"'
