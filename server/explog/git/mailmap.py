"""Who somebody is, by the file `.mailmap` of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from explog.git.repository import Repository
from explog.git.run import run

Person: TypeAlias = tuple[str, str]
"""A name and an address."""

_PERSON = re.compile(r"(.*?) ?<([^<>]*)>")


def canonical(repository: Repository, people: Iterable[Person]) -> dict[Person, Person]:
    """Return who each of PEOPLE is by REPOSITORY's `.mailmap`; empty if it has none."""
    if not (repository.path / ".mailmap").is_file():
        return {}
    known = [one for one in dict.fromkeys(people) if _PERSON.fullmatch(f"{one[0]} <{one[1]}>")]
    asked = "".join(f"{name} <{mail}>\n" for name, mail in known)
    said = run(repository.path, "check-mailmap", "--stdin", stdin=asked.encode())
    found = [_PERSON.fullmatch(line) for line in said.decode("utf-8", "replace").splitlines()]
    pairs = zip(known, found, strict=False)
    return {one: (match[1], match[2]) for one, match in pairs if match is not None}
