"""explog itself, run on a world by its commands; what it prints is all that is known of it."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from explog.cli import main
from fuzz.world import World


class BrokenError(AssertionError):
    """explog did not do its work."""


def options(world: World, index: str, *, relative: bool = False) -> list[str]:
    """Return the options that name all of WORLD."""
    folder = Path() if relative else world.folder
    found = ["--index", str(folder / index)]
    for log in world.logs:
        found += ["--log", str(folder / log)]
    for repo in world.repos:
        found += ["--repo", str(folder / repo.name)]
    return found


def explog(world: World, *command: str, index: str = "index") -> dict[str, Any]:
    """Run explog with COMMAND and `--json`; raise BrokenError if it fails or complains."""
    done = CliRunner().invoke(main, [*command, "--json", *options(world, index)])
    status = {0, 1} if command[0] == "check" else {0}
    if done.exit_code not in status or done.stderr.strip():
        trouble = "" if done.exception is None else repr(done.exception)
        raise BrokenError(f"{command}: status {done.exit_code} {done.stderr}{trouble}")
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer
