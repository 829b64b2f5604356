"""Show what the commits on steps gave: `explog results`."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.console import QueryCommand, ask_index, common, say_problems
from explog.streams import say

if TYPE_CHECKING:
    from explog.index.database import Index
    from explog.results.table import Table


@click.command("results", cls=QueryCommand)
@click.argument("query", nargs=-1, required=True, metavar="EXPERIMENT...|QUERY")
@click.option("--metrics", metavar="NAMES", help="Show these, in this order: acc,loss.")
@click.option(
    "--parameters", metavar="NAMES", help="Show these; by default those that differ: lr,batch."
)
@click.option("--best", metavar="max:METRIC|min:METRIC", help="Mark the best; several with commas.")
@click.option("--columns", metavar="NAMES", help="Show these: step,text,commit,metrics.")
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(["table", "org", "md", "csv", "latex"]),
)
@click.option("--all", "every", is_flag=True, help="Count each results commit of a step.")
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw instead, into FILE.svg, FILE.png or FILE.pdf.",
)
@click.option("--against", metavar="date|PARAMETER", help="What to plot against, if not the steps.")
@common
def command(
    settings: Settings,
    as_json: bool,
    query: tuple[str, ...],
    metrics: str | None,
    parameters: str | None,
    best: str | None,
    columns: str | None,
    form: str,
    every: bool,
    plot: Path | None,
    against: str | None,
) -> None:
    """Show what the commits on the steps of experiments gave: metrics, and what they differ in.

    EXPERIMENT is a number such as 201, or that of a step, 201.1. QUERY is as in `explog search`,
    and chooses experiments.
    """
    from explog.queries.comparison import may_compare
    from explog.results.asked import read_asked, read_names
    from explog.results.exchange import json_value
    from explog.results.find import find_table
    from explog.results.own_runs import runs_of
    from explog.results.picture import draw_file, picture_format
    from explog.results.render import render

    if plot is not None:
        picture_format(plot)
    asked = read_asked(metrics, parameters, best)
    words = " ".join(query)

    def find(index: Index, _problems: object) -> Table:
        runs = partial(runs_of, settings, index)
        return find_table(settings, index, words, asked, every=every, runs=runs)

    problems, table = ask_index(settings, find, values=may_compare(words))
    say_problems(problems)
    for trouble in table.troubles:
        say(trouble)
    if as_json:
        click.echo(json.dumps(json_value(table), ensure_ascii=False))
    if plot is not None:
        draw_file(table, against, plot)
    elif not as_json:
        named = read_names(columns or "") or None
        click.echo(render(table, form, named, partial(click.style, bold=True)), nl=False)
    if problems or table.troubles:
        sys.exit(2)
