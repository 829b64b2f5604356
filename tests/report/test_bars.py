"""The timeline as text: rows in, lines out."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from explog.report.bars import bars
from explog.report.period import Period
from explog.report.timeline import MOST_ROWS
from explog.report.values import Bar, Dot, TimelineRow

JUNE = Period(date(2018, 6, 1), date(2018, 6, 30))


def june(day: int) -> date:
    return date(2018, 6, day)


def row(
    *dots: int, results: tuple[int, ...] = (), title: str = "ABC", **rest: object
) -> TimelineRow:
    found = tuple(Dot(june(day), day in results) for day in dots)
    return TimelineRow("201", title, found, None)._replace(**rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (row(1), "○"),
        (row(1, 4, results=(4,)), "○──●"),
        (row(2, concluded=june(5)), " ○──◆"),
        (row(2, 5, results=(5,), concluded=june(5)), " ○──◆"),
        (row(3, bars=(Bar(june(1), june(4), False),)), "━━○━"),
        (row(1, bars=(Bar(june(3), june(3), True), Bar(june(3), june(4), False))), "○─×━"),
        (row(bars=(Bar(june(2), june(3), False),)), " ━━"),
    ],
)
def test_a_row(shown: TimelineRow, line: str) -> None:
    axis, text = bars([shown], JUNE).splitlines()
    assert text == f"201 ABC  {line}"
    assert axis == f"{' ' * 9}06-01  06-08  06-15  06-22  06-29"


def test_days_of_a_week_have_room_for_their_names() -> None:
    week = Period(june(4), june(10))
    axis, text = bars([row(5, 7)], week).splitlines()
    assert axis.split() == [f"06-{day:02}" for day in range(4, 11)]
    assert text.index("○") == axis.index("06-05")
    assert text.rindex("○") == axis.index("06-07")


def test_a_year_is_no_wider() -> None:
    year = Period(date(2018, 1, 1), date(2018, 12, 31))
    axis, text = bars([row(1)], year).splitlines()
    assert max(len(axis), len(text)) < 80
    assert "2018-0" in axis


def test_wide_signs_are_aligned() -> None:
    lines = bars([row(1, title="漢字"), row(1, title="abcd")], JUNE).splitlines()
    assert lines[1:] == ["201 漢字  ○", "201 abcd  ○"]


def test_rows_that_are_too_many_are_counted() -> None:
    rows = [row(1)._replace(experiment=str(n)) for n in range(MOST_ROWS + 2)]
    lines = bars(rows, JUNE).splitlines()
    assert len(lines) == MOST_ROWS + 2
    assert lines[-1] == "… 2 more"


def test_nothing_to_show() -> None:
    assert bars([], JUNE) == ""


def test_each_day_of_each_period_has_its_column() -> None:
    for days in (1, 2, 7, 10, 11, 59, 60, 61, 121, 400, 4000):
        last = june(1) + timedelta(days - 1)
        text = bars([TimelineRow("1", "x", (Dot(last, False),), None)], Period(june(1), last))
        assert text.count("○") == 1
        assert max(map(len, text.splitlines())) <= 75
