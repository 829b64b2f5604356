"""Run a program and keep what it did: `explog run`."""

from __future__ import annotations

import sys
from typing import Any

import click

from explog.runs.options import HELP, OPTIONS, USAGE, spelled


class _RunCommand(click.Command):
    """`explog run`, whose words are read by `explog.runs`, which must start without click."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep all words as they are, unless they ask for help."""
        if ctx.resilient_parsing or args[:1] in (["-h"], ["--help"]):
            return super().parse_args(ctx, args)
        ctx.args = args
        return []

    def format_usage(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage as `explog.runs` has it."""
        program, _blank, rest = USAGE.partition(" ")
        formatter.write_usage(program, rest)


def _options() -> list[click.Parameter]:
    return [
        click.Option(
            [f"--{one.name}"],
            metavar=spelled(one).partition(one.name)[2].strip() or None,
            help=one.help,
            is_flag=not one.value,
            multiple=one.many,
            type=click.Choice(one.values) if one.values else None,
        )
        for one in OPTIONS
    ]


@click.command("run", cls=_RunCommand, params=_options(), help=HELP)
@click.pass_context
def command(context: click.Context, /, **_values: Any) -> None:
    """Hand all words to `explog.runs`."""
    from explog.runs.command import main as run_command

    config = (context.obj or {}).get("config")
    sys.exit(run_command([f"--config={config}"] * bool(config) + context.args))
