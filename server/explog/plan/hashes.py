"""What is known of the hashes that stand on steps: a reachable commit, a lost one, or nothing.

The index knows the reachable commits and those that it saw go; git may have the objects of others.
Each repository is asked once for all hashes, as each question to git costs a process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from explog.digits import may_be_hash
from explog.errors import ExplogError
from explog.git.ancestry import patch_ids
from explog.git.commits import read_known
from explog.git.parse import CommitObject
from explog.git.repository import Repository, resolve_hashes
from explog.index.alike import commits_named, commits_of_times
from explog.index.commits import reachable_prefixes
from explog.index.database import Index
from explog.index.unreachable import UnreachableCommit, unreachable_commits
from explog.model import Commit, Step, StepNumber
from explog.plan.rule import Standing, Stray, age
from explog.refs import Place, claims, split_message
from explog.stuck import any_silent

# To compare the changes of all commits that are called "wip" would take too long.
_MOST_NAMED_ALIKE = 100


@dataclass(frozen=True, slots=True)
class Lost:
    """An unreachable commit, and the reachable one that took its place, if one did."""

    record: UnreachableCommit
    successor: Commit | None

    def claims(self, ident: str) -> set[StepNumber]:
        """Return the steps of the experiment IDENT that the commit claimed."""
        return {step for experiment, step in self.record.claims if experiment == ident and step}


class Hashes:
    """What is known of HASHES, abbreviations that stand on steps."""

    def __init__(
        self, index: Index, repositories: Sequence[Repository], hashes: Iterable[str]
    ) -> None:
        given = dict.fromkeys(hashes)
        reachable = reachable_prefixes(index, given)
        unreachable = [digits for digits in given if digits not in reachable]
        self._unreachable = set(unreachable)
        self.lost = _lost(index, repositories, _records(index, repositories, unreachable))
        self._all_answered = not any_silent()

    def with_hash(self, ident: str, step: Step, candidates: Sequence[Commit]) -> Step:
        """Return STEP of the experiment IDENT with the hash that is its own; CANDIDATES claim it.

        Its text may show several. What stands in a hash's place comes first if a repository knows
        it; then any that claims the step; then digits in a hash's place that look like a hash; then
        any that a repository knows, and whatever else is in a hash's place. All else is text.
        """
        if not step.hashes or (len(step.hashes) == 1 and step.hashes[0].in_place):
            return step  # nothing to choose from, as nearly always

        def claims_step(digits: str) -> bool:
            lost = self.lost.get(digits)
            return any(candidate.oid.startswith(digits) for candidate in candidates) or (
                lost is not None and step.number in lost.claims(ident)
            )

        in_place = [one for one in step.hashes if one.in_place]
        known = [one for one in step.hashes if self._is_known(one.digits)]
        claiming = [one for one in known if claims_step(one.digits)]
        ranks = (
            [one for one in claiming if one.in_place],
            [one for one in known if one.in_place],
            claiming,
            [one for one in in_place if may_be_hash(one.digits)],
            known,
            in_place,
        )
        chosen = next((rank[0].digits for rank in ranks if rank), None)
        return step if chosen == step.hash else step._replace(hash=chosen)

    def _is_known(self, digits: str) -> bool:
        return digits not in self._unreachable or digits in self.lost

    def standing(self, step: Step, candidates: Sequence[Commit]) -> Standing:
        """Return what is known of the hash on STEP, whose reference CANDIDATES bear."""
        if step.hash is None:
            return Standing.NONE
        if any(candidate.oid.startswith(step.hash) for candidate in candidates):
            return Standing.CLAIMS
        if step.hash not in self._unreachable:
            return Standing.USERS
        if step.hash in self.lost:
            return Standing.UNREACHABLE
        # It may be a commit of the repository that does not answer: then it stays.
        return Standing.UNKNOWN if self._all_answered else Standing.USERS

    def successor(self, ident: str, step: Step) -> Commit | None:
        """Return what became of the lost commit on STEP, unless it claimed it.

        Where it did, the reference finds what belongs there.
        """
        lost = self.lost.get(step.hash or "")
        return None if lost is None or step.number in lost.claims(ident) else lost.successor

    def strays(
        self,
        ident: str,
        steps: Iterable[Step],
        claimed: Mapping[StepNumber, Sequence[Commit]],
    ) -> list[Stray]:
        """Return the commits whose hash stands on a step of IDENT though they claim others."""
        bearing: dict[str, list[StepNumber]] = defaultdict(list)
        for step in steps:
            if step.hash is not None:
                bearing[step.hash].append(step.number)
        if not bearing:
            return []
        found: list[Stray] = []
        lengths = {len(short) for short in bearing}
        for oid, (candidate, claims_of) in _by_commit(claimed, bearing).items():
            stands = [n for length in lengths for n in bearing.get(oid[:length], ())]
            found += _strays(claims_of, stands, candidate.author_time, oid, candidate)
        lost_at: dict[str, list[StepNumber]] = defaultdict(list)  # by what became of them
        records: dict[str, Lost] = {}
        for short, numbers in bearing.items():
            lost = self.lost.get(short)
            if lost is not None:
                now = lost.record.oid if lost.successor is None else lost.successor.oid
                lost_at[now] += numbers
                records[now] = lost
        for now, lost in records.items():
            time = lost.record.author_time
            found += _strays(lost.claims(ident), lost_at[now], time, now, lost.successor)
        return found


def _by_commit(
    claimed: Mapping[StepNumber, Sequence[Commit]], bearing: Mapping[str, object]
) -> dict[str, tuple[Commit, set[StepNumber]]]:
    """Return the commits whose hash is borne by a step, with the steps that they claim."""
    lengths = {len(short) for short in bearing}
    found: dict[str, tuple[Commit, set[StepNumber]]] = {}
    for number, candidates in claimed.items():
        for candidate in candidates:
            claiming = candidate.place < Place.MENTION
            if claiming and any(candidate.oid[:length] in bearing for length in lengths):
                found.setdefault(candidate.oid, (candidate, set()))[1].add(number)
    return found


def _strays(
    claims_of: Collection[StepNumber],
    stands: Sequence[StepNumber],
    time: int,
    oid: str,
    commit: Commit | None,
) -> list[Stray]:
    """Return a stray for each step that a commit stands on and does not claim."""
    if not claims_of:
        return []
    newest = None if commit is None else age(commit)
    claims, rightly = frozenset(claims_of), frozenset(stands).intersection(claims_of)
    wrong = (number for number in stands if number not in claims)
    return [Stray(claims, number, time, newest, rightly, oid) for number in wrong]


def _records(
    index: Index, repositories: Sequence[Repository], hashes: Sequence[str]
) -> dict[str, UnreachableCommit]:
    """Return {hash: its commit} for those of HASHES that the index or git remembers."""
    found: dict[str, UnreachableCommit] = {}
    for short in hashes:
        for record in unreachable_commits(index, short):
            found.setdefault(short, record)
    for repository in repositories:
        wanted = [short for short in hashes if short not in found]
        if not wanted:
            break
        try:
            found.update(_in_git(repository, wanted))
        except ExplogError:
            continue  # sync reports a repository that cannot be read
    return found


def _in_git(repository: Repository, hashes: Sequence[str]) -> dict[str, UnreachableCommit]:
    oids = resolve_hashes(repository, hashes)
    commits = read_known(repository, oids.values())
    return {short: _record(commits[oid]) for short, oid in oids.items() if oid in commits}


def _record(commit: CommitObject) -> UnreachableCommit:
    said = [claim for claim in claims(commit.message) if claim.place < Place.MENTION]
    return UnreachableCommit(
        commit.oid,
        commit.email,
        commit.author_time,
        commit.committer_time,
        split_message(commit.message)[0],
        tuple((claim.reference.experiment, claim.reference.step) for claim in said),
    )


def _lost(
    index: Index, repositories: Sequence[Repository], records: Mapping[str, UnreachableCommit]
) -> dict[str, Lost]:
    """Return what became of each of RECORDS: a commit of the same author, author date and subject.

    If there is none, it is the only commit that makes the same change. The date is not enough: a
    script may make several commits in a second.
    """
    by_date: dict[int, list[tuple[Commit, str]]] = defaultdict(list)
    for commit, subject in commits_of_times(index, {one.author_time for one in records.values()}):
        by_date[commit.author_time].append((commit, subject))
    found: dict[str, Commit | None] = {}
    for record in records.values():
        dated = by_date[record.author_time]
        same = [c for c, subject in dated if (c.email, subject) == (record.email, record.subject)]
        found[record.oid] = max(same, key=age, default=None)
    others = [record for record in records.values() if found[record.oid] is None]
    by_subject: dict[str, list[Commit]] = defaultdict(list)
    for commit, subject in commits_named(index, {record.subject for record in others}):
        by_subject[subject].append(commit)
    near: dict[str, set[Commit]] = {}
    for record in others:
        named = by_subject[record.subject]
        named = named if len(named) <= _MOST_NAMED_ALIKE else []
        near[record.oid] = {*named, *(commit for commit, _subject in by_date[record.author_time])}
    found.update(_same_changes(repositories, near))
    return {short: Lost(record, found[record.oid]) for short, record in records.items()}


def _same_changes(
    repositories: Sequence[Repository], near: Mapping[str, Collection[Commit]]
) -> dict[str, Commit]:
    """Return {lost commit: the only one of the commits NEAR it that makes the same change}."""
    same: dict[str, list[Commit]] = defaultdict(list)
    for repository in repositories:
        common_dir = str(repository.common_dir)
        here = {oid: [c for c in some if c.common_dir == common_dir] for oid, some in near.items()}
        wanted = {oid: some for oid, some in here.items() if some}
        if not wanted:
            continue
        oids = {*wanted, *(commit.oid for some in wanted.values() for commit in some)}
        with suppress(ExplogError):  # sync reports a repository that cannot be read
            patches = patch_ids(repository, sorted(oids))
            for oid, some in wanted.items():
                patch = patches.get(oid)
                same[oid] += (c for c in some if patch and patches.get(c.oid) == patch)
    return {
        oid: max(commits, key=age)
        for oid, commits in same.items()
        if len({commit.oid for commit in commits}) == 1
    }
