"""The methods behind the number that a new experiment or step gets: `next-id`, `next-step`."""

from __future__ import annotations

from explog.daemon.loop import Daemon
from explog.errors import ExplogError
from explog.queries import numbers
from explog.refs import is_step, parse_step
from explog.rpc.client import Client
from explog.rpc.registry import method


@method("next-id", lane="fast")
def next_id(daemon: Daemon, _client: Client) -> int:
    """Return a number for a new experiment that no other one has or had."""
    return numbers.next_id(daemon.snapshot().index)


@method("next-step", lane="fast")
def next_step(daemon: Daemon, _client: Client, ident: str, parent: str) -> int:
    """Return a number for a new step of IDENT right beneath the step PARENT, empty for none."""
    if parent and not is_step(parent):
        raise ExplogError("bad-arguments", f"parent: expected the number of a step, not {parent!r}")
    return numbers.next_step(daemon.snapshot().index, ident, parse_step(parent))
