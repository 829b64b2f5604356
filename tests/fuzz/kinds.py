"""The kinds of operations, by name, and what all of them choose from."""

import random
from collections.abc import Callable
from typing import Protocol, TypeVar

from fuzz.judge import Judge
from fuzz.logtext import Item
from fuzz.world import Repo, Unfit, World

T = TypeVar("T")


class Pick(random.Random):
    """Random choices in a world."""

    def __init__(self, seed: int, judge: Judge) -> None:
        super().__init__(seed)
        self.judge = judge
        self.world: World = judge.world

    def repo(self) -> Repo:
        """Choose a repository."""
        return self.choice(self.world.repos)

    def item(self) -> Item:
        """Choose a step; mostly one of few, so that commits meet."""
        return self.some(self.world.steps[:7] if self.random() < 0.7 else self.world.steps)

    def some(self, things: list[T]) -> T:
        """Choose one of THINGS; raise Unfit if there are none."""
        if not things:
            raise Unfit
        return self.choice(things)

    def reference(self) -> str:
        """Choose a step and return its reference."""
        item = self.item()
        return f"[e{item.experiment}.{item.number}]"

    def results(self) -> str:
        """Return the beginning of a subject of results."""
        return self.reference() + self.choice([" Results- ", " Results: ", " Results "])

    def words(self) -> str:
        """Return a few words that were not there before."""
        return self.world.name(self.choice(["Try ", "Fix ", "0.8", "Plot ", "Clean up "]))

    def author(self) -> dict[str, str]:
        """Choose an author, as variables for git."""
        if self.random() < 0.7:
            return {}
        return {"GIT_AUTHOR_NAME": "Bob Builder", "GIT_AUTHOR_EMAIL": "bob@example.org"}

    def any_commit(self, repo: Repo) -> str:
        """Choose a commit that a branch or HEAD of REPO reaches."""
        return self.some(repo.ask("rev-list", "--branches", "HEAD").split())


class Operation(Protocol):
    """Something that can be done to a world."""

    def __call__(self, pick: Pick) -> object: ...


OPERATIONS: dict[str, Operation] = {}
WEIGHTS: dict[str, float] = {}


def operation(weight: float = 1) -> Callable[[Operation], Operation]:
    """Register an operation under the name of its function; it is done WEIGHT times as often."""

    def register(function: Operation) -> Operation:
        name = function.__name__  # type: ignore[attr-defined]
        OPERATIONS[name] = function
        WEIGHTS[name] = weight
        return function

    return register
