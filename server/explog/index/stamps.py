"""Stamps: numbers that order commits and passages by date, and are their rowids in the search."""

from __future__ import annotations

from explog.index.database import Index

# A stamp is seconds since 1970, and 20 bits to tell rows of one second apart.
_STAMP_BITS = 20
_ROOM = 1 << _STAMP_BITS
_LATEST = 1 << 42


class Stamps:
    """Gives out numbers that grow with the date of a row: seconds, and a number.

    They are the values of the column `stamp` in TABLE, and the rowids in its full-text index. One
    second has room for a million rows.
    """

    def __init__(self, index: Index, table: str) -> None:
        self._index = index
        self._sql = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE stamp = ?)"
        self._given: set[int] = set()

    def new(self, seconds: int, row: int) -> int:
        """Return a stamp that no other row has, for row number ROW of the date SECONDS."""
        seconds = max(0, min(seconds, _LATEST))
        if self.are_plain(row):
            return first_stamp(seconds) | row
        while True:
            stamp = first_stamp(seconds) | row % _ROOM
            if stamp not in self._given and not self._index.one(self._sql, stamp)[0]:
                self._given.add(stamp)
                return stamp
            seconds += 1

    def are_plain(self, row: int) -> bool:
        """Tell whether rows up to number ROW have different stamps whatever their dates."""
        return row < _ROOM

    def expression(self, seconds: str, row: str) -> str:
        """Return SQL for `new` as long as stamps are plain, with SECONDS and ROW in SQL."""
        return f"(max(0, min({seconds}, {_LATEST})) << {_STAMP_BITS}) | ({row})"


def first_stamp(seconds: int) -> int:
    """Return the smallest stamp that a row of the date SECONDS can have."""
    return seconds << _STAMP_BITS


def seconds_of(stamp: int) -> int:
    """Return the date of the row with STAMP, in seconds since 1970."""
    return stamp >> _STAMP_BITS
