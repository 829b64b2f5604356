"""What Emacs keeps of experiments, to show it without asking: `explog-cache.el`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explog.config import is_archive
from explog.daemon.loop import Service
from explog.errors import ExplogError
from explog.queries import outline
from explog.refs import step_text
from explog.rpc import wire
from explog.rpc.registry import Registry

if TYPE_CHECKING:
    from explog.rpc.connection import Client

_MOST = 5000


def add(registry: Registry, service: Service) -> None:
    """Add the methods that describe experiments."""

    @registry.method("describe", lane="fast")
    def describe(_client: Client, idents: object) -> object:
        """Return (COMPLETE PROBLEMS ROWS) for the experiments with one of the ids.

        A row is [id title todo done file line archived problem steps], a step [number box text
        hash line repository commit]. Those that no log has are left out, and also, unless
        COMPLETE, those that were not read yet. PROBLEMS says which logs cannot be read.
        """
        if not isinstance(idents, list) or not all(isinstance(ident, str) for ident in idents):
            raise ExplogError("bad-arguments", "describe takes a list of ids")
        complete = service.looked  # asked first: a look may end meanwhile
        store = service.ready_store()
        rows = [_row(description) for description in outline.describe(store, idents)]
        return [complete, wire.Bulk(outline.problems(store)), wire.Bulk(rows)]

    @registry.method("experiments", lane="slow")
    def experiments(_client: Client, after: object, most: object) -> object:
        """Return (NEXT FILES ROWS): MOST experiments behind number AFTER, 0 for the first.

        A row is [id title todo done file line archived ticked steps touched], FILE a place in
        FILES. NEXT is the number to go on from, nil at the end.
        """
        if not (isinstance(after, int) and isinstance(most, int) and 0 < most <= _MOST):
            message = f"experiments takes two numbers, the second of them 1 to {_MOST}"
            raise ExplogError("bad-arguments", message)
        found, following = outline.outlines(service.ready_store(), after, most)
        files = {file: place for place, file in enumerate(dict.fromkeys(r.file for r in found))}
        rows = [
            [r.ident, r.title, r.todo, bool(r.done), files[r.file], r.line,
             is_archive(r.file), r.ticked, r.steps, r.touched]
            for r in found
        ]  # fmt: skip
        return [following, wire.Bulk(list(files)), wire.Bulk(rows)]


def _row(description: outline.Description) -> list[object]:
    found = description.experiment
    steps: list[object] = []
    for step in found.steps:
        commit = description.commits.get(step.number)
        box = "X" if step.box == "x" else step.box
        where = [commit.repository, commit.oid] if commit else [None, None]
        line = found.line + step.line
        steps.append([step_text(step.number), box, step.text, step.hash, line, *where])
    head = [found.ident, found.title, found.todo, found.done, found.file, found.line]
    return [*head, description.archived, description.problem, steps]
