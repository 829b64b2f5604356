"""Examine what explog depends on: `explog doctor`."""

from __future__ import annotations

import json
import sys

import click

from explog.config import Settings
from explog.console import common
from explog.wording import visible


@click.command("doctor")
@common
def command(settings: Settings, as_json: bool) -> None:
    """Examine git, logs, repositories and index; say what is wrong and what to do about it."""
    from explog.doctor import examine

    findings = list(examine(settings))
    if as_json:
        click.echo(json.dumps({"findings": [finding._asdict() for finding in findings]}))
    else:
        for finding in findings:
            mark = click.style("ok ", fg="green") if finding.ok else click.style("NOT", fg="red")
            click.echo(f"{mark}  {finding.name}: {visible(finding.message)}")
            if finding.hint:
                click.echo(f"     -> {visible(finding.hint)}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)
