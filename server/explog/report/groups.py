"""Group the items of a section for showing them: by experiment, by project or by repository."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import groupby
from typing import Literal, NamedTuple

from explog.report.values import Item, Section

By = Literal["experiment", "project", "repository"]


class Part(NamedTuple):
    """An experiment, or the commits of a repository, and what is said of it line by line.

    `head` is the experiment's own item. Without one, `label` names the repository, and `total` says
    how many commits there are.
    """

    head: Item | None
    label: str
    lines: tuple[Item, ...]
    total: str = ""


class Group(NamedTuple):
    """What is shown under one heading; `label` is empty where experiments are not grouped."""

    label: str
    parts: tuple[Part, ...]


def groups(section: Section, by: By) -> list[Group]:
    """Return the items of SECTION, grouped BY the log's project or by the repository of commits."""
    parts = list(_parts(section))
    if by == "experiment":
        return [Group("", tuple(parts))]
    found: dict[str, list[Part]] = {}
    for part in parts:
        found.setdefault(_label(part, by), []).append(part)
    return [Group(label, tuple(some)) for label, some in sorted(found.items())]


def _parts(section: Section) -> Iterator[Part]:
    for _key, some in groupby(section.items, key=_whose):
        first, *others = some
        if first.experiment is not None:
            yield Part(first, "", tuple(others))
        else:
            total = ", ".join(first.facts)
            yield Part(None, _abbreviated(first.title), tuple(others), total)


def _whose(item: Item) -> tuple[str | None, str | None]:
    return item.experiment, item.file


def _repository(item: Item) -> str:
    return item.commit.repository if item.commit is not None else ""


def _label(part: Part, by: By) -> str:
    """Return the repository of PART's first commit, or the log that has the experiment."""
    if by == "repository":
        paths = (_repository(item) for item in part.lines if item.commit)
        return next(map(_abbreviated, paths), part.label)
    return _abbreviated(part.head.file) if part.head and part.head.file else part.label


def _abbreviated(path: str) -> str:
    """Return PATH with `~` for the home folder."""
    home = os.path.expanduser("~")
    return f"~{path.removeprefix(home)}" if path.startswith(f"{home}/") else path
