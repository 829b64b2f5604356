"""The words of a text, as the full-text index of SQLite finds them: the same words everywhere."""

from __future__ import annotations

import re
import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from itertools import islice

from explog.index.words import indexed

_ASCII = re.compile("[a-z0-9]+")
_AT_ONCE = 500
# PostgreSQL takes a million bytes of words in a text. What is behind that is not found.
_MOST_BYTES = 600_000


class Tokenizer:
    """Asks SQLite's own tokenizer, with the options of the index."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.execute(
            "CREATE VIRTUAL TABLE words USING fts5 (text, content = '', columnsize = 0,"
            " tokenize = 'unicode61 remove_diacritics 2')"
        )
        self._database.execute("CREATE VIRTUAL TABLE found USING fts5vocab (words, instance)")

    def words(self, text: str) -> list[str]:
        """Return the words of TEXT in their order."""
        return next(self.words_of_each([text]))

    def words_of_each(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """Yield the words of each of TEXTS."""
        rest = iter(texts)
        while some := list(islice(rest, _AT_ONCE)):
            others = self._asked({n: text for n, text in enumerate(some) if not text.isascii()})
            for number, text in enumerate(some):
                yield others.get(number, []) if not text.isascii() else _ASCII.findall(text.lower())

    def _asked(self, texts: dict[int, str]) -> dict[int, list[str]]:
        if not texts:
            return {}
        self._database.executemany(
            "INSERT INTO words (rowid, text) VALUES (?, ?)",
            ((number, indexed(text)) for number, text in texts.items()),
        )
        found: dict[int, list[str]] = {}
        for number, word in self._database.execute(
            'SELECT doc, term FROM found ORDER BY doc, "offset"'
        ):
            found.setdefault(number, []).append(word)
        self._database.execute("INSERT INTO words (words) VALUES ('delete-all')")
        return found


def as_column(words: Iterable[str]) -> str:
    """Return WORDS as the lab keeps them: with a blank before, between and behind them."""
    text = f" {' '.join(words)} "
    if len(text) > _MOST_BYTES // 4 and len(text.encode()) > _MOST_BYTES:
        text = text.encode()[:_MOST_BYTES].decode(errors="ignore").rpartition(" ")[0] + " "
    return text
