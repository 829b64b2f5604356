"""Report what was done in a period: `explog report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.config_file import default_config_path
from explog.console import ask_index, common
from explog.streams import say

if TYPE_CHECKING:
    from explog.index.database import Index
    from explog.report.groups import By
    from explog.report.values import Report
    from explog.sync.report import Unreadable


@click.command("report")
@click.argument("period", default="week")
@click.argument("query", nargs=-1)
@click.option(
    "--format",
    "kind",
    help="By default the one that the name of FILE says, or else org.",
    type=click.Choice(["org", "md", "html", "latex", "json"]),
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write or renew FILE; - prints.",
)
@click.option(
    "--by",
    default="experiment",
    show_default=True,
    type=click.Choice(["experiment", "project", "repository"]),
    help="Group what is shown.",
)
@click.option("--author", default="all", show_default=True, help="me, all, or a part of a name.")
@click.option(
    "--sections", default="", metavar="NAMES", help="Show these, in this order: results,next."
)
@click.option("--metric", default="", metavar="NAME", help="Plot it, from three values on.")
@common
def command(
    settings: Settings,
    as_json: bool,
    period: str,
    query: tuple[str, ...],
    kind: str | None,
    output: Path | None,
    by: By,
    author: str,
    sections: str,
    metric: str,
) -> None:
    """Report what was concluded, tried and left open in PERIOD: week, last-week, 2w, 2018-06,
    2018-06-01..2018-06-14, since-last.

    QUERY chooses the experiments, as in `explog search`.
    """
    from explog.entries.text import EntryTexts
    from explog.queries.comparison import may_compare
    from explog.report.known import Request
    from explog.report.output import format_of, publish, read_period, report_sections
    from explog.report.sections import make_report
    from explog.wording import listed

    output = None if output == Path("-") else output
    days = read_period(period, output)
    names = report_sections(sections)
    request = Request(days, " ".join(query), author or "all", names, metric.strip())

    def make(index: Index, unread: list[Unreadable]) -> Report:
        said = (problem.message for problem in unread)
        return make_report(settings, index, EntryTexts(settings), request, said)

    _unread, made = ask_index(settings, make, values=may_compare(request.query))
    kind = "json" if as_json else kind or format_of(output)
    text, unplotted = publish(made, kind, by, default_config_path().parent, output)
    if text is not None:
        click.echo(text, nl=False)
    if unplotted is not None:
        say(unplotted.message)
    if not made.sections:
        say(f"nothing happened from {days.first} to {days.last}")
    if made.others:
        who = "you" if author == "me" else author
        say(f"{who} made no commit in these days; {listed(made.others, 10)} did")
    for problem in made.problems:
        say(problem)
    if made.problems or (unplotted is not None and unplotted.code != "few-values"):
        sys.exit(2)
