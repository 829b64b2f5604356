"""A group's search: `explog lab init|publish|status|forget`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.console import ask_index, common, progress_bar, say_problems
from explog.streams import FAILED, say
from explog.wording import counted, visible

if TYPE_CHECKING:
    from explog.index.database import Index
    from explog.lab.changes import Changes, Unit
    from explog.lab.publish import Published


@click.group("lab")
def command() -> None:
    """Search what a group has tried: publish to its database, and see what is published.

    The configuration says where it is: lab = "postgresql://db.example.org/group". Then
    `explog search scope:lab QUERY` finds what all have published.
    """


@command.command("init")
@click.option("--member", "members", multiple=True, metavar="ROLE", help="Let ROLE take part.")
@click.option(
    "--remove", "removed", multiple=True, metavar="ROLE", help="Remove ROLE with all it published."
)
@common
def init(
    settings: Settings, as_json: bool, members: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    """Make the lab in its database, or renew it; you own it then, and say who takes part."""
    from explog.lab.connection import connected
    from explog.lab.schema import add_member, make, remove_member

    with connected(settings.group.address) as connection:
        version = make(connection)
        for name in removed:
            remove_member(connection, name)
        for name in members:
            add_member(connection, name)
    if as_json:
        click.echo(json.dumps({"version": version}))
    else:
        click.echo(f"the lab is ready, version {version}")


@command.command("publish")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@common
def publish(settings: Settings, as_json: bool, dry_run: bool) -> None:
    """Send what is public and was not sent, and withdraw what is public no more."""
    from explog.lab.changes import find_changes
    from explog.lab.connection import connected
    from explog.lab.memory import memory_of
    from explog.lab.publish import Publisher

    address = settings.group.address

    def ask(index: Index, _unread: object) -> tuple[Changes, Published | None]:
        with memory_of(address) as memory:
            if dry_run:
                changes = find_changes(settings, index, memory)
                for unit in changes.units:
                    _show(unit, as_json=as_json)
                for name in changes.gone:
                    _show_gone(name, as_json=as_json)
                return changes, None
            with connected(address) as connection, progress_bar() as progress:
                publisher = Publisher(connection, memory, progress)
                changes = find_changes(settings, index, memory)
                return changes, publisher.publish(changes)

    problems, (changes, done) = ask_index(settings, ask, values=True)
    say_problems(problems)
    for problem in changes.problems:
        say(problem)
    if done is not None and as_json:
        sent = {"commits": done.commits, "passages": done.passages, "withdrawn": done.withdrawn}
        click.echo(json.dumps({**sent, "problems": changes.problems}))
    elif done is not None:
        sent_of = (
            f"{counted(done.commits, 'commits')} and {counted(done.passages, 'passages')} of logs"
        )
        click.echo(f"published {sent_of}, withdrew {done.withdrawn:,}")
    if problems or changes.problems:
        sys.exit(FAILED)


def _show(unit: Unit, *, as_json: bool) -> None:
    """Print each row of UNIT that would be sent, and what would be withdrawn."""
    for row in unit.rows(unit.new):
        sent = {name: value for name, value in row.items() if name not in _MADE}
        if as_json:
            click.echo(json.dumps({"publish": unit.name, **sent}))
            continue
        if unit.project is None:
            names = ".".join(filter(None, (row["ident"], row["step"])))
            where = f"{unit.name} {row['kind']}" + (f" [e{names}]" if names else "")
        else:
            place = unit.project.url or unit.name
            where = f"{place}:{row['oid'][:10]} {row['author']} <{row['email']}>"
        click.echo(f"+ {visible(where)}: {' '.join(visible(row['said']).split())}")
    for key in unit.gone:
        _show_gone(f"{unit.name} {key}", as_json=as_json)


# What is made of a text for searching it.
_MADE = ("tokens", "folded", "folded_author", "digest", "version", "key")


def _show_gone(name: str, *, as_json: bool) -> None:
    click.echo(json.dumps({"withdraw": name}) if as_json else f"- {visible(name)}")


@command.command("status")
@common
def status(settings: Settings, as_json: bool) -> None:
    """Say who you are in the lab, and how much it has of yours."""
    from explog.lab.connection import connected
    from explog.lab.publish import status as ask

    with connected(settings.group.address) as connection:
        found = ask(connection)
    if as_json:
        click.echo(json.dumps(found))
        return
    commits, passages = counted(found["commits"], "commits"), counted(found["passages"], "passages")
    click.echo(
        f"you are {visible(found['member'])}, one of {counted(found['members'], 'members')};"
        f" of yours the lab has {commits} and {passages} of {counted(found['logs'], 'logs')}"
    )


@command.command("forget")
@common
def forget(settings: Settings, as_json: bool) -> None:
    """Withdraw all that you have published, from every machine."""
    from explog.lab.connection import connected
    from explog.lab.memory import memory_of
    from explog.lab.publish import forget as withdraw

    address = settings.group.address
    with memory_of(address) as memory, connected(address) as connection:
        withdraw(connection, memory)
    click.echo(
        json.dumps({"forgotten": True}) if as_json else "the lab has nothing of yours any more"
    )
