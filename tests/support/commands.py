"""The commands of the program for a terminal, by name."""

import click

from explog.cli import main

_CONTEXT = click.Context(main)
COMMANDS = {
    name: command
    for name in main.list_commands(_CONTEXT)
    if (command := main.get_command(_CONTEXT, name)) is not None
}
