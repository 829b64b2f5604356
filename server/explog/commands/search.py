"""Search logs and commits: `explog search`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.console import QueryCommand, ask_index, common, say_problems
from explog.printed import hit_line
from explog.streams import say

if TYPE_CHECKING:
    from explog.runs.listing import FoundRun


@click.command("search", cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common
def command(settings: Settings, as_json: bool, query: tuple[str, ...], limit: int) -> None:
    """Search logs and commits for QUERY: words, "phrases", -word, OR, e201.1, a hash,
    kind: state: tag: repo: log: author: host: after: before: metric:acc>0.9 param:lr=1e-3

    Runs are found by kind:run, host:node7 or state:failed and the like.

    Where nothing has a word, what is spelled nearly so is shown.
    """
    from explog.queries.comparison import may_compare
    from explog.queries.query import may_ask_for_runs
    from explog.queries.search import search as find

    words = " ".join(query)
    runs: list[FoundRun] = []
    if may_ask_for_runs(words):
        from explog.commands.runs import all_runs

        runs = all_runs(settings)
    problems, result = ask_index(
        settings,
        lambda index, _problems: find(index, words, limit, runs=runs),
        values=may_compare(words),
    )
    say_problems(problems)
    if result.note:
        say(f"nothing found: {result.note}")
    if as_json:
        hits = [hit._asdict() for hit in result.hits]
        click.echo(json.dumps({"total": result.total, "hits": hits}, ensure_ascii=False))
    else:
        for hit in result.hits:
            click.echo(hit_line(hit))
        if result.total > len(result.hits):
            say(f"{result.total - len(result.hits):,} more; see --limit")
    if problems:
        sys.exit(2)
