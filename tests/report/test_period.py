"""Periods as people name them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from explog.errors import ExplogError
from explog.report.period import Period, day_of, parse_period

TODAY = date(2018, 6, 13)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("week", "2018-06-11", "2018-06-13"),
        ("Week", "2018-06-11", "2018-06-13"),
        ("last-week", "2018-06-04", "2018-06-10"),
        ("today", "2018-06-13", "2018-06-13"),
        ("yesterday", "2018-06-12", "2018-06-12"),
        ("month", "2018-06-01", "2018-06-13"),
        ("last-month", "2018-05-01", "2018-05-31"),
        ("year", "2018-01-01", "2018-06-13"),
        ("last-year", "2017-01-01", "2017-12-31"),
        ("3d", "2018-06-10", "2018-06-13"),
        ("2w", "2018-05-30", "2018-06-13"),
        ("2018", "2018-01-01", "2018-06-13"),
        ("2017", "2017-01-01", "2017-12-31"),
        ("2018-02", "2018-02-01", "2018-02-28"),
        ("2017-12", "2017-12-01", "2017-12-31"),
        ("2018-06-03", "2018-06-03", "2018-06-03"),
        ("2018-06-01..2018-06-10", "2018-06-01", "2018-06-10"),
        ("2018-04..2018-05", "2018-04-01", "2018-05-31"),
        ("2018-06-01..", "2018-06-01", "2018-06-13"),
        ("2018-06-01..2019-01-01", "2018-06-01", "2018-06-13"),
    ],
)
def test_period(text: str, first: str, last: str) -> None:
    period = parse_period(text, TODAY)
    assert (str(period.first), str(period.last)) == (first, last)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no period"),
        ("fortnight", "no period"),
        ("0w", "no period"),
        ("9999y", "no period"),
        ("2018-13", "no period"),
        ("2018-02-30", "no period"),
        ("..2018-02-03", "no period"),
        ("2018-06-10..2018-06-01", "ends before it begins"),
        ("2018-06-14", "has not begun"),
        ("2019", "has not begun"),
    ],
)
def test_no_period(text: str, reason: str) -> None:
    with pytest.raises(ExplogError, match=reason) as failed:
        parse_period(text, TODAY)
    assert failed.value.code == "bad-period"


@pytest.fixture(params=["UTC", "Asia/Colombo", "America/Los_Angeles"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield str(request.param)
    monkeypatch.undo()
    os.environ.get("TZ")
    time.tzset()


def test_the_zone_of_the_user_decides_the_day(zone: str) -> None:
    evening = datetime(2018, 6, 5, 20, 26, 44, tzinfo=UTC).timestamp()
    day = date(2018, 6, 6 if zone == "Asia/Colombo" else 5)
    assert day_of(evening) == day
    period = Period(day, day)
    assert period.begin <= evening < period.end
    assert period.end - period.begin == 86400
