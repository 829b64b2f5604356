"""The method behind `explog-doctor`: what is right and what is wrong with the server's world."""

from __future__ import annotations

from collections.abc import Iterator

from explog.daemon.loop import Daemon
from explog.daemon.snapshot import Snapshot
from explog.doctor import Finding, examine
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk


@method("doctor", lane="slow")
def doctor(daemon: Daemon, _client: Client) -> Bulk[Finding]:
    """Return what was found about all that the server depends on."""
    now = daemon.snapshot()
    examined = list(examine(now.settings))
    if now.index.problem:  # an index in memory is instead of the file that was examined
        examined = [one for one in examined if one.name != "index"]
    findings = [*examined, *_of_daemon(daemon, now)]
    # The last look may have found the same problem as the examination just now.
    last = {finding.message: finding for finding in reversed(findings)}
    return Bulk([finding for finding in findings if last[finding.message] is finding])


def _of_daemon(daemon: Daemon, now: Snapshot) -> Iterator[Finding]:
    """Yield findings on what only a server has: an index in use, watches, problems."""
    if now.index.problem:
        yield Finding("index", False, now.index.problem, "make room, or make its folder writable")
    if daemon.healing.said:
        yield Finding("index", True, daemon.healing.said)
    if daemon.healing.failure:
        hint = "see the log of the server; please report it if you cannot help it"
        yield Finding("look", False, f"the last look failed: {daemon.healing.failure}", hint)
    watched, unwatched = daemon.bell.watched(), daemon.bell.unwatched
    message = f"{watched} folder{'' if watched == 1 else 's'} watched"
    if unwatched:
        seconds = f"{daemon.pace.seconds:.0f} s"
        message += f"; what happens in {len(unwatched)} more is seen within {seconds}"
    yield Finding("watches", True, message)
    if daemon.publishing.state:
        hint = "it is tried again; nothing of what is to be sent is lost"
        yield Finding("lab", daemon.publishing.reached, daemon.publishing.state, hint)
    for problem in now.problems:
        yield Finding("problem", False, problem.message, "see there")
