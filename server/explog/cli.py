"""The commands for a terminal: `explog index|backfill|check|search|results|report|serve|doctor`."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from explog import __version__
from explog.cli_runs import run, runs
from explog.config import Settings
from explog.config_file import default_config_path
from explog.console import (
    QueryCommand,
    ask_index,
    bring_up_to_date,
    common,
    failures,
    progress_bar,
    say,
    say_problems,
    with_options,
)
from explog.printed import check_json, hit_line, place_line, plan_json, print_diff
from explog.wording import counted, visible

if TYPE_CHECKING:
    from explog.checking.audit import FoundHash
    from explog.index.database import Index
    from explog.model import Problem
    from explog.plan.backfill import Written
    from explog.plan.plans import Plan
    from explog.report.groups import By
    from explog.sync.report import Unreadable


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
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


@main.command()
@common
def index(settings: Settings, as_json: bool) -> None:
    """Bring the index up to date with the logs and the repositories."""
    problems, counts = ask_index(settings, lambda index, _problems: asdict(index.counts()))
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


@main.command()
@click.option("--write", is_flag=True, help="Write the hashes into the logs.")
@common
def backfill(settings: Settings, as_json: bool, write: bool) -> None:
    """Show as a diff which hashes belong on which steps; write them with --write."""
    from explog.entries.diff import diff
    from explog.entries.text import EntryTexts
    from explog.ignored import read_dropped
    from explog.plan.backfill import Written, carry_out, wrong_cookies
    from explog.plan.planner import plan

    def ask(index: Index, problems: list[Unreadable]) -> tuple[Plan, bytes, Written]:
        def plan_now() -> Plan:
            return plan(settings, index, EntryTexts(settings), dropped=read_dropped())

        def plan_anew() -> Plan:
            problems[:] = bring_up_to_date(settings, index)
            return plan_now()

        planned = plan_now()
        text = b"" if as_json else diff(planned.changes, planned.texts)
        done = (
            carry_out(planned, plan_anew) if write else Written(planned.entries, planned.failures)
        )
        return planned, text, done

    problems, (planned, text, done) = ask_index(settings, ask)
    say_problems(problems)
    if as_json:
        click.echo(json.dumps(plan_json(done.edits, planned.unplaced, planned.dropped)))
    else:
        print_diff(text)
        for edit in done.edits:
            if edit.replaces:
                say(edit.long_message)
        for unplaced in planned.unplaced:
            say(f"not placed: {unplaced.message}")
        for edit in planned.dropped:
            say(f"dropped: {edit.message}")
        cookies = wrong_cookies(planned)
        if cookies:
            are = "cookie is" if cookies == 1 else "cookies are"
            say(f"{cookies} {are} wrong in these entries; M-x explog-check mends that")
        _say_backfill(len(done.edits), write)
    for failure in done.failures:
        say(failure.error.message)
    if problems or done.failures:
        sys.exit(2)


def _say_backfill(count: int, written: bool) -> None:
    steps = f"{count} step{'' if count == 1 else 's'}"
    if written:
        say(f"{steps} written")
    elif count:
        say(f"{steps} to write; do it with --write")
    else:
        say("nothing to write")


@main.command()
@click.option("--hashes", is_flag=True, help="Check every hash in the text of the logs, too.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="KIND[ REFERENCE]",
    help='Do not count these problems, as "dead-hash e201.1"; repeatable.',
)
@click.option(
    "--ignored", "list_ignored", is_flag=True, help="List the problems that are ignored instead."
)
@common
def check(
    settings: Settings,
    as_json: bool,
    hashes: bool,
    ignore: tuple[str, ...],
    list_ignored: bool,
) -> None:
    """List all problems, the most serious first; the exit status is 1 if there is one."""
    from explog.checking.audit import audit, dead_hashes
    from explog.checking.check import check as find
    from explog.checking.ignoring import split_ignored
    from explog.ignored import read_pattern

    patterns = (*settings.ignore, *ignore)
    for pattern in ignore:  # those of the configuration were read with it
        read_pattern(pattern)

    def ask(index: Index, unread: list[Unreadable]) -> tuple[list[Problem], list[FoundHash]]:
        with progress_bar() as progress:
            problems = find(settings, index, progress, unread)
            return problems, audit(settings, index, progress, unread) if hashes else []

    _unread, (problems, found) = ask_index(settings, ask)
    problems = sorted([*problems, *dead_hashes(found, problems)], key=lambda one: one.order)
    problems, ignored = split_ignored(problems, patterns)
    if as_json:
        click.echo(json.dumps(check_json(problems, found if hashes else None, ignored)))
    else:
        for problem in ignored if list_ignored else problems:
            click.echo(place_line(problem.file, problem.line, problem.kind, problem.message))
        for one in found:
            if one.lives and not list_ignored:
                click.echo(place_line(one.file, one.line, "hash", one.message))
        _say_check(problems, found, hashes, len(ignored))
    if problems:
        sys.exit(1)


def _say_check(
    problems: Sequence[Problem], found: Sequence[FoundHash], hashes: bool, ignored: int
) -> None:
    if hashes:
        living = [one for one in found if one.lives]
        places = {folder for one in living for folder in one.repositories}
        where = f"{len(living):,} alive in {counted(len(places), 'repositories')}"
        say(f"{counted(len(found), 'hashes')}: {where}, {len(found) - len(living):,} dead")
    said = counted(len(problems), "problems") if problems else "no problem found"
    say(f"{said}, {ignored:,} ignored" if ignored else said)


@main.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@common
def search(settings: Settings, as_json: bool, query: tuple[str, ...], limit: int) -> None:
    """Search logs and commits for QUERY: words, "phrases", -word, OR, e201.1, a hash,
    kind: state: tag: repo: log: author: after: before: metric:acc>0.9 param:lr=1e-3

    Where nothing has a word, what is spelled nearly so is shown.
    """
    from explog.queries.search import search as find

    words = " ".join(query)
    problems, result = ask_index(settings, lambda index, _problems: find(index, words, limit))
    say_problems(problems)
    if result.note:
        say(f"nothing found: {result.note}")
    if as_json:
        hits = [hit._asdict() for hit in result.hits]
        click.echo(json.dumps({"total": result.total, "hits": hits}, ensure_ascii=False))
    else:
        for hit in result.hits:
            click.echo(hit_line(hit))
        if result.total > len(result.hits):
            say(f"{result.total - len(result.hits):,} more; see --limit")
    if problems:
        sys.exit(2)


@main.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True, metavar="EXPERIMENT...|QUERY")
@click.option("--metrics", metavar="NAMES", help="Show these, in this order: acc,loss.")
@click.option(
    "--parameters", metavar="NAMES", help="Show these; by default those that differ: lr,batch."
)
@click.option("--best", metavar="max:METRIC|min:METRIC", help="Mark the best; several with commas.")
@click.option("--columns", metavar="NAMES", help="Show these: step,text,commit,metrics.")
@click.option(
    "--format",
    "form",
    default="table",
    show_default=True,
    type=click.Choice(["table", "org", "md", "csv", "latex"]),
)
@click.option("--all", "every", is_flag=True, help="Count each results commit of a step.")
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw instead, into FILE.svg, FILE.png or FILE.pdf.",
)
@click.option("--against", metavar="date|PARAMETER", help="What to plot against, if not the steps.")
@common
def results(
    settings: Settings,
    as_json: bool,
    query: tuple[str, ...],
    metrics: str | None,
    parameters: str | None,
    best: str | None,
    columns: str | None,
    form: str,
    every: bool,
    plot: Path | None,
    against: str | None,
) -> None:
    """Show what the commits on the steps of experiments gave: metrics, and what they differ in.

    EXPERIMENT is a number such as 201, or that of a step, 201.1. QUERY is as in `explog search`,
    and chooses experiments.
    """
    from explog.results.asked import read_asked, read_names
    from explog.results.exchange import json_value
    from explog.results.find import find_table
    from explog.results.picture import draw_file, picture_format
    from explog.results.render import render

    if plot is not None:
        picture_format(plot)
    asked = read_asked(metrics, parameters, best)
    words = " ".join(query)
    problems, table = ask_index(
        settings,
        lambda index, _problems: find_table(settings, index, words, asked, every=every),
    )
    say_problems(problems)
    for trouble in table.troubles:
        say(trouble)
    if as_json:
        click.echo(json.dumps(json_value(table), ensure_ascii=False))
    if plot is not None:
        draw_file(table, against, plot)
    elif not as_json:
        named = read_names(columns or "") or None
        click.echo(render(table, form, named, partial(click.style, bold=True)), nl=False)
    if problems or table.troubles:
        sys.exit(2)


@main.command()
@click.argument("period", default="week")
@click.argument("query", nargs=-1)
@click.option(
    "--format",
    "kind",
    default="org",
    show_default=True,
    type=click.Choice(["org", "md", "html", "latex", "json"]),
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path), help="Write or renew FILE."
)
@click.option(
    "--by",
    default="experiment",
    show_default=True,
    type=click.Choice(["experiment", "project", "repository"]),
    help="Group what is shown.",
)
@click.option("--author", default="all", show_default=True, help="me, all, or a part of a name.")
@click.option(
    "--sections", default="", metavar="NAMES", help="Show these, in this order: results,next."
)
@common
def report(
    settings: Settings,
    as_json: bool,
    period: str,
    query: tuple[str, ...],
    kind: str,
    output: Path | None,
    by: By,
    author: str,
    sections: str,
) -> None:
    """Report what was concluded, tried and left open in PERIOD: week, last-week, 2w, 2018-06,
    2018-06-01..2018-06-14, since-last.

    QUERY chooses the experiments, as in `explog search`.
    """
    from explog.entries.text import EntryTexts
    from explog.report.output import publish, read_period, report_sections
    from explog.report.sections import Request, make_report

    days = read_period(period, output)
    names = report_sections(sections)
    request = Request(days, " ".join(query), author, names)
    unread, made = ask_index(
        settings,
        lambda index, _unread: make_report(settings, index, EntryTexts(settings), request),
    )
    say_problems(unread)
    kind = "json" if as_json else kind
    text = publish(made, kind, by, default_config_path().parent, output)
    if text is not None:
        click.echo(text, nl=False)
    if not made.sections:
        say(f"nothing happened from {days.first} to {days.last}")
    for problem in made.problems:
        say(problem)
    if unread or made.problems:
        sys.exit(2)


main.add_command(run)
main.add_command(runs)


@main.command()
def serve() -> None:
    """Serve an Emacs, which starts this command itself.

    The token is read from stdin, the port is printed on stdout.
    """
    gc.disable()  # loading makes no garbage: to look for some takes a tenth of the time
    from explog.build import build_id
    from explog.daemon.loop import Daemon
    from explog.methods import all_methods
    from explog.rpc.registry import Application, Registry
    from explog.rpc.server import serve as serve_emacs

    with failures():
        daemon = Daemon()
        application = Application(
            Registry(all_methods()),
            context=daemon,
            version=__version__,
            build=build_id,
            on_failure=daemon.method_failed,
            on_client_ready=daemon.client_ready,
        )
        gc.freeze()
        gc.enable()
        status = serve_emacs(application, stdin=sys.stdin.buffer, stdout=sys.stdout)
        daemon.close()
        sys.exit(status)


@main.command()
@common
def doctor(settings: Settings, as_json: bool) -> None:
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


if __name__ == "__main__":
    main()
