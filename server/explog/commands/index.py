"""Bring the index up to date: `explog index`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from explog.config import Settings
from explog.console import ask_index, common, say_problems
from explog.wording import counted


@click.command("index")
@common
def command(settings: Settings, as_json: bool) -> None:
    """Bring the index up to date with the logs and the repositories."""
    problems, counts = ask_index(settings, lambda index, _problems: index.counts()._asdict())
    say_problems(problems)
    if as_json:
        click.echo(json.dumps({**counts, "problems": [asdict(problem) for problem in problems]}))
    else:
        said = {name: counted(number, name) for name, number in counts.items()}
        click.echo(
            "{commits} in {repositories}, {experiments} with {steps} in {logs}".format(**said)
        )
    if problems:
        sys.exit(2)
