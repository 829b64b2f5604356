"""The strays of one experiment, found by the steps and the commits that they may decide on.

Where a list was renumbered, nearly every step has one: the rule is not asked about all of them at
each step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from explog.model import Commit, Step, StepNumber
from explog.plan.rule import Stray


class Strays:
    """ALL strays of an experiment."""

    def __init__(self, strays: Iterable[Stray]) -> None:
        self.all = tuple(strays)
        self._of: dict[str, list[Stray]] = defaultdict(list)
        self._at: dict[StepNumber, list[Stray]] = defaultdict(list)
        for stray in self.all:
            self._of[stray.oid].append(stray)
            for number in {stray.stands, *stray.rightly}:
                self._at[number].append(stray)

    def is_one(self, commit: Commit) -> bool:
        """Tell whether COMMIT is one of them."""
        return commit.oid in self._of

    def concerning(self, step: Step, candidates: Iterable[Commit]) -> Sequence[Stray]:
        """Return those that `decide` has to know of STEP, which CANDIDATES claim.

        On a step that bears a hash, those are the ones that stand there and the CANDIDATES among
        them. Past one without a hash any may have moved.
        """
        if step.hash is None or not self.all:
            return self.all
        found = list(self._at.get(step.number, ()))
        for candidate in candidates:
            found += self._of.get(candidate.oid, ())
        return found
