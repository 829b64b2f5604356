"""The timeline: the days of each experiment, and where their marks are drawn in an SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from explog.report.known import Known
from explog.report.period import Period
from explog.report.runs import WorkRun
from explog.report.values import Bar, Dot, TimelineRow

MOST_ROWS = 40
"""A picture has so many rows at most: the experiments that were worked on last."""
_LABELS, _DAYS, _ROW, _HEAD = 190, 560, 22, 26
_TICKS = 8
# The steps between ticks, in days.
_STEPS = (1, 2, 7, 14, 28, 61, 122, 365, 730, 1826)


def timeline_rows(known: Known) -> tuple[TimelineRow, ...]:
    """Return a row for each experiment with commits or runs, the first begun first."""
    rows = []
    for ident in dict.fromkeys([*known.by_experiment, *known.run_experiments]):
        one = known.experiments.get(ident) or known.run_experiments[ident]
        days: dict[date, bool] = {}
        for commit, claim in known.by_experiment.get(ident, ()):
            days[commit.day] = days.get(commit.day, False) or claim.results
        dots = tuple(Dot(day, results) for day, results in sorted(days.items()))
        closed = one.closed if one.done and one.closed in known.period else None
        bars = _bars(known.runs.get(ident, ()), known.period)
        rows.append(TimelineRow(ident, one.title, dots, closed, bars))
    return tuple(sorted(rows, key=lambda row: (row.days[0], row.experiment)))


def _bars(runs: Iterable[WorkRun], period: Period) -> tuple[Bar, ...]:
    """Return the days of PERIOD on which RUNS ran, each span once."""
    spans = {
        Bar(max(run.first, period.first), min(run.last, period.last), run.failed) for run in runs
    }
    return tuple(sorted(spans))


class Mark(NamedTuple):
    """A commit, or the day on which an experiment was concluded, at X in the row at Y."""

    kind: str
    x: float
    y: float
    day: date


class Beam(NamedTuple):
    """A run, from X to the right, in the row at Y."""

    kind: str
    x: float
    y: float
    width: float
    said: str


class Tick(NamedTuple):
    """A day on the axis."""

    x: float
    day: date


class Label(NamedTuple):
    """The experiment of a row, and the line from its first mark to its last."""

    y: float
    experiment: str
    title: str
    first: float
    last: float


class Picture(NamedTuple):
    """A timeline as it is drawn; all lengths are in pixels."""

    width: int
    height: int
    left: int
    labels: tuple[Label, ...]
    marks: tuple[Mark, ...]
    beams: tuple[Beam, ...]
    ticks: tuple[Tick, ...]
    more: int


def picture(rows: Sequence[TimelineRow], period: Period) -> Picture:
    """Return where ROWS are drawn: a dot for a commit, filled for results, a bar for a run.

    The day on which an experiment was concluded is a diamond.
    """
    shown = latest(rows)
    labels, marks, beams = [], [], []
    for number, row in enumerate(shown):
        y = _HEAD + _ROW * number + _ROW / 2
        found = [
            Mark("results" if dot.results else "commit", _x(dot.day, period), y, dot.day)
            for dot in row.dots
        ]
        if row.concluded is not None:
            found.append(Mark("concluded", _x(row.concluded, period), y, row.concluded))
        places = [_x(day, period) for day in row.days] + [mark.x for mark in found]
        labels.append(Label(y, row.experiment, row.title, min(places), max(places)))
        marks += found
        beams += [_beam(bar, y, period) for bar in row.bars]
    ticks = tuple(Tick(_x(day, period), day) for day in tick_days(period))
    height = _HEAD + _ROW * len(shown) + 8
    return Picture(
        width=_LABELS + _DAYS + 20,
        height=height,
        left=_LABELS,
        labels=tuple(labels),
        marks=tuple(marks),
        beams=tuple(beams),
        ticks=ticks,
        more=len(rows) - len(shown),
    )


def latest(rows: Sequence[TimelineRow]) -> list[TimelineRow]:
    """Return those of ROWS that are shown, in their order: the ones that were worked on last."""
    found = sorted(rows, key=lambda row: row.days[-1], reverse=True)[:MOST_ROWS]
    return [row for row in rows if row in found]


def _beam(bar: Bar, y: float, period: Period) -> Beam:
    """Return where BAR is drawn: as wide as its days are."""
    half = _DAYS / ((period.last - period.first).days + 1) / 2
    begin, end = _x(bar.first, period) - half, _x(bar.last, period) + half
    days = str(bar.first) if bar.first == bar.last else f"{bar.first} – {bar.last}"
    kind = "failed" if bar.failed else "run"
    return Beam(kind, round(begin, 1), y, round(end - begin, 1), f"{kind} {days}")


def _x(day: date, period: Period) -> float:
    days = (period.last - period.first).days + 1
    return round(_LABELS + _DAYS * ((day - period.first).days + 0.5) / days, 1)


def tick_days(period: Period) -> list[date]:
    """Return the days of PERIOD that are named at its axis."""
    days = (period.last - period.first).days + 1
    step = next((one for one in _STEPS if days / one <= _TICKS), _STEPS[-1])
    return [period.first + timedelta(n) for n in range(0, days, step)]
