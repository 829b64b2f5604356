"""Show or write the hashes that belong on steps: `explog backfill`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from explog.config import Settings
from explog.console import ask_index, bring_up_to_date, common, say_problems
from explog.printed import plan_json, print_diff
from explog.streams import say

if TYPE_CHECKING:
    from explog.index.database import Index
    from explog.plan.backfill import Written
    from explog.plan.plans import Plan
    from explog.sync.report import Unreadable


@click.command("backfill")
@click.option("--write", is_flag=True, help="Write the hashes into the logs.")
@common
def command(settings: Settings, as_json: bool, write: bool) -> None:
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
