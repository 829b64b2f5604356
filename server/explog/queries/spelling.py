"""Words of the index that are spelled nearly like a word that it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from explog.index.database import Index
from explog.index.words import fold, tokens
from explog.queries.terms import Terms

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Shorter words have too many others near them; in longer ones two letters may be wrong. A word that
# goes on is longer by one, as it may be only half typed.
_SHORTEST, _TWO_WRONG = 4, 6
# How many words with the same first letter are compared: each takes some 30 µs.
_MOST_COMPARED = 500
_MOST_COUNTED = 500


class Spelling:
    """The words of all full-text indexes. While somebody is TYPING, fewer are looked at."""

    def __init__(self, index: Index, typing: bool) -> None:
        self.index = index
        self.typing = typing

    def knows(self, word: str, prefix: bool) -> bool:
        """Tell whether any text has WORD, or with PREFIX a word that begins so."""
        return any(terms.first(word, prefix) is not None for terms in self._vocabularies())

    def correction(self, text: str, prefix: bool) -> str | None:
        """Return TEXT with each word that no text has replaced by one that is spelled nearly so.

        With PREFIX the last word may go on. None if all words are known, or nothing is near one.
        """
        found = tokens(text)
        corrected = text
        for place, word in enumerate(found):
            goes_on = prefix and place == len(found) - 1
            folded = fold(word)
            if self.knows(folded, goes_on):
                continue
            nearest = self._nearest(folded, goes_on)
            if nearest is None:
                return None
            corrected = corrected.replace(word, nearest, 1)
        return corrected if corrected != text else None

    def _vocabularies(self) -> Iterator[Terms]:
        return (Terms(self.index, table) for table in ("passage_words", "commit_words"))

    def _nearest(self, word: str, prefix: bool) -> str | None:
        """Return the word that is nearest to WORD, or with PREFIX begins nearly so."""
        size = len(word) - prefix
        if size < _SHORTEST or not word.isalpha():
            return None
        most = 2 if size >= _TWO_WRONG else 1
        others = self._same_first_letter(word[0]) | self._other_first_letter(word, prefix)
        distances = {other: _distance(word, other, most, prefix) for other in others}
        near = [other for other in sorted(others) if distances[other] <= most]
        return min(near, key=lambda other: (distances[other], -self._count(other)), default=None)

    def _same_first_letter(self, first: str) -> set[str]:
        """Return words that begin with FIRST and another letter, which references do not."""
        found = (terms.words(f"{first}a", f"{first}{{") for terms in self._vocabularies())
        return {word for words in found for word in islice(words, _MOST_COMPARED)}

    def _other_first_letter(self, word: str, prefix: bool) -> set[str]:
        """Return words that differ from WORD in the first letter only."""
        wanted = [word[1:], word[1] + word[0] + word[2:]]
        if not self.typing:
            wanted += (new + rest for new in _LETTERS for rest in (word, word[1:]))
        found = (terms.first(one, prefix) for one in wanted for terms in self._vocabularies())
        return {one for one in found if one is not None}

    def _count(self, word: str) -> int:
        return sum(terms.count(word, _MOST_COUNTED) for terms in self._vocabularies())


def _distance(word: str, other: str, most: int, prefix: bool) -> int:
    """Return how many letters to insert, delete, replace or swap to turn OTHER into WORD.

    With PREFIX, only the beginning of OTHER counts. A number above MOST is not exact.
    """
    if len(other) < len(word) - most or (len(other) > len(word) + most and not prefix):
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(word, start=1):
        older, before, row = before, row, [number]
        for place, character in enumerate(other, start=1):
            best = min(before[place - 1] + (letter != character), before[place] + 1, row[-1] + 1)
            if number > 1 < place and (word[number - 2], letter) == (character, other[place - 2]):
                best = min(best, older[place - 2] + 1)
            row.append(best)
        if min(row) > most + 1:
            return most + 1
    return min(row) if prefix else row[-1]
