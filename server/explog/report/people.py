"""Whose work a report is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from explog.errors import ExplogError
from explog.git.configuration import configured
from explog.git.mailmap import Person, canonical
from explog.git.repository import open_repository
from explog.report.gather import WorkCommit


def with_names(commits: Iterable[WorkCommit]) -> list[WorkCommit]:
    """Return COMMITS with their authors named as the `.mailmap` of their repository has it."""
    commits = list(commits)
    people: dict[str, set[Person]] = defaultdict(set)
    for commit in commits:
        people[commit.repository].add((commit.author, commit.email))
    names = {path: _names(path, some) for path, some in people.items()}
    return [_renamed(commit, names[commit.repository]) for commit in commits]


def _names(path: str, people: set[Person]) -> dict[Person, Person]:
    repository = open_repository(Path(path))
    try:
        return canonical(repository, people) if repository is not None else {}
    except ExplogError:
        return {}


def _renamed(commit: WorkCommit, names: dict[Person, Person]) -> WorkCommit:
    author, email = names.get((commit.author, commit.email), (commit.author, commit.email))
    return commit._replace(author=author, email=email)


def by_author(commits: Iterable[WorkCommit], author: str) -> list[WorkCommit]:
    """Return those of COMMITS that AUTHOR made: "all", "me", or a part of a name or an address.

    "me" is who git would make a commit as, in the repository of the commit.
    """
    if author == "all":
        return list(commits)
    if author != "me":
        wanted = author.casefold()
        return [one for one in commits if wanted in f"{one.author} <{one.email}>".casefold()]
    own: dict[str, Person] = {}
    found = []
    for commit in commits:
        if commit.repository not in own:
            own[commit.repository] = _me(commit.repository)
        name, email = own[commit.repository]
        if (email and commit.email == email) or (not email and commit.author == name):
            found.append(commit)
    return found


def _me(path: str) -> Person:
    repository = open_repository(Path(path))
    if repository is None:
        return "", ""
    name, email = (configured(repository, one) or "" for one in ("user.name", "user.email"))
    me = name, email
    return _names(path, {me}).get(me, me)
