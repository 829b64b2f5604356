"""The same use cases for a terminal: `explog index|backfill|search|serve|doctor`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from explog import __version__
from explog.config import ARCHIVE, Settings
from explog.console import (
    bring_up_to_date,
    common,
    complain,
    failures,
    open_index,
    visible,
    with_options,
)

if TYPE_CHECKING:
    from explog.edits import Edit, Plan
    from explog.placement import Unplaced
    from explog.search import Hit


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@with_options
@click.version_option(__version__, prog_name="explog")
@click.pass_context
def main(context: click.Context, /, **values: Any) -> None:
    """Keep an org-mode experiment log true to git.

    The exit status is 1 when a command that looks for problems found some, and 2 when it could
    not do its work or a part of it.
    """
    context.obj = values


@main.command()
@common
def index(settings: Settings, as_json: bool) -> None:
    """Bring the index up to date with the logs and the repositories."""
    with open_index(settings) as store:
        problems = bring_up_to_date(settings, store)
        counts = asdict(store.counts())
    if as_json:
        click.echo(json.dumps({**counts, "problems": [asdict(problem) for problem in problems]}))
    else:
        said = {name: _counted(number, name) for name, number in counts.items()}
        click.echo(
            "{commits} in {repositories}, {experiments} with {steps} in {logs}".format(**said)
        )
    if problems:
        sys.exit(2)


def _counted(number: int, plural: str) -> str:
    """Return `1 log`, `2 logs`, `1 repository`."""
    if number != 1:
        return f"{number:,} {plural}"
    return f"1 {plural[:-3]}y" if plural.endswith("ies") else f"1 {plural[:-1]}"


@main.command()
@click.option("--write", is_flag=True, help="Write the hashes into the logs.")
@common
def backfill(settings: Settings, as_json: bool, write: bool) -> None:
    """Show, as a diff, which hashes belong behind which steps, and write them with --write."""
    from explog.backfill import plan
    from explog.writing import Written, carry_out, diff

    with open_index(settings) as store:
        problems = bring_up_to_date(settings, store)

        def plan_anew() -> Plan:
            bring_up_to_date(settings, store)
            return plan(settings, store)

        planned = plan(settings, store)
        text = b"" if as_json else diff(planned, settings)
        done = Written(planned.edits, planned.failures)
        if write:
            done = carry_out(planned, settings, plan_anew)
    if as_json:
        click.echo(json.dumps(_plan_json(done.edits, planned.unplaced)))
    else:
        _show_diff(text)
        for unplaced in planned.unplaced:
            complain(f"not placed: {unplaced.message}")
        _say_backfill(len(done.edits), write)
    for failure in done.failures:
        complain(failure.error.message)
    if problems or done.failures:
        sys.exit(2)


def _plan_json(edits: Iterable[Edit], unplaced: Iterable[Unplaced]) -> dict[str, object]:
    from explog.refs import step_text

    return {
        "edits": [
            {
                "file": edit.file,
                "line": edit.line,
                "experiment": edit.experiment,
                "step": step_text(edit.step),
                "repository": edit.repository,
                "commit": edit.commit,
                "old": edit.old,
                "new": edit.new,
            }
            for edit in edits
        ],
        "unplaced": [
            {
                "reason": one.reason,
                "reference": one.reference,
                "repository": one.repository,
                "commit": one.commit,
                "message": one.message,
            }
            for one in unplaced
        ],
    }


def _show_diff(text: bytes) -> None:
    """Print a diff: its very bytes to a program, its lines in colour to a person."""
    if not sys.stdout.isatty():
        if text:
            click.echo(text, nl=False)
        return
    for line in text.decode("utf-8", "replace").split("\n")[:-1]:
        style = next((style for sign, style in _DIFF_STYLES.items() if line.startswith(sign)), {})
        click.echo(click.style(visible(line.removesuffix("\r")), **style))


_DIFF_STYLES: dict[str, dict[str, Any]] = {
    "---": {"bold": True},
    "+++": {"bold": True},
    "@@": {"fg": "cyan"},
    "-": {"fg": "red"},
    "+": {"fg": "green"},
}


def _say_backfill(count: int, written: bool) -> None:
    steps = f"{count} step{'' if count == 1 else 's'}"
    if written:
        complain(f"{steps} written")
    elif count:
        complain(f"{steps} to write; do it with --write")
    else:
        complain("nothing to write")


@main.command()
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common
def search(settings: Settings, as_json: bool, query: tuple[str, ...], limit: int) -> None:
    """Search logs and commits for QUERY: words, "phrases", -word, OR, e201.1, a hash,
    kind: state: tag: repo: log: author: after: before:"""
    from explog.search import search as find

    with open_index(settings) as store:
        bring_up_to_date(settings, store)
        result = find(store, " ".join(query), limit)
    if as_json:
        hits = [asdict(hit) for hit in result.hits]
        click.echo(json.dumps({"total": result.total, "hits": hits}, ensure_ascii=False))
        return
    for hit in result.hits:
        click.echo(_hit_line(hit))
    if result.total > len(result.hits):
        click.echo(f"explog: {result.total - len(result.hits):,} more; see --limit", err=True)
    if not result.hits:
        click.echo("explog: nothing found", err=True)


def _hit_line(hit: Hit) -> str:
    """Return a hit as one line: where, which step, what; with the match marked by colour."""
    from explog.search import MARK_END, MARK_START

    if hit.commit is not None:
        where = f"{hit.repository}:{hit.commit[:10]}"
    else:
        archived = " (archived)" if str(hit.file).endswith(ARCHIVE) else ""
        where = f"{hit.file}:{hit.line}{archived}"
    names = ".".join(filter(None, (hit.experiment, hit.step)))
    name = click.style(f" [e{names}]", fg="yellow") if names else ""
    parts = hit.snippet.split(MARK_START)
    text = parts[0] + "".join(
        click.style(marked, bold=True, fg="red") + rest
        for marked, _mark, rest in (part.partition(MARK_END) for part in parts[1:])
    )
    return f"{click.style(where, fg='magenta')}:{name} {text}"


@main.command()
def serve() -> None:
    """Serve an Emacs: the token is read from stdin, the port is printed on stdout."""
    from explog.bridge.methods import make_registry
    from explog.bridge.server import serve as serve_emacs
    from explog.bridge.service import Service

    with failures():
        service = Service()
        status = serve_emacs(
            make_registry(service),
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            version=__version__,
            on_client_ready=service.client_ready,
        )
        service.close()
        sys.exit(status)


@main.command()
@common
def doctor(settings: Settings, as_json: bool) -> None:
    """Say what is right and what is not, and what to do about it."""
    from explog.doctor import examine

    findings = list(examine(settings))
    if as_json:
        click.echo(json.dumps({"findings": [asdict(finding) for finding in findings]}))
    else:
        for finding in findings:
            mark = click.style("ok ", fg="green") if finding.ok else click.style("NOT", fg="red")
            click.echo(f"{mark}  {finding.name}: {visible(finding.message)}")
            if finding.hint:
                click.echo(f"     -> {visible(finding.hint)}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


if __name__ == "__main__":
    main()
