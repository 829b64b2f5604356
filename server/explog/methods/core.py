"""The methods that belong to no use case: settings, the doorbell, what is served."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict

from explog import __version__
from explog.config_file import from_mapping, keep_emacs_settings
from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.index.commits import pending_steps
from explog.rpc.client import Client
from explog.rpc.registry import method

# No clock is beyond, in seconds since 1970.
_LATEST = 1e12

log = logging.getLogger(__name__)


@method("noop", lane="fast")
def noop(_daemon: Daemon, _client: Client) -> list[object]:
    """Do nothing, which shows what a call costs by itself."""
    return []


@method("ring", lane="fast")
def ring(daemon: Daemon, _client: Client) -> bool:
    """Ring the doorbell: something may have changed."""
    daemon.bell.ring()
    return True


@method("configure", lane="slow")
def configure(daemon: Daemon, _client: Client, text: str) -> bool:
    """Take the settings, a JSON object with the names of the configuration file and `since`."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExplogError("bad-config", f"the settings are not JSON: {error}") from error
    if not isinstance(table, dict):
        raise ExplogError("bad-config", "the settings are not a JSON object")
    since = table.pop("since", None)
    if since is not None and not (isinstance(since, int | float) and 0 <= since <= _LATEST):
        raise ExplogError("bad-config", f"since: expected a time, not {str(since)[:40]}")
    daemon.configure(from_mapping(table), time.time() if since is None else float(since))
    try:
        keep_emacs_settings(table)
    except OSError as error:
        log.warning("the terminal will not know Emacs's settings: %s", error)
    return True


@method("status", lane="fast")
def status(daemon: Daemon, _client: Client) -> dict[str, object]:
    """Return what is served, as a plist: counts, problems, where the index is."""
    try:
        now = daemon.snapshot()
    except ExplogError:
        return {"version": __version__, "configured": False}
    return {
        "version": __version__,
        "configured": True,
        "index": str(now.index.path or ""),
        "index_problem": now.index.problem,
        "counts": now.index.counts()._asdict(),
        "progress": now.progress,
        "pending": len(pending_steps(now.index)),
        "problems": [asdict(problem) for problem in now.problems],
    }
