"""The method behind the completion of references in commit messages: `recent`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from explog.daemon.loop import Daemon
from explog.queries import recent as queries
from explog.refs import step_text
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk

_MOST = 8


class ReferenceRow(NamedTuple):
    """A reference to a step, or to a whole experiment where `step` is empty."""

    experiment: str
    step: str


@method("recent", lane="slow")
def recent(daemon: Daemon, _client: Client, folder: FileName) -> Bulk[ReferenceRow]:
    """Return what was committed last in the repository around FOLDER, newest first."""
    found = queries.recent(daemon.snapshot().index, Path(folder), _MOST)
    return Bulk([ReferenceRow(one.experiment, step_text(one.step)) for one in found])
