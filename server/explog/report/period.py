"""Periods as people name them: `week`, `2w`, `2018-06`, `2018-06-01..2018-06-14`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from explog.errors import ExplogError
from explog.queries.query import days_ago

_YEAR = re.compile(r"([0-9]{4})")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_EXAMPLES = "week, last-week, month, 2w, 2018-06, 2018-06-01..2018-06-14 or since-last"


class Period(NamedTuple):
    """The days from `first` to `last`, both included, in the user's time zone."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @property
    def begin(self) -> float:
        """When it begins, in seconds since 1970."""
        return _midnight(self.first)

    @property
    def end(self) -> float:
        """When it is over, in seconds since 1970."""
        return _midnight(self.last + timedelta(1))

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day).timestamp()


def day_of(seconds: float) -> date:
    """Return the day of SECONDS since 1970 in the user's time zone."""
    return datetime.fromtimestamp(seconds).date()


def parse_period(text: str, today: date) -> Period:
    """Return the period that TEXT names; raise ExplogError `bad-period`.

    TODAY is where a week, a month or a year that is not over yet ends.
    """
    try:
        period = _parse(text.strip().casefold(), today)
    except (ValueError, OverflowError):
        period = None
    if period is None:
        raise _bad(f"{text!r} is no period; there are {_EXAMPLES}")
    if period.first > period.last:
        raise _bad(f"{text}: the period ends before it begins")
    if period.first > today:
        raise _bad(f"{text}: the period has not begun")
    return period._replace(last=min(period.last, today))


def _parse(text: str, today: date) -> Period | None:
    if text in _NAMED:
        return _NAMED[text](today)
    first, dots, last = text.partition("..")
    if dots:
        return Period(_span(first).first, _span(last).last if last else today)
    if (days := days_ago(text)) is not None:
        return Period(today - timedelta(days), today) if days else None
    return _span(text)


def _span(text: str) -> Period:
    """Return the year, the month or the day that TEXT is; raise ValueError."""
    if year := _YEAR.fullmatch(text):
        return Period(date(int(year[1]), 1, 1), date(int(year[1]), 12, 31))
    if month := _MONTH.fullmatch(text):
        return _month(date(int(month[1]), int(month[2]), 1))
    day = date.fromisoformat(text)
    return Period(day, day)


def _month(day: date) -> Period:
    first = day.replace(day=1)
    after = (first + timedelta(31)).replace(day=1)
    return Period(first, after - timedelta(1))


def _week(day: date) -> Period:
    first = day - timedelta(day.weekday())
    return Period(first, first + timedelta(6))


def _year(day: date) -> Period:
    return Period(date(day.year, 1, 1), date(day.year, 12, 31))


_NAMED: dict[str, Callable[[date], Period]] = {
    "today": lambda today: Period(today, today),
    "yesterday": lambda today: Period(today - timedelta(1), today - timedelta(1)),
    "week": _week,
    "last-week": lambda today: _week(today - timedelta(7)),
    "month": _month,
    "last-month": lambda today: _month(today.replace(day=1) - timedelta(1)),
    "year": _year,
    "last-year": lambda today: _year(today.replace(month=1, day=1) - timedelta(1)),
}


def _bad(reason: str) -> ExplogError:
    return ExplogError("bad-period", reason)
