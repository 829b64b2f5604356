"""Turn commits into the rows that the index keeps of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from explog.git.parse import CommitObject
from explog.index.commits import ClaimRow, CommitBatch, CommitRow
from explog.index.words import width
from explog.model import StepNumber
from explog.refs import Place, claims_of, split_message, step_text


class Recorded(NamedTuple):
    """A batch of commits, and the steps that the new ones among them claim."""

    batch: CommitBatch
    touched: set[tuple[str, StepNumber]]


class Generations(dict[str, int]):
    """The generations of a repository's commits; FIND returns those that are not known yet."""

    def __init__(self, find: Callable[[str], int]) -> None:
        self._find = find

    def __missing__(self, oid: str) -> int:
        found = self[oid] = self._find(oid)
        return found


class Recorder:
    """Records the commits of one repository, parents before children.

    Their generations are put into GENERATIONS. IS_NEW tells whether to look at a commit's claims.
    """

    def __init__(
        self,
        results: re.Pattern[str],
        generations: Generations,
        is_new: Callable[[CommitObject], bool],
    ) -> None:
        self._results = results
        self._generations = generations
        self._is_new = is_new
        self._count = 0

    def record(self, commits: Iterable[CommitObject]) -> Recorded:
        """Return the rows of COMMITS."""
        generations, number = self._generations, self._count
        rows: list[CommitRow] = []
        claims: list[ClaimRow] = []
        touched: set[tuple[str, StepNumber]] = set()
        for commit in commits:
            oid, parents, author, email, author_time, committer_time, message = commit
            generation = 1
            for parent in parents:  # max() takes twice as long
                if generations[parent] >= generation:
                    generation = generations[parent] + 1
            generations[oid] = generation
            subject, body = split_message(message)
            if "[e" in message:
                is_new = self._is_new(commit)
                for (ident, step), place, results in claims_of(subject, body, self._results):
                    claims.append((number, ident, step_text(step), int(place), results))
                    if is_new and step and place < Place.MENTION:
                        touched.add((ident, step))
            times = author_time, committer_time
            text = subject, body, width(message)
            rows.append((number, oid, author, email, *times, generation, *text))
            number += 1
        self._count = number
        return Recorded(CommitBatch(rows, claims), touched)
