"""The rule of the hash: which commit stands on a step. Values in, values out.

The reference in a commit's message is the durable key; the hash on the step is a view of it and is
recomputed from the commits that are reachable now, never tracked through what was rewritten.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from explog.config import Tick
from explog.digits import may_be_hash
from explog.model import Commit, StepNumber
from explog.refs import Place

Age = tuple[int, int, int, int, str, str]


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
    """A commit whose hash stands on a step that it does not claim, while it claims others.

    It proves that the list was renumbered after it was made. `claims` are the steps that it
    claims, `stands` is the wrong one that bears its hash, and `rightly` are the right ones that
    bear it too. `age` is None for a commit that is gone for good.
    """

    claims: frozenset[StepNumber]
    stands: StepNumber
    author_time: int
    age: Age | None
    rightly: frozenset[StepNumber] = frozenset()
    oid: str = ""
    """The commit; if it is gone, the one that took its place, if one did."""


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
    preference: Mapping[str, int] | None = None,
    tick: Tick = "results",
) -> Decision:
    """Decide what stands on STEP.

    HASH_NOW and BOX are what it bears, and STANDING what is known of HASH_NOW. CANDIDATES are all
    reachable commits that bear its reference. SUCCESSOR is what became of the commit HASH_NOW
    where that is unreachable and never claimed the step. STRAYS are the experiment's. PREFERENCE
    maps the ids of commits made at the same time to numbers, of which the largest wins.
    """
    claiming = [c for c in candidates if c.place < Place.MENTION]
    best = _best(claiming, preference or {})
    bearing = {candidate.oid for candidate in candidates}
    passed_over = best is not None and _is_passed_over(best, step, standing, hash_now, strays)
    if successor is not None and (best is None or passed_over or successor.oid not in bearing):
        return Decision(Outcome.PLACE, successor, put_hash=True)
    if best is None:
        dead = standing in (Standing.UNREACHABLE, Standing.UNKNOWN)
        return Decision(Outcome.DEAD if dead else Outcome.NOTHING)
    placed = _place(best, hash_now, box, tick)
    if placed.outcome is Outcome.NOTHING:
        return placed
    kept = Outcome.RENUMBERED if passed_over else _kept(standing, hash_now)
    return Decision(kept, best) if kept else placed


def _kept(standing: Standing, hash_now: str | None) -> Outcome | None:
    """Return why HASH_NOW must stay although a commit claims the step; None if it need not."""
    if standing is Standing.USERS:
        return Outcome.KEPT_BY_HAND
    if standing is Standing.UNKNOWN and not may_be_hash(hash_now or ""):
        return Outcome.DEAD
    return None


def _place(best: Commit, hash_now: str | None, box: str | None, tick: Tick) -> Decision:
    stands = hash_now is not None and best.oid.startswith(hash_now)
    ticks = box in (" ", "-") and (tick == "always" or (tick == "results" and best.results))
    if stands and not ticks:
        return Decision(Outcome.NOTHING, best)
    return Decision(Outcome.PLACE, best, put_hash=not stands, tick=ticks)


def age(candidate: Commit, preference: Mapping[str, int] | None = None) -> Age:
    """Return what orders commits from old to new: author date, then committer date.

    Of commits that are equal in both, the one with the larger PREFERENCE is the newer one; then
    anything stable decides.
    """
    return (
        candidate.author_time,
        candidate.committer_time,
        (preference or {}).get(candidate.oid, 0),
        candidate.generation,
        candidate.oid,
        candidate.repository,
    )


def tied(candidates: Sequence[Commit]) -> list[Commit]:
    """Return the strongest and newest of CANDIDATES if their dates leave open which one stands."""
    claiming = [c for c in candidates if c.place < Place.MENTION]
    strongest = _strongest(claiming)
    newest = max(((c.author_time, c.committer_time) for c in strongest), default=None)
    group = [c for c in strongest if (c.author_time, c.committer_time) == newest]
    return group if len({candidate.oid for candidate in group}) > 1 else []


def _strength(candidate: Commit) -> tuple[bool, int]:
    """Return how strongly CANDIDATE claims its step; smaller is stronger.

    Results in the subject come before results in a line of the body, and those before others.
    """
    return not candidate.results, candidate.place


def _strongest(claiming: Sequence[Commit]) -> list[Commit]:
    strength = min(map(_strength, claiming), default=None)
    return [candidate for candidate in claiming if _strength(candidate) == strength]


def _best(claiming: Sequence[Commit], preference: Mapping[str, int]) -> Commit | None:
    """Return the newest of those that claim most strongly."""
    return max(_strongest(claiming), key=lambda one: age(one, preference), default=None)


def _is_passed_over(
    candidate: Commit,
    step: StepNumber,
    standing: Standing,
    hash_now: str | None,
    strays: Collection[Stray],
) -> bool:
    """Tell whether CANDIDATE speaks of STEP as the list was numbered before.

    A step that bears a hash of its own was not moved: only a stray itself is passed over there.
    For one without a hash that is all that is no newer than a stray that claims the step, and all
    that is no newer than a stray that moved up to the step or past it: a step above was taken out,
    and its commits stand nowhere. A stray on the step itself stays: without it, nothing would tell
    any more that the list was renumbered. Only if it is unreachable, what is no older settles that.
    """
    for stray in strays:
        if step in stray.rightly:
            passed_over = candidate.oid == stray.oid and standing is Standing.CLAIMS
        elif hash_now is None:
            moved = step in stray.claims or _moved_up_to(stray, step)
            passed_over = moved and _is_no_newer(candidate, stray)
        elif step == stray.stands:
            older = candidate.author_time < stray.author_time
            passed_over = older or standing is not Standing.UNREACHABLE
        else:
            passed_over = candidate.oid == stray.oid
        if passed_over:
            return True
    return False


def _is_no_newer(candidate: Commit, stray: Stray) -> bool:
    """Tell whether CANDIDATE is as old as STRAY: it may be the same commit, in a fork."""
    if stray.age is None:
        return candidate.author_time <= stray.author_time
    return age(candidate)[:2] <= stray.age[:2]


def _moved_up_to(stray: Stray, step: StepNumber) -> bool:
    """Tell whether STRAY came to stand further up, at STEP or below it in the same list."""
    claimed, stands = min(stray.claims), stray.stands
    levels = range(min(len(claimed), len(stands), len(step)))
    level = next((n for n in levels if claimed[n] != stands[n]), None)
    if level is None or step[:level] != stands[:level]:
        return False
    return step[level] <= stands[level] < claimed[level]
