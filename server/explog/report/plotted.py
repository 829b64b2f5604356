"""The plot of a chosen metric: what the results of a period gave, over time."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from html import escape

from explog.errors import ExplogError
from explog.report.gather import WorkCommit
from explog.report.known import Known
from explog.report.values import Report
from explog.results.asked import Asked
from explog.results.table import StepResult, Table, make_table
from explog.wording import counted

LEAST = 3
"""Of fewer values there is no plot."""

_ROOT = re.compile(r".*?<svg\b[^>]*?(?P<size>\bwidth=[^>]*?viewBox=\"[^\"]*\")[^>]*>", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_ID = re.compile(r' id="([^"]*)"')
_USE = re.compile(r'(?:url\(|href=")#([^")]*)')


def measured_table(known: Known, metric: str) -> Table:
    """Return the table of METRIC with a row for each step that has results in the period."""
    metrics, titles = known.metrics, known.experiments
    rows = [
        StepResult(
            experiment=ident,
            step=step,
            title=titles[ident].title,
            text="",
            file=titles[ident].file,
            line=titles[ident].line,
            repository=commit.repository,
            commit=commit.oid,
            abbreviation="",
            time=_local_time(commit),
            samples=tuple(metrics.samples(commit.oid, ident, step)),
        )
        for commit, ident, step in metrics.measured
    ]
    return make_table(rows, Asked(metrics=(metric,)))


def _local_time(commit: WorkCommit) -> int:
    """Return when COMMIT was made by the user's clock, as the axis knows no zone but UTC."""
    offset = datetime.fromtimestamp(commit.time).astimezone().utcoffset()
    return commit.time + (round(offset.total_seconds()) if offset is not None else 0)


def draw_plot(report: Report) -> str:
    """Return the plot of the metric that REPORT was asked for, as SVG; empty if it was for none.

    Another process draws it. Raises ExplogError `few-values`, `no-matplotlib` or `no-plot`.
    """
    table = report.measured
    if table is None:
        return ""
    cells = (row.metrics.get(report.metric) for row in table.rows)
    found = sum(cell is not None and cell.finite_mean is not None for cell in cells)
    if found < LEAST:
        reason = "; ".join(table.troubles) or f"it has {counted(found, 'values')} in the period"
        message = f"{report.metric} is not plotted, which takes {LEAST} values: {reason}"
        raise ExplogError("few-values", message)
    from explog.results.picture import draw_apart  # which takes long to import

    return _for_a_page(draw_apart(table, "date", "svg").decode(), report.metric)


def _for_a_page(svg: str, metric: str) -> str:
    """Return SVG, of matplotlib, so that it can stand in a page of HTML beside other pictures.

    No other picture has its ids, and its style is for itself alone.
    """
    name = f"plot-{hashlib.sha256(svg.encode()).hexdigest()[:8]}-"
    used = set(_USE.findall(svg))
    svg = _ID.sub(lambda m: f' id="{name}{m[1]}"' if m[1] in used else "", svg)
    svg = _USE.sub(lambda m: f"{m[0].removesuffix(m[1])}{name}{m[1]}", svg)
    svg = _METADATA.sub("", svg).replace(">*{", ">.plot *{")
    begin = (
        '<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img"'
        f' aria-label="{escape(metric)}" xmlns:xlink="http://www.w3.org/1999/xlink"'
    )
    return _ROOT.sub(lambda match: f"{begin} {match['size']}>", svg, count=1)
