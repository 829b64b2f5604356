"""List what is wrong with the logs: `explog check`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from explog.commands.runs import all_runs
from explog.config import Settings
from explog.console import ask_index, common, progress_bar
from explog.printed import check_json, place_line
from explog.streams import say
from explog.wording import counted

if TYPE_CHECKING:
    from explog.checking.audit import FoundHash
    from explog.index.database import Index
    from explog.model import Problem
    from explog.sync.report import Unreadable


@click.command("check")
@click.option("--hashes", is_flag=True, help="Check every hash in the text of the logs, too.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="KIND[ REFERENCE]",
    help='Do not count these problems, as "dead-hash e201.1"; repeatable.',
)
@click.option(
    "--ignored", "list_ignored", is_flag=True, help="List the problems that are ignored instead."
)
@common
def command(
    settings: Settings,
    as_json: bool,
    hashes: bool,
    ignore: tuple[str, ...],
    list_ignored: bool,
) -> None:
    """List all problems, the most serious first; the exit status is 1 if there is one."""
    from explog.checking.audit import audit, dead_hashes
    from explog.checking.check import check as find
    from explog.checking.ignoring import split_ignored
    from explog.ignored import read_pattern

    patterns = (*settings.ignore, *ignore)
    for pattern in ignore:  # those of the configuration were read with it
        read_pattern(pattern)

    def ask(index: Index, unread: list[Unreadable]) -> tuple[list[Problem], list[FoundHash]]:
        with progress_bar() as progress:
            problems = find(settings, index, progress, unread, all_runs(settings))
            return problems, audit(settings, index, progress, unread) if hashes else []

    _unread, (problems, found) = ask_index(settings, ask)
    problems = sorted([*problems, *dead_hashes(found, problems)], key=lambda one: one.order)
    problems, ignored = split_ignored(problems, patterns)
    if as_json:
        click.echo(json.dumps(check_json(problems, found if hashes else None, ignored)))
    else:
        for problem in ignored if list_ignored else problems:
            click.echo(place_line(problem.file, problem.line, problem.kind, problem.message))
        for one in found:
            if one.lives and not list_ignored:
                click.echo(place_line(one.file, one.line, "hash", one.message))
        _say_check(problems, found, hashes, len(ignored))
    if problems:
        sys.exit(1)


def _say_check(
    problems: Sequence[Problem], found: Sequence[FoundHash], hashes: bool, ignored: int
) -> None:
    if hashes:
        living = [one for one in found if one.lives]
        places = {folder for one in living for folder in one.repositories}
        where = f"{len(living):,} alive in {counted(len(places), 'repositories')}"
        say(f"{counted(len(found), 'hashes')}: {where}, {len(found) - len(living):,} dead")
    said = counted(len(problems), "problems") if problems else "no problem found"
    say(f"{said}, {ignored:,} ignored" if ignored else said)
