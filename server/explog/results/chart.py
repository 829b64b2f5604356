"""What a plot of results shows, as values: points, their deviations, and the kind of axis.

`explog.results.plot` draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal, NamedTuple

from explog.errors import ExplogError
from explog.results.asked import unknown_name
from explog.results.table import Row, Table, parameter_names

Axis = Literal["names", "linear", "log", "date"]
"""How values are placed: `names` one after the other, as the steps of a bar chart."""

# From a ratio of this on, values span decades.
_DECADES = 100.0
_MOST_PANELS = 4
STEP, DATE = "step", "date"


class Point(NamedTuple):
    """A step: its place `x`, the mean of its metric, and the deviation, 0 if there is none.

    `x` counts the names from 0, or is a value of the parameter, or seconds since 1970. `label` is
    the text of the mean, and `experiment` the id.
    """

    x: float
    y: float
    deviation: float
    label: str
    experiment: str
    best: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric: what stands at its axis, how its values are placed, and the points."""

    metric: str
    axis: Axis
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Metrics against the same thing: the steps, the date, or a parameter.

    `names` are what `x` counts if the axis has names.
    """

    against: str
    axis: Axis
    names: tuple[str, ...]
    panels: tuple[Panel, ...]


def make_chart(table: Table, against: str | None = None) -> Chart:
    """Return the chart of the metrics of TABLE against the steps, "date", or a parameter.

    The first four metrics are shown. A row without a number for a metric, or with several values of
    the parameter, has no point in it. Raises ExplogError `no-plot`.
    """
    against = against or STEP
    known = parameter_names(table.rows)
    if against not in (STEP, DATE, *known):
        raise ExplogError("no-plot", unknown_name("parameter", against, known))
    rows = [row for row in table.rows if _is_placed(row, against) and _has_number(row, table)]
    if not rows:
        numbers = " or ".join(table.metrics) or "any metric"
        where = "" if against in (STEP, DATE) else f" and one value of {against}"
        raise ExplogError("no-plot", f"no step has a number for {numbers}{where}")
    axis, names, places = _places(rows, against)
    panels = [_panel(metric, rows, places, axis) for metric in table.metrics]
    there = tuple(panel for panel in panels if panel.points)
    return Chart(against, axis, names, there[:_MOST_PANELS])


def _is_placed(row: Row, against: str) -> bool:
    return against in (STEP, DATE) or len(row.parameters.get(against, ())) == 1


def _has_number(row: Row, table: Table) -> bool:
    return any(_mean(row, metric) is not None for metric in table.metrics)


def _mean(row: Row, metric: str) -> float | None:
    cell = row.metrics.get(metric)
    return None if cell is None else cell.finite_mean


def _places(rows: Sequence[Row], against: str) -> tuple[Axis, tuple[str, ...], list[float]]:
    """Return the axis on which ROWS are placed, its names, and their places."""
    if against == STEP:
        names = [row.result.reference.removeprefix("e") for row in rows]
        return "names", tuple(names), list(map(float, range(len(rows))))
    if against == DATE:
        return "date", (), [float(row.result.time) for row in rows]
    values = [row.parameters[against][0] for row in rows]
    numbers = [one.value for one in values if one.value is not None and isfinite(one.value)]
    if len(numbers) == len(values):
        return _scale(numbers), (), numbers
    texts = [row.parameter(against) for row in rows]
    distinct = list(dict.fromkeys(texts))
    return "names", tuple(distinct), [float(distinct.index(text)) for text in texts]


def _scale(values: Sequence[float]) -> Axis:
    """Return "log" if VALUES span decades."""
    return "log" if min(values) > 0 and max(values) / min(values) >= _DECADES else "linear"


def _panel(metric: str, rows: Sequence[Row], places: Sequence[float], axis: Axis) -> Panel:
    points = [
        Point(
            x=place,
            y=mean,
            deviation=row.metrics[metric].sd or 0.0,
            label=row.metrics[metric].text,
            experiment=row.result.experiment,
            best=metric in row.best,
        )
        for row, place in zip(rows, places, strict=True)
        if (mean := _mean(row, metric)) is not None
    ]
    units = {row.metrics[metric].unit for row in rows if _mean(row, metric) is not None}
    unit = next(iter(units)) if len(units) == 1 else ""
    scale = _scale([p.y for p in points]) if points and axis != "names" else "linear"
    return Panel(f"{metric} ({unit})" if unit else metric, scale, tuple(sorted(points)))
