"""Which numbers were given already: a number once used is never given again.

Logs, their archives and commits are asked, also commits that no branch reaches any more and ids
that no log has any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from explog.index.database import Index
from explog.model import StepNumber
from explog.refs import find_references, parse_step

# Numbers beyond this are not counted on from: they are dates, or numbers of another kind.
_MOST_DIGITS = 9


def next_id(index: Index) -> int:
    """Return the number above all ids that are numbers, wherever one was used."""
    rows = index.read(
        "SELECT ident FROM experiments UNION SELECT DISTINCT experiment FROM claims"
        " UNION SELECT claims FROM unreachable WHERE claims != ''"
    )
    words = (line.partition(" ")[0] for (text,) in rows for line in text.splitlines())
    numbers = (int(w) for w in words if w.isdecimal() and w.isascii() and len(w) <= _MOST_DIGITS)
    return 1 + max(numbers, default=0)


def next_step(index: Index, ident: str, parent: StepNumber) -> int:
    """Return the number for a new step of the experiment IDENT right beneath the step PARENT.

    An empty PARENT stands for the experiment itself. The number is above all that were used there.
    """
    depth = len(parent)
    used = (number[depth] for number in _used(index, ident) if number[:depth] == parent)
    return 1 + max((number for number in used if number), default=0)


def _used(index: Index, ident: str) -> Iterator[StepNumber]:
    """Yield the steps of IDENT that a log has or a text refers to, padded by a zero."""
    rows = index.read(
        "SELECT number FROM steps JOIN experiments e ON e.id = experiment WHERE ident = ?"
        " UNION SELECT step FROM claims WHERE experiment = ?",
        ident,
        ident,
    )
    for (step,) in rows:
        yield *parse_step(step), 0
    for (claims,) in index.read(
        "SELECT claims FROM unreachable WHERE claims LIKE ?", f"%{ident} %"
    ):
        for line in claims.splitlines():
            experiment, _space, step = line.partition(" ")
            if experiment == ident:
                yield *parse_step(step), 0
    with index.reading_words():
        texts = index.read(
            "SELECT text FROM passages WHERE stamp IN"
            " (SELECT rowid FROM passage_words WHERE passage_words MATCH ?)",
            f'"e{ident}"',
        )
    for (text,) in texts:
        for mention in find_references(text):
            if mention.reference.experiment == ident:
                yield *mention.reference.step, 0
