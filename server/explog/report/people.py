"""Whose work a report is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from explog.errors import ExplogError
from explog.git.configuration import configured
from explog.git.mailmap import Person, canonical
from explog.git.repository import open_repository
from explog.report.gather import WorkCommit, Worker


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
    commits = list(commits)
    if author == "all":
        return commits
    theirs = _who_is({_who(one) for one in commits}, author)
    return [one for one in commits if _who(one) in theirs]


def worked_on(workers: Mapping[str, Collection[Worker]], author: str) -> set[str]:
    """Return the experiments that AUTHOR worked on, as `by_author` has it.

    WORKERS has those who made commits for each experiment, with the names in these commits.
    """
    everyone = {one for some in workers.values() for one in some}
    by_repository: dict[str, set[Person]] = defaultdict(set)
    for path, name, email in everyone:
        by_repository[path].add((name, email))
    names = {path: _names(path, some) for path, some in by_repository.items()}
    known = {
        one: (one[0], *names[one[0]].get((one[1], one[2]), (one[1], one[2]))) for one in everyone
    }
    theirs = _who_is(set(known.values()), author)
    return {ident for ident, some in workers.items() if any(known[one] in theirs for one in some)}


def _who(commit: WorkCommit) -> Worker:
    return commit.repository, commit.author, commit.email


def _who_is(people: Collection[Worker], author: str) -> set[Worker]:
    """Return those of PEOPLE that AUTHOR means."""
    if author != "me":
        wanted = author.casefold()
        return {one for one in people if wanted in f"{one[1]} <{one[2]}>".casefold()}
    own = {path: _me(path) for path in {path for path, _name, _email in people}}
    return {
        (path, name, email)
        for path, name, email in people
        if (email == own[path][1] if own[path][1] else name == own[path][0])
    }


def _me(path: str) -> Person:
    repository = open_repository(Path(path))
    if repository is None:
        return "", ""
    name, email = (configured(repository, one) or "" for one in ("user.name", "user.email"))
    me = name, email
    return _names(path, {me}).get(me, me)
