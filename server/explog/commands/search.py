"""Search logs and commits: `explog search`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.console import QueryCommand, ask_index, common, say_problems
from explog.errors import ExplogError
from explog.printed import hit_line
from explog.streams import say

if TYPE_CHECKING:
    from explog.index.database import Index
    from explog.lab.searching import FromLab, GroupHit, GroupResult
    from explog.queries.search import Hit, SearchResult
    from explog.runs.listing import FoundRun


@click.command("search", cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common
def command(settings: Settings, as_json: bool, query: tuple[str, ...], limit: int) -> None:
    """Search logs and commits for QUERY: words, "phrases", -word, OR, e201.1, a hash,
    kind: state: tag: repo: log: author: host: after: before: metric:acc>0.9 param:lr=1e-3 scope:lab

    Runs are found by kind:run, host:node7 or state:failed and the like.

    Where nothing has a word, what is spelled nearly so is shown.
    """
    from explog.queries.comparison import may_compare
    from explog.queries.query import may_ask_for_runs
    from explog.queries.search import search as find

    words = " ".join(query)
    found, trouble = _ask_lab(settings, words, limit)
    runs: list[FoundRun] = []
    if may_ask_for_runs(words):
        from explog.commands.runs import all_runs

        runs = all_runs(settings)

    def ask(index: Index, _problems: object) -> SearchResult | GroupResult:
        if found is None:
            return find(index, words, limit, runs=runs)
        from explog.lab.searching import search_group

        return search_group(index, words, limit, found, runs)

    problems, result = ask_index(settings, ask, values=may_compare(words))
    say_problems(problems)
    if trouble is not None:
        say(trouble.message)
    if result.note:
        say(f"nothing found: {result.note}")
    if as_json:
        hits = list(map(_as_json, result.hits))
        click.echo(json.dumps({"total": result.total, "hits": hits}, ensure_ascii=False))
    else:
        for hit in result.hits:
            click.echo(_line(hit))
        if result.total > len(result.hits):
            say(f"{result.total - len(result.hits):,} more; see --limit")
    if problems or trouble is not None:
        sys.exit(2)


def _ask_lab(
    settings: Settings, words: str, limit: int
) -> tuple[FromLab | None, ExplogError | None]:
    """Return what the lab finds, if it is to be asked, and why it could not be asked."""
    from explog.queries.query import asks_lab, parse

    try:
        query = parse(words)
    except ExplogError:
        return None, None  # the index has more to say on what is wrong
    if not asks_lab(query, settings.group):
        return None, None
    from explog.lab.searching import ask

    try:
        return ask(settings.group.address, query, limit), None
    except ExplogError as error:
        return None, error


def _line(hit: Hit | GroupHit) -> str:
    from explog.queries.search import Hit

    return hit_line(hit) if isinstance(hit, Hit) else hit_line(hit.hit, hit.members)


def _as_json(hit: Hit | GroupHit) -> dict[str, object]:
    """Return a hit as it is printed; one of a group's search says whose it is, and its page."""
    from explog.queries.search import Hit

    if isinstance(hit, Hit):
        return hit._asdict()
    return {**hit.hit._asdict(), "members": hit.members, "page": hit.page}
