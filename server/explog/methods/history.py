"""The methods between experiments and commits: `places`, `commits`, `find-commit`, ..."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.queries.history import commits_of, experiments_of_file
from explog.refs import Place, parse_step, step_text
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client

_HASH = re.compile(r"[0-9a-f]{7,64}")


def add(registry: Registry, service: Service) -> None:
    """Add the methods, bound to SERVICE, to REGISTRY."""

    @registry.method("places", lane="fast")
    def places(_client: Client, ident: str) -> object:
        """Return (FILES COMPLETE): the logs that have the experiment IDENT, as far as indexed."""
        found = service.ready_store().experiments([ident])
        return [list(dict.fromkeys(one.file for one in found)), service.looked]

    @registry.method("commits", lane="fast")
    def commits(_client: Client, ident: str, step: str) -> object:
        """Return a vector of the commits of an experiment or, if it is not empty, of its STEP.

        Each is [OID SHORT REPOSITORY AUTHOR TIME SUBJECT STEP PLACE RESULTS], the newest first.
        PLACE is where it bears the reference: "subject", "body" or "mention".
        """
        try:
            number = parse_step(step)
        except ValueError:
            raise ExplogError("bad-arguments", f"{step} is no number of a step") from None
        return wire.Bulk(
            [
                [
                    commit.oid,
                    commit.short,
                    commit.repository,
                    commit.author,
                    commit.committer_time,
                    commit.subject,
                    step_text(commit.step),
                    _place(commit.place),
                    commit.results,
                ]
                for commit in commits_of(service.ready_store(), ident, number)
            ]
        )

    @registry.method("find-commit", lane="fast")
    def find_commit(_client: Client, commit: str) -> object:
        """Return a vector of [OID REPOSITORY] for what COMMIT, at least seven digits, may be."""
        found = service.ready_store().commits_with_prefix(_hash(commit))
        return wire.Bulk([[oid, repository] for oid, repository in found])

    @registry.method("experiments-of-file", lane="slow")
    def of_file(_client: Client, path: str) -> object:
        """Return a vector of [EXPERIMENT COMMITS TIME] for the file or folder PATH, newest first.

        COMMITS is how many of its commits touched it, and TIME when the newest one was made.
        """
        if not os.path.isabs(path) or "\0" in path:
            raise ExplogError("bad-arguments", f"{path!r} is no absolute name of a file")
        touched = experiments_of_file(service.ready_store(), Path(os.path.realpath(path)))
        return wire.Bulk([[one.experiment, one.commits, one.time] for one in touched])


def _hash(text: str) -> str:
    if not _HASH.fullmatch(text):
        raise ExplogError("bad-arguments", f"{text} is no hash of a commit")
    return text


def _place(place: int) -> str:
    return Place(place).name.lower()
