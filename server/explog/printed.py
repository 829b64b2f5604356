"""What the commands print: results as lines for people, and as JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from explog.config import is_archive
from explog.refs import step_text
from explog.wording import visible

if TYPE_CHECKING:
    from explog.checking.audit import FoundHash
    from explog.model import Problem
    from explog.plan.plans import Edit, Unplaced
    from explog.queries.search import Hit

_DIFF_STYLES: dict[str, dict[str, Any]] = {
    "---": {"bold": True},
    "+++": {"bold": True},
    "@@": {"fg": "cyan"},
    "-": {"fg": "red"},
    "+": {"fg": "green"},
}


def plan_json(
    edits: Iterable[Edit], unplaced: Iterable[Unplaced], dropped: Iterable[Edit]
) -> dict[str, object]:
    """Return what `backfill --json` prints; there is no `dropped` where nothing is."""
    said: dict[str, object] = {
        "edits": [{**_edit_json(edit), "old": edit.old, "new": edit.new} for edit in edits],
        "unplaced": [_row(one, _UNPLACED) for one in unplaced],
    }
    left_out = list(map(_edit_json, dropped))
    return {**said, "dropped": left_out} if left_out else said


_UNPLACED = ("reason", "reference", "repository", "commit", "message")


def _edit_json(edit: Edit) -> dict[str, object]:
    """Return what is printed of EDIT; `replaces` is there only if it replaces a dead hash."""
    row: dict[str, object] = {
        "file": edit.file,
        "line": edit.line,
        "experiment": edit.experiment.ident,
        "step": step_text(edit.step.number),
        "repository": edit.commit.repository,
        "commit": edit.commit.oid,
    }
    return {**row, "replaces": edit.replaces} if edit.replaces else row


def print_diff(text: bytes) -> None:
    """Print a diff: its bytes unchanged to a program, its lines in colour to a terminal."""
    if not sys.stdout.isatty():
        if text:
            click.echo(text, nl=False)
        return
    for line in text.decode("utf-8", "replace").split("\n")[:-1]:
        style = next((style for sign, style in _DIFF_STYLES.items() if line.startswith(sign)), {})
        click.echo(click.style(visible(line.removesuffix("\r")), **style))


def check_json(
    problems: Iterable[Problem],
    found: Iterable[FoundHash] | None,
    ignored: Sequence[Problem] = (),
) -> dict[str, object]:
    """Return what `check --json` prints; FOUND is None unless --hashes was given.

    There is no `ignored` where nothing is.
    """
    said: dict[str, object] = {"problems": [_row(problem, _PROBLEM) for problem in problems]}
    if ignored:
        said["ignored"] = [_row(problem, _PROBLEM) for problem in ignored]
    if found is not None:
        said["hashes"] = [_row(one, _HASH) for one in found]
    return said


_PROBLEM = ("kind", "file", "line", "experiment", "step", "message")
_HASH = ("file", "line", "hash", "state", "repositories", "commit", "now")


def _row(value: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}


def place_line(file: str | None, line: int | None, kind: str, message: str) -> str:
    """Return a line as compilers write it, which editors can follow."""
    where = ":".join(map(str, filter(None, (file or "explog", line))))
    colour = {"hash": "green"}.get(kind, "red")
    said = click.style(kind, fg=colour)
    return f"{click.style(visible(where), fg='magenta')}: {said}: {visible(message)}"


def hit_line(hit: Hit, members: Sequence[str] = ()) -> str:
    """Return a hit as one line: whose, if it is of MEMBERS, where, which step, what.

    The match is in colour.
    """
    from explog.queries.search import MARK_END, MARK_START

    if hit.commit is not None:
        where = f"{hit.repository}:{hit.commit[:10]}"
    else:
        archived = " (archived)" if is_archive(str(hit.file)) else ""
        where = ":".join(map(str, filter(None, (hit.file, hit.line)))) + archived
    names = ".".join(filter(None, (hit.experiment, hit.step)))
    said = hit.snippet.replace(MARK_START, "").replace(MARK_END, "")
    unsaid = names and f"[e{names}]" not in said
    name = click.style(f" [e{names}]", fg="yellow") if unsaid else ""
    parts = visible(hit.snippet).split(MARK_START)
    text = parts[0] + "".join(
        click.style(marked, bold=True, fg="red") + rest
        for marked, _mark, rest in (part.partition(MARK_END) for part in parts[1:])
    )
    whose = click.style(f"{visible(', '.join(members))} ", fg="cyan") if members else ""
    return f"{whose}{click.style(visible(where), fg='magenta')}:{name} {text}"
