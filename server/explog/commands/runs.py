"""List the runs of the repositories: `explog runs`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.console import QueryCommand, common
from explog.errors import ExplogError
from explog.streams import say
from explog.wording import counted

if TYPE_CHECKING:
    from explog.runs.listing import FoundRun
    from explog.runs.record import RunRecord

_COLOURS = {"running": "cyan", "ok": "green", "failed": "red", "killed": "red", "lost": "red"}


@click.command("runs", cls=QueryCommand)
@click.argument("query", nargs=-1)
@click.option("--prune", is_flag=True, help="Say which runs would be removed for good.")
@click.option("--yes", is_flag=True, help="With --prune, remove them.")
@common
def command(
    settings: Settings, as_json: bool, query: tuple[str, ...], prune: bool, yes: bool
) -> None:
    """List the runs of the repositories, the newest first.

    QUERY chooses: state:failed, host:node7, branch:main, job:123, e201 with its steps, or text in
    the command, title, branch or name; a minus before a word leaves out what it is true of.
    """
    from explog.runs.query import select
    from explog.runs.record import to_json

    if yes and not prune:
        raise ExplogError("usage", "--yes is for --prune")
    if prune and not query:
        raise ExplogError("usage", "--prune needs a query, such as state:lost")
    found = select(all_runs(settings), query)
    if as_json:
        click.echo(json.dumps({"runs": [to_json(one.record) for one in found]}))
    else:
        for one in found:
            click.echo(_line(one.record))
    if prune:
        _prune([one.folder for one in found if one.record.state != "running"], yes)


def all_runs(settings: Settings) -> list[FoundRun]:
    """Return the runs of all repositories of SETTINGS, and those around us, the newest first."""
    from explog.runs.folder import runs_around, runs_folder, worktrees_of
    from explog.runs.listing import find_runs
    from explog.sync.history import roots_of
    from explog.sync.survey import survey

    names = settings.runs.folders
    repositories = survey(roots_of(settings)).found.values()
    places = worktrees_of((str(one.path), str(one.common_dir)) for one in repositories)
    folders = [runs_folder(name, place) for place in places for name in names]
    return find_runs([*folders, *runs_around(os.getcwd(), names)])


def _line(one: RunRecord) -> str:
    """Return ONE run as a line: how it is, when it began, where, and what it ran."""
    from explog.runs.commits import short_command
    from explog.runs.show import moment, one_line, outcome

    how = click.style(f"{one_line(outcome(one)):28}", fg=_COLOURS.get(one.state))
    title = one_line(one.title or short_command(one.argv))
    return f"{how} {moment(one.start)}  {one_line(one.host):12} [{one_line(one.reference)}] {title}"


def _prune(folders: Iterable[str], yes: bool) -> None:
    from explog.runs.prune import prune

    removed = 0
    for folder in folders:
        if yes:
            prune(folder)
        removed += 1
    said = f"{counted(removed, 'runs')} {'removed' if yes else 'to remove; do it with --yes'}"
    say(said if removed else "nothing to remove")
