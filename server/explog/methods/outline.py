"""The methods behind `explog-cache`: what Emacs keeps of experiments, to show it at once."""

from __future__ import annotations

from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.queries import outline
from explog.queries.outline import Description, OutlineRow
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk

_MOST = 5000


@method("describe", lane="fast")
def describe(
    daemon: Daemon, _client: Client, idents: list[str]
) -> tuple[bool, Bulk[str], Bulk[Description], Bulk[str]]:
    """Return (COMPLETE PROBLEMS ROWS OTHERS) for the experiments with one of IDENTS.

    Those that no log has are left out and, unless COMPLETE, also those that were not read yet.
    PROBLEMS are sentences that say which logs cannot be read. OTHERS are those of IDENTS that no
    log has and that are no mistake, as `2e` in `[e2e]`.
    """
    now = daemon.snapshot()
    rows = outline.describe(now.index, idents)
    others = outline.others(now.index, idents)
    return now.looked, Bulk(outline.problems(now.index)), Bulk(rows), Bulk(others)


@method("experiments", lane="slow")
def experiments(
    daemon: Daemon, _client: Client, after: int, most: int
) -> tuple[int | None, Bulk[str], Bulk[OutlineRow]]:
    """Return (NEXT FILES ROWS): up to MOST experiments after number AFTER, which is 0 at first.

    NEXT is the number to go on from, nil at the end.
    """
    if not 0 < most <= _MOST:
        raise ExplogError("bad-arguments", f"experiments: most must be from 1 to {_MOST}")
    files, rows, following = outline.outlines(daemon.snapshot().index, after, most)
    return following, Bulk(files), Bulk(rows)
