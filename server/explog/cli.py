"""The program for a terminal, `explog`: its options, and its commands, which are in `commands`."""

from __future__ import annotations

import os
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from explog import __version__, commands
from explog.console import with_options


class _Commands(click.Group):
    """The modules of `explog.commands`; a command is loaded when it is wanted."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(found.name for found in iter_modules(commands.__path__))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return the command NAME, if it exists."""
        if name not in self.list_commands(context):
            return None
        command: click.Command = import_module(f"{commands.__name__}.{name}").command
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@with_options
@click.version_option(__version__, prog_name="explog")
@click.pass_context
def main(context: click.Context, /, **values: Any) -> None:
    """Keep an org-mode experiment log true to git.

    The exit status is 1 when a command that looks for problems found some, and 2 when a command
    failed, or failed in part.
    """
    context.obj = values
    if os.environ.get("NO_COLOR"):
        context.color = False
