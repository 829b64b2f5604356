"""Words of a query in the language of FTS5, looked up in the vocabulary of a full-text index.

FTS5 yields the rows of a word newest first as it reads them, and so stops after as many as are
wanted. For the beginning of a word, it would first merge the rows of all words that begin so. So
those words are looked up here, and asked for by name, unless there are very many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from explog.index.database import Index
from explog.index.words import tokens
from explog.queries.query import Words

# With more words than this it takes longer to ask for each than to merge all.
_MOST = 128
# Any word that begins with a text sorts after the text with _FIRST, before the text with _LAST.
_FIRST, _LAST = "\x01", "\U0010ffff"


class Terms:
    """The words in the full-text index TABLE, by which a query is put into its language."""

    def __init__(self, index: Index, table: str) -> None:
        self.index = index
        self.table = table

    def expression(self, words: Words) -> str:
        """Return WORDS: tokens in a row, the last of which may go on.

        A single letter is not taken for the beginning of a word: that would be nearly every word.
        """
        found = tokens(words.text)
        *others, last = found
        if not (words.prefix and words.text[-1].isalnum() and len(last) > 1):
            return phrase(found)
        if not last.isascii():
            return f"{phrase(found)}*"  # how FTS5 folds it is for FTS5 to say
        if words.reference is not None and not others:
            return f"{phrase(found)}*"  # very many words, and few rows for each
        ends = list(islice(self._beginning_with(last.lower()), _MOST + 1))
        if len(ends) > _MOST:
            return f"{phrase(found)}*"
        return f"({' OR '.join(phrase([*others, end]) for end in ends or [last])})"

    def words(self, start: str, end: str) -> Iterator[str]:
        """Yield the words from START on, in their order, up to END."""
        sql = f"SELECT term FROM {self.table}_vocabulary WHERE term >= ? AND term < ? LIMIT 1"
        row = self.index.first(sql, start, end)
        while row is not None:
            yield row[0]
            row = self.index.first(sql, row[0] + _FIRST, end)

    def _beginning_with(self, start: str) -> Iterator[str]:
        return self.words(start, start + _LAST)

    def first(self, word: str, prefix: bool) -> str | None:
        """Return WORD if a text has it, or with PREFIX the first word that begins so."""
        found = next(self._beginning_with(word), None)
        return found if prefix or found == word else None

    def count(self, word: str, most: int) -> int:
        """Return how often WORD is in the texts, or MOST if that is more."""
        sql = f"SELECT 1 FROM {self.table}_vocabulary WHERE term = ? LIMIT ?"
        return int(self.index.one(f"SELECT count(*) FROM ({sql})", word, most)[0])


def phrase(words: Iterable[str]) -> str:
    """Return WORDS in a row, in the language of FTS5."""
    return f'"{" ".join(words)}"'
