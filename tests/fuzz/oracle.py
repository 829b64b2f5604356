"""The rule of the hash once more, naive and slow: what may stand on each step after explog ran.

Where the rule leaves a choice, every right answer is allowed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from fuzz.history import Commit, History, State, Step
from fuzz.logtext import Entry, Item, given_twice, read_log

Tick = Literal["tick", "same"]


class Outcome(NamedTuple):
    """One right answer: the commit whose hash stands there (None: what stood there), the box."""

    oid: str | None
    box: Tick = "same"


@dataclass
class Verdict:
    """What is right for one step, and why; `reasons` must be named as not placed."""

    item: Item
    outcomes: set[Outcome]
    why: str
    reasons: set[str] = field(default_factory=set)
    chosen: set[str] = field(default_factory=set)


@dataclass
class Memory:
    """The commits that explog saw as long as it kept its index."""

    seen: set[str] = field(default_factory=set)


@dataclass
class World:
    """What the oracle is asked about."""

    logs: dict[Path, str]
    repositories: list[Path]
    state: State
    memory: Memory


class Oracle:
    """Says what may stand on the steps of the logs."""

    def __init__(self, history: History, world: World) -> None:
        self.history = history
        self.world = world
        self.entries = {path: read_log(text) for path, text in world.logs.items()}
        self.ids: dict[str, list[Path]] = {}
        for path, entries in self.entries.items():
            for entry in entries:
                self.ids.setdefault(entry.id, []).append(path)
        self.claims: dict[Step, list[Commit]] = {}
        self.reachable = [history.commits[oid] for oid in world.state.reachable]
        for commit in self.reachable:
            for step in commit.claims:
                self.claims.setdefault(step, []).append(commit)

    @property
    def items(self) -> list[Item]:
        """All steps of all logs."""
        logs = self.entries.values()
        return [item for entries in logs for entry in entries for item in entry.items]

    def verdicts(self) -> dict[Path, list[Verdict]]:
        """Return what is right for each step of each log."""
        return {
            path: [self._verdict(path, entry, item) for entry in entries for item in entry.items]
            for path, entries in self.entries.items()
        }

    # Rule 6: which log a repository means by an id

    def owner(self, repository: Path, id_: str) -> Path | None:
        """Return the log that REPOSITORY means by the experiment ID_, None if nobody can tell."""
        logs = self.ids.get(id_, [])
        if len(logs) == 1:
            return logs[0]
        inside = [log for log in logs if repository in log.parents]
        return inside[0] if len(inside) == 1 else None

    def _means(self, commit: Commit, id_: str, log: Path) -> bool:
        repositories = self.world.state.reachable[commit.oid]
        return any(self.owner(repository, id_) == log for repository in repositories)

    # Rule 2: which commit stands

    def chosen(self, log: Path, step: Step) -> tuple[set[str], int]:
        """Return the best of the commits that claim STEP, and how strongly they claim it."""
        claims = [one for one in self.claims.get(step, []) if self._means(one, step[0], log)]
        if not claims:
            return set(), -1
        strength = max(one.claims[step] for one in claims)
        best = [one for one in claims if one.claims[step] == strength]
        newest = max((one.author_time, one.time) for one in best)
        last = {one.oid for one in best if (one.author_time, one.time) == newest}
        last = {
            oid for oid in last if not any(self.history.comes_after(other, oid) for other in last)
        }
        return last & self.world.state.by_head or last, strength

    # What a hash in the log is

    def resolve(self, digits: str | None) -> Commit | None:
        """Return the reachable commit with DIGITS."""
        if digits is None:
            return None
        found = [oid for oid in self.world.state.reachable if oid.startswith(digits.lower())]
        return self.history.commits[found[0]] if found else None

    def recall(self, digits: str) -> Commit | None:
        """Return the commit with DIGITS that no branch reaches, if git or the index knows it."""
        digits = digits.lower()
        seen = [oid for oid in self.world.memory.seen if oid.startswith(digits)]
        if seen:
            return self.history.commits[seen[0]]
        return self.history.find(digits, self.world.repositories)

    def successors(self, dead: Commit) -> set[str]:
        """Return what became of the commit DEAD."""
        key = dead.author, dead.author_time, dead.subject
        same = {
            one.oid for one in self.reachable if (one.author, one.author_time, one.subject) == key
        }
        if same:
            return same
        patch = self.history.patch(dead.oid, self.world.repositories)
        if patch is None:
            return set()
        patches = [
            one
            for one in self.reachable
            if self.history.patch(one.oid, self.world.repositories) == patch
        ]
        if len(patches) > 1:
            patches = [one for one in patches if (one.author, one.author_time) == key[:2]]
        return {one.oid for one in patches} if len(patches) == 1 else set()

    # Rule 5: renumbered lists

    def is_stray(self, item: Item, commit: Commit | None) -> bool:
        """Tell whether COMMIT claims other steps of the experiment than ITEM, where it stands."""
        if commit is None or item.step in commit.claims:
            return False
        return any(id_ == item.experiment for id_, _number in commit.claims)

    def strays(self, log: Path, id_: str) -> set[str]:
        """Return the commits whose hash stands on a step of the experiment they do not claim."""
        items = [item for entry in self.entries[log] for item in entry.items if entry.id == id_]
        found = [(item, self.resolve(item.digits)) for item in items]
        return {commit.oid for item, commit in found if commit and self.is_stray(item, commit)}

    def _is_renumbered(self, log: Path, chosen: set[str], step: Step) -> bool:
        """Tell whether a commit that is as new as those CHOSEN stands, or stood, on a wrong step.

        The rule asks this only of the commit that it chooses. Where the list was renumbered since
        a newer commit, an older one knows the numbers before, too: then nothing may be written.
        """
        times = [self.history.commits[oid].author_time for oid in chosen] or [2**63]
        for entry in self.entries[log]:
            for item in entry.items if entry.id == step[0] else ():
                if item.digits is None or item.step == step:
                    continue
                stands = self.resolve(item.digits) or self.recall(item.digits)
                if stands and self.is_stray(item, stands) and min(times) <= stands.author_time:
                    return True
        return False

    def _arrives_elsewhere(self, log: Path, chosen: set[str], item: Item) -> bool:
        """Tell whether one of those CHOSEN takes the place of a dead hash on a wrong step.

        It stands there after this run, though not yet: the rule does not say which counts.
        """
        for other in [one for entry in self.entries[log] for one in entry.items]:
            if other.experiment != item.experiment or not other.digits or other.line == item.line:
                continue
            dead = None if self.resolve(other.digits) else self.recall(other.digits)
            if dead is None or not self.is_stray(other, dead):
                continue
            own = item.digits is not None and dead.oid.startswith(item.digits.lower())
            if not own and chosen & self.successors(dead):
                return True
        return False

    # The verdict

    def _verdict(self, log: Path, entry: Entry, item: Item) -> Verdict:
        step = item.step
        chosen, strength = self.chosen(log, step)
        why = f"chosen {sorted(oid[:7] for oid in chosen)} (strength {strength})"
        verdict = Verdict(item, set(), why, chosen=chosen)
        keep = Outcome(None)
        place = {Outcome(oid, "tick" if strength >= 2 else "same") for oid in chosen} or {keep}
        twice = step[1] in given_twice(entry.items) or len(self.ids[step[0]]) > len(
            set(self.ids[step[0]])
        )
        blocked = chosen & self.strays(log, step[0])
        if twice and chosen:
            place = {keep}
            verdict.reasons = {"ambiguous"}
        elif blocked:
            place = {one for one in place if one.oid not in blocked} | {keep}
            here = self.resolve(item.digits)
            stands = here and here.oid in chosen and (strength < 2 or item.box == "X")
            verdict.reasons = {"renumbered"} if blocked == chosen and not stands else set()
            verdict.why += ", renumbered"
        return self._by_what_stands_there(log, verdict, place)

    def _by_what_stands_there(self, log: Path, verdict: Verdict, place: set[Outcome]) -> Verdict:
        item, keep = verdict.item, Outcome(None)
        verdict.outcomes = place
        if self._arrives_elsewhere(log, verdict.chosen, item):
            place = place | {keep}
            verdict.outcomes, verdict.reasons = place, set()
        if item.digits is None:
            self._allow_to_wait(log, verdict)
            return verdict
        here = self.resolve(item.digits)
        if here:
            verdict.why += f", here {here.oid[:7]}"
            if item.step not in here.spoken_of:
                verdict.why += " by hand"
                verdict.outcomes = {keep}
                verdict.reasons |= {"kept-by-hand", "renumbered"} if verdict.chosen else set()
            elif self.is_stray(item, here):  # it mentions this step, and claims another
                verdict.outcomes = place | {keep}
            return verdict
        dead = self.recall(item.digits)
        verdict.why += f", dead {item.digits}" + ("" if dead else " unknown")
        if dead is None:
            if not mixes_digits_and_letters(item.digits):
                verdict.outcomes = place | {keep}
            return verdict
        if item.step in dead.spoken_of:
            if item.step not in dead.claims:  # by hand, or of a renumbered list
                instead = {Outcome(oid) for oid in self.successors(dead)}
                verdict.outcomes = place | {keep} | instead
            return verdict
        successors = self.successors(dead)
        verdict.why += f" of another, now {sorted(oid[:7] for oid in successors)}"
        # "Without either it stays": without a successor, or without that and a commit by rule 2.
        verdict.outcomes = {Outcome(oid) for oid in successors} or place | {keep}
        if any(item.step in self.history.commits[oid].spoken_of for oid in successors):
            verdict.outcomes |= place  # reworded: it speaks of this step by now
        if "ambiguous" in verdict.reasons:
            verdict.outcomes |= {keep}
        else:  # that is reported when there is nothing else to do
            verdict.reasons = set()
        return verdict

    def _allow_to_wait(self, log: Path, verdict: Verdict) -> None:
        """Allow nothing for a step without a hash where the list may have been renumbered."""
        if self._is_renumbered(log, verdict.chosen, verdict.item.step):
            verdict.outcomes = verdict.outcomes | {Outcome(None)}
            verdict.reasons = set()


def mixes_digits_and_letters(digits: str) -> bool:
    """Tell whether a hash that nobody knows cannot be a word, a number or a word with a number."""
    return re.fullmatch(r"\d+|[a-f]*\d*", digits.lower()) is None


def unknown_references(oracle: Oracle) -> Iterable[tuple[Commit, Step, str]]:
    """Return (commit, step, reason) for each claim on a step that no log has."""
    numbers = {
        (log, item.experiment, item.number)
        for log, entries in oracle.entries.items()
        for entry in entries
        for item in entry.items
    }
    for step, commits in oracle.claims.items():
        for commit in commits:
            if step[0] not in oracle.ids:
                yield commit, step, "unknown-experiment"
                continue
            owners = {
                oracle.owner(one, step[0]) for one in oracle.world.state.reachable[commit.oid]
            }
            if len(owners) != 1 or None in owners:
                continue
            if not any((owner, *step) in numbers for owner in owners):
                yield commit, step, "unknown-step"
