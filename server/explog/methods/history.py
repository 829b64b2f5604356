"""The methods between experiments and commits: which logs, which commits, which experiments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from explog.daemon.loop import Daemon
from explog.digits import HASH
from explog.errors import ExplogError
from explog.index.commits import commits_with_prefix
from explog.index.logs import find_experiments
from explog.queries import history
from explog.queries.history import HistoryCommit, Touched
from explog.refs import parse_step
from explog.rpc.arguments import FileName
from explog.rpc.client import Client
from explog.rpc.registry import method
from explog.rpc.wire import Bulk


class FoundCommitRow(NamedTuple):
    """A commit that a hash may mean."""

    oid: str
    repository: str


@method("places", lane="fast")
def places(daemon: Daemon, _client: Client, ident: str) -> tuple[list[str], bool]:
    """Return (FILES COMPLETE): the logs that have the experiment IDENT.

    Unless COMPLETE, the logs are still being read and more may be found later.
    """
    now = daemon.snapshot()
    found = find_experiments(now.index, [ident])
    return list(dict.fromkeys(one.file for one in found)), now.looked


@method("commits", lane="fast")
def commits(daemon: Daemon, _client: Client, ident: str, step: str) -> Bulk[HistoryCommit]:
    """Return the commits of an experiment, or of its STEP unless that is empty, newest first."""
    try:
        number = parse_step(step)
    except ValueError:
        raise ExplogError("bad-arguments", f"{step} is not the number of a step") from None
    found = history.commits_of(daemon.snapshot().index, ident, number)
    return Bulk(found)


@method("find-commit", lane="fast")
def find_commit(daemon: Daemon, _client: Client, commit: str) -> Bulk[FoundCommitRow]:
    """Return what the hash COMMIT, of at least seven digits, may mean."""
    if not HASH.fullmatch(commit):
        raise ExplogError("bad-arguments", f"{commit} is not the hash of a commit")
    found = commits_with_prefix(daemon.snapshot().index, commit)
    return Bulk([FoundCommitRow(oid, repository) for oid, repository in found])


@method("experiments-of-file", lane="slow")
def experiments_of_file(daemon: Daemon, _client: Client, path: FileName) -> Bulk[Touched]:
    """Return the experiments whose commits changed the file or folder PATH, newest first."""
    if not os.path.isabs(path):
        raise ExplogError("bad-arguments", f"{path!r} is not an absolute file name")
    index = daemon.snapshot().index
    touched = history.experiments_of_file(index, Path(os.path.realpath(path)))
    return Bulk(touched)
