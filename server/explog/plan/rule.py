"""The rule of the hash: which commit stands on a step. Values in, values out.

The reference in a commit's message is the durable key; the hash on the step is a view of it and is
recomputed from the commits that are reachable now, never tracked through what was rewritten.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from explog.config import Tick
from explog.model import Commit, StepNumber
from explog.refs import Place

Age = tuple[int, int, str, str]


class Standing(Enum):
    """What is known of the hash that a step bears already."""

    NONE = "none"
    CLAIMS = "claims"
    """A reachable commit with a reference to this step."""
    USERS = "users"
    """A reachable commit that bears no reference to this step: the user put it there."""
    UNREACHABLE = "unreachable"
    """A commit that no branch reaches any more."""
    UNKNOWN = "unknown"
    """Nothing that any repository knows: it may be a commit long gone, or no hash at all."""


class Outcome(Enum):
    """What is to be done with a step."""

    NOTHING = "nothing"
    PLACE = "place"
    KEPT_BY_HAND = "kept-by-hand"
    RENUMBERED = "renumbered"
    DEAD = "dead-hash"


@dataclass(frozen=True, slots=True)
class Stray:
    """A commit whose hash stands on another step than those that it claims.

    It proves that the list was renumbered after it. `age` is None for one that is gone for good.
    """

    claims: frozenset[StepNumber]
    stands: StepNumber
    author_time: int
    age: Age | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, and the commit that it is about.

    With PLACE, `put_hash` and `tick` say what differs from what stands there now.
    """

    outcome: Outcome
    candidate: Commit | None = None
    put_hash: bool = False
    tick: bool = False


def decide(
    *,
    step: StepNumber,
    standing: Standing,
    hash_now: str | None,
    box: str | None,
    candidates: Sequence[Commit],
    successor: Commit | None = None,
    strays: Collection[Stray] = (),
    tick: Tick = "results",
) -> Decision:
    """Decide what stands on STEP.

    HASH_NOW and BOX are what it bears, and STANDING what is known of HASH_NOW. CANDIDATES are all
    reachable commits that bear its reference. SUCCESSOR is what became of the commit HASH_NOW
    where that is unreachable and never claimed the step. STRAYS are the experiment's.
    """
    claiming = [c for c in candidates if c.place < Place.MENTION]
    meant = [c for c in claiming if not _is_overtaken(c, step, hash_now, strays)]
    bearing = {candidate.oid for candidate in candidates}
    if successor is not None and (not meant or successor.oid not in bearing):
        return Decision(Outcome.PLACE, successor, put_hash=True)
    if not meant:
        return _without(standing, claiming)
    best = _best(meant)
    if standing is Standing.USERS:
        return Decision(Outcome.KEPT_BY_HAND, best)
    if standing is Standing.UNKNOWN:
        return Decision(Outcome.DEAD, best)
    stands = hash_now is not None and best.oid.startswith(hash_now)
    ticks = box in (" ", "-") and (tick == "always" or (tick == "results" and best.results))
    if stands and not ticks:
        return Decision(Outcome.NOTHING, best)
    return Decision(Outcome.PLACE, best, put_hash=not stands, tick=ticks)


def age(candidate: Commit) -> Age:
    """Order commits from old to new: by committer date, then topology, then anything stable."""
    return candidate.committer_time, candidate.generation, candidate.oid, candidate.repository


def _best(candidates: Sequence[Commit]) -> Commit:
    """Return the newest results commit, else the newest, of those that claim most strongly."""
    strongest = min(candidate.place for candidate in candidates)
    group = [candidate for candidate in candidates if candidate.place == strongest]
    return max([candidate for candidate in group if candidate.results] or group, key=age)


def _without(standing: Standing, overtaken: Sequence[Commit]) -> Decision:
    """Decide where no commit speaks of the step as it is numbered now."""
    if overtaken:
        return Decision(Outcome.RENUMBERED, max(overtaken, key=age))
    dead = standing in (Standing.UNREACHABLE, Standing.UNKNOWN)
    return Decision(Outcome.DEAD if dead else Outcome.NOTHING)


def _is_overtaken(
    candidate: Commit, step: StepNumber, hash_now: str | None, strays: Collection[Stray]
) -> bool:
    """Tell whether CANDIDATE speaks of STEP as the list was numbered before.

    So does all that is no newer than a stray that claims the step, or stands on it: it came there
    with another step. And so does, for a step that bears no hash yet, all that is no newer than a
    stray that moved up to the step or past it: a step above was taken out, and its commits stand
    nowhere.
    """
    return any(
        _is_no_newer(candidate, stray)
        for stray in strays
        if step in stray.claims
        or (_moved_up_to(stray, step) if hash_now is None else step == stray.stands)
    )


def _is_no_newer(candidate: Commit, stray: Stray) -> bool:
    """Compare by author's time too: a rebase makes the commits of old newer by the committer's."""
    if stray.age is None:
        return candidate.author_time <= stray.author_time
    return candidate.author_time < stray.author_time or age(candidate) <= stray.age


def _moved_up_to(stray: Stray, step: StepNumber) -> bool:
    """Tell whether STRAY came to stand further up, at STEP or below it in the same list."""
    claimed, stands = min(stray.claims), stray.stands
    levels = range(min(len(claimed), len(stands), len(step)))
    level = next((n for n in levels if claimed[n] != stands[n]), None)
    if level is None or step[:level] != stands[:level]:
        return False
    return step[level] <= stands[level] < claimed[level]
