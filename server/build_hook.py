"""Make the manual pages and the completion of shells while a wheel is built.

They are made from the commands themselves, so that they say what the program does. The wheel puts
them where `man` and the shells look for them, in `share/` beside the `bin/` of the program.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SERVER = Path(__file__).parent
COMPLETIONS = {
    "bash": "share/bash-completion/completions/explog",
    "zsh": "share/zsh/site-functions/_explog",
    "fish": "share/fish/vendor_completions.d/explog.fish",
}


class CustomBuildHook(BuildHookInterface[Any]):  # type: ignore[misc]  # hatchling may be missing
    """What hatchling calls."""

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Make the files in `build/`, and have the wheel take them."""
        os.environ.pop("XDG_CONFIG_HOME", None)  # a page is not for who builds the wheel alone
        sys.path.insert(0, str(SERVER))
        from explog import __version__
        from explog.cli import main

        made = {**manual_pages(main, __version__), **completions(main)}
        folder = Path(self.root) / "build"
        for name, text in made.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            build_data["shared_data"][str(path)] = name


def completions(command: click.Command) -> dict[str, str]:
    """Return {file: script} for the completion of COMMAND in each shell."""
    made = {}
    for shell, name in COMPLETIONS.items():
        found = get_completion_class(shell)
        if found is not None:
            completion = found(command, {}, "explog", "_EXPLOG_COMPLETE")
            # Not source(), which runs the shell that is there to see whether it is new enough.
            made[name] = completion.source_template % completion.source_vars()
    return made


def manual_pages(command: click.Group, version: str) -> dict[str, str]:
    """Return {file: page} for COMMAND and each command in it."""
    whole = click.Context(command, info_name="explog", **command.context_settings)
    pages = {"share/man/man1/explog.1": _page(whole, version)}
    for name in command.list_commands(whole):
        one = command.get_command(whole, name)
        if one is not None:
            context = click.Context(one, info_name=name, parent=whole)
            pages[f"share/man/man1/explog-{name}.1"] = _page(context, version)
    return pages


def _page(context: click.Context, version: str) -> str:
    command = context.command
    title = context.command_path.replace(" ", "-")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    lines = [
        f'.TH "{_roff(title.upper())}" "1" "" "explog {version}" "explog"',
        ".SH NAME",
        f"{_roff(title)} \\- {_roff(command.get_short_help_str(80).rstrip('.'))}",
        ".SH SYNOPSIS",
        _roff(usage),
        ".SH DESCRIPTION",
    ]
    for paragraph in (command.help or "").split("\n\n"):
        lines += [".PP", _roff(" ".join(paragraph.split()))]
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    records = [option.get_help_record(context) for option in options]
    lines += _listed("OPTIONS", [record for record in records if record is not None])
    if isinstance(command, click.Group):
        names = command.list_commands(context)
        found = ((name, command.get_command(context, name)) for name in names)
        lines += _listed("COMMANDS", [(n, c.get_short_help_str(200)) for n, c in found if c])
        others = ", ".join(f"explog-{name}(1)" for name in names)
        lines += [".SH SEE ALSO", _roff(others)]
    return "\n".join([*lines, ""])


def _listed(title: str, records: list[tuple[str, str]]) -> list[str]:
    lines = [f".SH {title}"] if records else []
    for name, said in records:
        lines += [".TP", f".B {_roff(name)}", _roff(said)]
    return lines


def _roff(text: str) -> str:
    """Return TEXT so that roff prints it as it is, on one line."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text[:1] in (".", "'") else text
