"""Conditions and SELECTs of which a query is made: pieces of SQL, with their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Condition(NamedTuple):
    """A piece of SQL and its values."""

    sql: str
    values: tuple[object, ...] = ()


ALWAYS, NEVER = Condition("1"), Condition("0")
# SQLite takes no more than 500.
_MOST_UNITED = 400


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return that one of CONDITIONS holds."""
    return _joined(conditions, " OR ")


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return that all CONDITIONS hold."""
    return _joined(conditions, " AND ")


def _joined(conditions: Iterable[Condition], word: str) -> Condition:
    conditions = list(conditions)
    sql = word.join(condition.sql for condition in conditions)
    return Condition(f"({sql})", tuple(v for condition in conditions for v in condition.values))


def united(selects: Iterable[Condition]) -> Condition:
    """Return a SELECT of what one of SELECTS has."""
    some = list(dict.fromkeys(selects))
    while len(some) > _MOST_UNITED:
        first = united(some[:_MOST_UNITED])
        some[:_MOST_UNITED] = [Condition(f"SELECT * FROM ({first.sql})", first.values)]
    sql = " UNION ".join(select.sql for select in some)
    return Condition(sql, tuple(value for select in some for value in select.values))
