"""The timeline as text, for an Emacs in a terminal: a line for each experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from explog.report.period import Period
from explog.report.texts import short
from explog.report.timeline import latest, tick_days
from explog.report.values import TimelineRow
from explog.results.width import padded, width

COMMIT, RESULTS, CONCLUDED, RUN, FAILED, LINE = "○●◆━×─"
_COLUMNS = 60
_APART = 2


def bars(rows: Sequence[TimelineRow], period: Period) -> str:
    """Return ROWS as text, below the days of the axis; empty if there is none.

    A column is a day, or as many days as make the columns few. Of what happened in a column the
    most important is shown: a conclusion, results, commits, a run.
    """
    if not rows:
        return ""
    shown, scale = latest(rows), _Scale(period)
    labels = [f"{row.experiment} {short(row.title)}" for row in shown]
    beside = max(map(width, labels))
    lines = [
        f"{padded(label, beside + _APART, right=False)}{_line(row, scale)}"
        for label, row in zip(labels, shown, strict=True)
    ]
    more = [f"… {len(rows) - len(shown)} more"] if len(rows) > len(shown) else []
    return "\n".join([f"{' ' * (beside + _APART)}{scale.axis()}", *lines, *more])


class _Scale:
    """Which column each day of a PERIOD is in."""

    def __init__(self, period: Period) -> None:
        self._period = period
        self._days = (period.last - period.first).days + 1
        self._each = -(-self._days // _COLUMNS)
        # Few days have room for the names of all.
        self._wide = max(1, _COLUMNS // self._days) if self._days <= _COLUMNS // 6 else 1
        self.columns = -(-self._days // self._each) * self._wide

    def column(self, day: date) -> int:
        """Return the column of DAY, from 0; that of the first or last day for one outside."""
        number = min(max((day - self._period.first).days, 0), self._days - 1)
        return number // self._each * self._wide

    def axis(self) -> str:
        """Return the names of some days, each above its column."""
        said, name = "", "%m-%d" if self._each < 4 else "%Y-%m"
        for day in tick_days(self._period):
            column = self.column(day)
            if not said or column > len(said):
                said = f"{said:{column}}{day.strftime(name)}"
        return said


def _line(row: TimelineRow, scale: _Scale) -> str:
    """Return the marks of ROW, from the first column on."""
    signs: dict[int, str] = {}
    for sign, columns in _marks(row, scale):
        signs.update(dict.fromkeys(columns, sign))
    return "".join(signs.get(column, " ") for column in range(max(signs) + 1))


def _marks(row: TimelineRow, scale: _Scale) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield (sign, columns), the most important last."""
    ends = [*row.days, *([row.concluded] if row.concluded is not None else [])]
    yield LINE, range(scale.column(min(ends)), scale.column(max(ends)) + 1)
    for failed in (False, True):
        for bar in row.bars:
            if bar.failed == failed:
                columns = range(scale.column(bar.first), scale.column(bar.last) + 1)
                yield FAILED if failed else RUN, columns
    for results in (False, True):
        found = [scale.column(dot.day) for dot in row.dots if dot.results == results]
        yield RESULTS if results else COMMIT, found
    if row.concluded is not None:
        yield CONCLUDED, [scale.column(row.concluded)]
