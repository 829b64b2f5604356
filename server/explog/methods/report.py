"""The methods behind `explog-report`: a report as an org file, or as a dynamic block of org."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, get_args

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


@method("report", lane="slow")
def report(
    daemon: Daemon,
    _client: Client,
    period: str,
    query: str,
    author: str,
    by: str,
    sections: str,
    timeline_file: str,
) -> tuple[str, str, Bulk[str]]:
    """Return (TEXT SVG PROBLEMS): the report as org, its timeline, and what could not be read.

    PERIOD is as in a terminal, but for "since-last". QUERY may be empty; AUTHOR is "all", "me" or a
    part of a name; BY is "experiment", "project" or "repository"; SECTIONS names some with commas
    between them, or is empty for all. The text links to TIMELINE_FILE, the name of the file that
    SVG will be put into, unless that is empty. Errors are `bad-period`, `bad-query`,
    `bad-section`, `bad-grouping` and `bad-template`.
    """
    from explog.report.writing import timeline, write_report

    made = _made(daemon, period, query, author, sections)
    name = timeline_file if made.timeline else ""
    text = write_report(made, "org", _grouping(by), _templates(), name)
    svg = timeline(made, _templates()) if name else ""
    return text, svg, Bulk(made.problems)


@method("report-block", lane="slow")
def report_block(
    daemon: Daemon, _client: Client, period: str, query: str, author: str, by: str, sections: str
) -> tuple[str, Bulk[str]]:
    """Return (TEXT PROBLEMS): the report without headings, as in a dynamic block; see `report`."""
    from explog.report.writing import write_block

    made = _made(daemon, period, query, author, sections)
    return write_block(made, _grouping(by), _templates()), Bulk(made.problems)


def _made(daemon: Daemon, period: str, query: str, author: str, sections: str) -> Report:
    from explog.entries.text import EntryTexts
    from explog.report.known import Request
    from explog.report.output import report_sections
    from explog.report.period import parse_period
    from explog.report.sections import make_report

    request = Request(
        parse_period(period, date.today()), query, author or "all", report_sections(sections)
    )
    with daemon.synced() as now:
        pass
    unread = (problem.message for problem in now.problems)
    return make_report(now.settings, now.index, EntryTexts(now.settings), request, unread)


def _grouping(by: str) -> By:
    from explog.report.groups import By

    for known in get_args(By):
        if by == known:
            return by  # type: ignore[return-value]  # get_args does not say what it returns
    raise ExplogError("bad-grouping", f"{by!r} is none of {', '.join(get_args(By))}")


def _templates() -> Path:
    return default_config_path().parent
