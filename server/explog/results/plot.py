"""Draw a chart of results with matplotlib, which is loaded when a picture is drawn and not before.

A picture has no background, and its colours are readable on white and on black, also for who sees
colours otherwise (Okabe and Ito, https://jfly.uni-koeln.de/color). The same chart gives the same
bytes.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from explog.errors import ExplogError
from explog.extras import PLOT, install_command, installed_version
from explog.results.chart import Chart, Panel, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = ("svg", "png", "pdf")

# Each has a contrast of 3 or more to white and to black; that of text has 4.5.
INK = "#767676"
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b86a94")
_BEST = COLOURS[1]
_RC: Any = {
    "svg.hashsalt": "explog",
    "svg.fonttype": "none",
    "font.family": ["sans-serif"],
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "savefig.transparent": True,
}
# What says when and by what the picture was made.
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
# With more steps than this, the bars bear no numbers, and the names below stand upright.
_MOST_LABELLED = 8
_DAY = 86400.0  # what matplotlib counts dates in


def need_matplotlib() -> None:
    """Raise ExplogError `no-matplotlib`, which says how to install it, unless it is installed."""
    if installed_version(PLOT) is None:
        message = f"a plot needs matplotlib, which is not installed: {install_command(PLOT)}"
        raise ExplogError("no-matplotlib", message)


def draw(chart: Chart, form: str) -> bytes:
    """Return CHART as a picture in one of FORMATS; raise ExplogError `no-matplotlib`."""
    need_matplotlib()
    import matplotlib as mpl
    from cycler import cycler

    stream = io.BytesIO()
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("ignore")  # about signs that a font lacks, and a user's settings
        mpl.rcdefaults()
        mpl.rcParams.update(_RC, **{"axes.prop_cycle": cycler(color=COLOURS)})
        _figure(chart).savefig(stream, format=form, dpi=150, metadata=_METADATA[form])
    return stream.getvalue()


def _figure(chart: Chart) -> Figure:
    from matplotlib.figure import Figure

    count = len(chart.panels)
    figure = Figure(figsize=(6.4, 0.8 + 3.0 * count), layout="constrained")
    axes = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    for one, panel in zip(axes, chart.panels, strict=True):
        one.set_ylabel(_plain(panel.metric))
        if chart.axis == "names" and chart.against == "step":
            _draw_bars(one, panel)
        else:
            _draw_points(one, panel, chart, legend=one is axes[0])
    _set_axis(axes[-1], chart)
    return figure


def _draw_bars(axes: Axes, panel: Panel) -> None:
    """Draw a bar for each step, with its deviation, and with its number if there are few."""
    points = panel.points
    bars = axes.bar(
        [point.x for point in points],
        [point.y for point in points],
        yerr=_deviations(points),
        color=[_BEST if point.best else COLOURS[0] for point in points],
        ecolor=INK,
        capsize=3,
        width=0.7,
    )
    if len(points) <= _MOST_LABELLED:
        axes.bar_label(bars, [_plain(point.label) for point in points], padding=2, fontsize="small")
        axes.margins(y=0.15)


def _draw_points(axes: Axes, panel: Panel, chart: Chart, legend: bool) -> None:
    """Draw a point for each step; over time, those of one experiment are joined."""
    groups = _by_experiment(panel.points)
    for place, (experiment, points) in enumerate(groups):
        is_one_experiment = len({point.experiment for point in points}) == 1
        axes.errorbar(
            [point.x / _DAY if chart.axis == "date" else point.x for point in points],
            [point.y for point in points],
            yerr=_deviations(points),
            fmt="o-" if chart.axis == "date" and is_one_experiment else "o",
            color=COLOURS[place % len(COLOURS)],
            ecolor=INK,
            capsize=3,
            label=_plain(experiment),
        )
    if legend and len(groups) > 1:
        axes.legend(fontsize="small")
    axes.set_yscale("log" if panel.axis == "log" else "linear")
    axes.margins(0.08)


def _by_experiment(points: Sequence[Point]) -> list[tuple[str, list[Point]]]:
    """Return POINTS by experiment, all as one group if there are more than there are colours."""
    ordered = sorted(points, key=lambda point: point.experiment)
    groups = [(key, list(some)) for key, some in groupby(ordered, lambda p: p.experiment)]
    return groups if len(groups) <= len(COLOURS) else [("", list(points))]


def _deviations(points: Sequence[Point]) -> list[float] | None:
    found = [point.deviation for point in points]
    return found if any(found) else None


def _plain(text: str) -> str:
    """Return TEXT so that nothing in it is read as a formula."""
    return text.replace("$", r"\$")


def _set_axis(axes: Axes, chart: Chart) -> None:
    axes.set_xlabel(_plain(chart.against))
    if chart.axis == "names":
        level = len(chart.names) <= _MOST_LABELLED
        turned: dict[str, Any] = {} if level else {"rotation": 90}
        axes.set_xticks(range(len(chart.names)), list(map(_plain, chart.names)), **turned)
    elif chart.axis == "log":
        axes.set_xscale("log")
    elif chart.axis == "date":
        from matplotlib import dates

        locator: Any = dates.AutoDateLocator()  # type: ignore[no-untyped-call]  # matplotlib's
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # matplotlib's
