"""The methods behind `explog-report`: a report as an org file, or as a dynamic block of org."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

from explog.config_file import default_config_path
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk

if TYPE_CHECKING:
    # Loaded at the first report: every server would start later for them.
    from explog.report.groups import By
    from explog.report.values import Report


class ReportPicture(NamedTuple):
    """A picture of a report: the `name` of the file that it is put into, and its `svg`.

    `text` shows the same in a terminal, or is empty.
    """

    name: str
    svg: str
    text: str


@method("report", lane="slow")
def report(
    daemon: Daemon,
    _client: Client,
    period: str,
    query: str,
    author: str,
    by: str,
    sections: str,
    metric: str,
    stem: str,
) -> tuple[str, Bulk[ReportPicture], Bulk[str]]:
    """Return (TEXT PICTURES PROBLEMS): the report as org, its pictures, and what was not done.

    PERIOD is as in a terminal, but for "since-last". QUERY may be empty; AUTHOR is "all", "me" or a
    part of a name; BY is "experiment", "project" or "repository"; SECTIONS names some with commas
    between them, or is empty for all; METRIC is plotted unless it is empty. The text links to the
    files of the pictures, whose names begin with STEM. Errors are `bad-period`, `bad-query`,
    `bad-section`, `bad-grouping` and `bad-template`.
    """
    from explog.report.bars import bars
    from explog.report.output import draw_pictures
    from explog.report.values import Pictures
    from explog.report.writing import write_report

    made = _made(daemon, period, query, author, sections, metric)
    pictures, unplotted = draw_pictures(made, _templates())
    text = write_report(made, "org", _grouping(by), _templates(), pictures, stem)
    texts = Pictures(timeline=bars(made.timeline, made.period))
    rows = [
        ReportPicture(name, svg, shown)
        for name, svg, shown in zip(pictures.named(stem), pictures, texts, strict=True)
        if svg
    ]
    return text, Bulk(rows), Bulk(_problems(made, unplotted))


@method("report-block", lane="slow")
def report_block(
    daemon: Daemon,
    _client: Client,
    period: str,
    query: str,
    author: str,
    by: str,
    sections: str,
    metric: str,
    plot_file: str,
) -> tuple[str, str, Bulk[str]]:
    """Return (TEXT PLOT PROBLEMS): the report without headings, as in a dynamic block.

    PLOT is the SVG to be put into PLOT_FILE, which the text links to, or is empty. See `report`.
    """
    from explog.report.output import draw_pictures
    from explog.report.writing import write_block

    made = _made(daemon, period, query, author, sections, metric)
    pictures, unplotted = draw_pictures(made, _templates())
    name = plot_file if pictures.plot else ""
    text = write_block(made, _grouping(by), _templates(), name)
    return text, pictures.plot, Bulk(_problems(made, unplotted))


def _problems(made: Report, unplotted: ExplogError | None) -> list[str]:
    return [*made.problems, *([unplotted.message] if unplotted is not None else [])]


def _made(
    daemon: Daemon, period: str, query: str, author: str, sections: str, metric: str
) -> Report:
    from explog.entries.text import EntryTexts
    from explog.report.known import Request
    from explog.report.output import report_sections
    from explog.report.period import parse_period
    from explog.report.runs import of_worktrees
    from explog.report.sections import make_report

    request = Request(
        parse_period(period, date.today()),
        query,
        author or "all",
        report_sections(sections),
        metric.strip(),
    )
    with daemon.synced() as now:
        pass
    unread = (problem.message for problem in now.problems)
    daemon.runs.wait_for_look()
    runs = of_worktrees(daemon.runs.found, daemon.runs.worktrees)
    return make_report(now.settings, now.index, EntryTexts(now.settings), request, unread, runs)


def _grouping(by: str) -> By:
    from explog.report.groups import By

    for known in get_args(By):
        if by == known:
            return by  # type: ignore[return-value]  # get_args does not say what it returns
    raise ExplogError("bad-grouping", f"{by!r} is none of {', '.join(get_args(By))}")


def _templates() -> Path:
    return default_config_path().parent
