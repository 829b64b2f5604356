"""The facts that the rule needs, gathered for a whole plan from the index and from git.

The index knows the reachable commits and those that it saw go; git may have the objects of others.
Each repository is asked once for all hashes of a plan, as each question to git costs a process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from explog.config import Settings, Tick
from explog.errors import ExplogError
from explog.git.ancestry import newest_of, patch_ids, reached_by_head
from explog.git.commits import read_known
from explog.git.parse import CommitObject
from explog.git.repository import Repository, abbreviate, resolve_hashes
from explog.index.commits import (
    all_repositories,
    commits_like,
    commits_with_prefix,
    find_candidates,
)
from explog.index.database import Index
from explog.index.logs import all_diagnoses, all_idents, all_logs
from explog.index.unreachable import UnreachableCommit, unreachable_commits
from explog.model import Commit, Experiment, Step, StepNumber
from explog.org.encrypted import ENCRYPTED
from explog.plan.owners import Owners
from explog.plan.rule import Standing, Stray, age, is_hash_like, tied
from explog.refs import Place, claims, id_shape, may_be_id, split_message


@dataclass(frozen=True, slots=True)
class Claims:
    """The commits that bear references to the steps of one experiment.

    `candidates` has them by step, wherever in a message the reference stands. `preference` decides
    between commits of the same dates, by their full ids: the larger number wins.
    """

    candidates: Mapping[StepNumber, Sequence[Commit]]
    preference: Mapping[str, int]


@dataclass(frozen=True)
class Facts:
    """What is known of the experiments of a plan, and of the hashes that stand on their steps."""

    index: Index
    repositories: Sequence[Repository]
    hashes: Hashes
    owners: Owners
    tick: Tick

    def claims(self, idents: Iterable[str]) -> Iterator[tuple[str, Claims]]:
        """Yield each of the experiments IDENTS with its claims, in any order.

        Those for which git must be asked are the last.
        """
        tied_claims: dict[str, Mapping[StepNumber, Sequence[Commit]]] = {}
        groups: list[Sequence[Commit]] = []
        for ident in idents:
            candidates: Mapping[StepNumber, Sequence[Commit]] = find_candidates(self.index, ident)
            mine = [group for some in candidates.values() if (group := tied(some))]
            if mine:
                tied_claims[ident] = candidates
                groups += mine
            else:
                yield ident, Claims(candidates, {})
        preference = _preference(self.repositories, groups)
        for ident, candidates in tied_claims.items():
            yield ident, Claims(candidates, preference)

    def steps(self, experiment: Experiment, claims: Claims) -> list[Step]:
        """Return the steps of EXPERIMENT, each with the hash that is its own."""
        return [
            self.hashes.with_hash(experiment.ident, step, claims.candidates.get(step.number, ()))
            for step in experiment.steps
        ]

    def may_be_experiment(self, ident: str) -> bool:
        """Tell whether IDENT, which no log has, looks like the ids that the logs have."""
        return may_be_id(ident, self._id_shapes) and not self._has_encrypted_log

    def has_unread_steps(self, experiment: Experiment) -> bool:
        """Tell whether EXPERIMENT seems to have no steps, and a diagnosis says why."""
        return not experiment.steps and experiment.ident in self._diagnosed

    @cached_property
    def _has_encrypted_log(self) -> bool:
        """Whether an experiment may be in a log that cannot be read."""
        return any(ENCRYPTED in (log.problem or "") for log in all_logs(self.index))

    @cached_property
    def _diagnosed(self) -> set[str | None]:
        return {diagnosis.experiment for diagnosis in all_diagnoses(self.index)}

    @cached_property
    def _id_shapes(self) -> set[str]:
        return set(map(id_shape, all_idents(self.index)))

    def abbreviations(
        self, commits: Iterable[Commit]
    ) -> tuple[dict[str, str], dict[str, ExplogError]]:
        """Return {full id: abbreviation} of COMMITS, and {repository: why it cannot be read}.

        Repositories are named by their common directories.
        """
        wanted: dict[str, set[str]] = defaultdict(set)
        for commit in commits:
            wanted[commit.common_dir].add(commit.oid)
        short: dict[str, str] = {}
        errors: dict[str, ExplogError] = {}
        for repository in self.repositories:
            common_dir = str(repository.common_dir)
            try:
                short.update(abbreviate(repository, sorted(wanted[common_dir])))
            except ExplogError as error:
                errors[common_dir] = error
        return short, errors


def gather(settings: Settings, index: Index, experiments: Iterable[Experiment]) -> Facts:
    """Gather the facts about EXPERIMENTS, as they are in logs or in buffers."""
    repositories = [
        Repository(Path(record.path), Path(record.common_dir)) for record in all_repositories(index)
    ]
    digits = (one.digits for found in experiments for step in found.steps for one in step.hashes)
    hashes = Hashes(index, repositories, digits)
    return Facts(index, repositories, hashes, Owners(settings), settings.tick)


def _preference(
    repositories: Sequence[Repository], groups: Sequence[Sequence[Commit]]
) -> dict[str, int]:
    """Return which commits stand before others of their GROUPS, whose dates leave it open.

    A commit that another one of its group reaches has -1, one that HEAD reaches 1.
    """
    found: dict[str, int] = {}
    for repository in repositories if groups else ():
        common_dir = str(repository.common_dir)
        here = [[c for c in group if c.common_dir == common_dir] for group in groups]
        with suppress(ExplogError):  # sync reports a repository that cannot be read
            found.update(_preference_in(repository, [group for group in here if group]))
    return found


def _preference_in(repository: Repository, groups: Sequence[Sequence[Commit]]) -> dict[str, int]:
    oids = {commit.oid for group in groups for commit in group}
    found = dict.fromkeys(reached_by_head(repository, oids), 1)
    for group in groups:
        # A commit is of a larger generation than all that it reaches.
        if len({commit.generation for commit in group}) > 1:
            members = [commit.oid for commit in group]
            older = set(members) - newest_of(repository, members)
            found.update(dict.fromkeys(older, -1))
    return found


_MOST_NAMED_ALIKE = 100  # to compare the changes of all that are called "wip" would take too long


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
        unreachable = [h for h in dict.fromkeys(hashes) if not commits_with_prefix(index, h)]
        self._unreachable = set(unreachable)
        self.lost = _lost(index, repositories, _records(index, repositories, unreachable))

    def with_hash(self, ident: str, step: Step, candidates: Sequence[Commit]) -> Step:
        """Return STEP of the experiment IDENT with the hash that is its own; CANDIDATES claim it.

        Its text may show several. What stands in a hash's place comes first if a repository knows
        it; then any that claims the step; then digits in a hash's place that look like a hash; then
        any that a repository knows, and whatever else is in a hash's place. All else is text.
        """

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
            [one for one in in_place if is_hash_like(one.digits)],
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
        return Standing.UNREACHABLE if step.hash in self.lost else Standing.UNKNOWN

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
        found: list[Stray] = []
        lengths = {len(short) for short in bearing}
        for oid, (candidate, claims_of) in _by_commit(claimed, bearing).items():
            stands = [n for length in lengths for n in bearing.get(oid[:length], ())]
            found += _strays(claims_of, stands, candidate.author_time, oid, candidate)
        lost_at: dict[str, list[StepNumber]] = defaultdict(list)  # also with two lengths
        records: dict[str, Lost] = {}
        for short, numbers in bearing.items():
            lost = self.lost.get(short)
            if lost is not None:
                lost_at[lost.record.oid] += numbers
                records[lost.record.oid] = lost
        for oid, lost in records.items():
            time, successor = lost.record.author_time, lost.successor
            now = oid if successor is None else successor.oid
            found += _strays(lost.claims(ident), lost_at[oid], time, now, successor)
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
    times = {record.author_time for record in records.values()}
    subjects = {record.subject for record in records.values()}
    alike = commits_like(index, times, subjects)
    return {
        short: Lost(record, _successor(repositories, record, alike))
        for short, record in records.items()
    }


def _successor(
    repositories: Sequence[Repository], record: UnreachableCommit, alike: Mapping[Commit, str]
) -> Commit | None:
    """Return which of the commits that are ALIKE took the place of RECORD; they have subjects.

    That has the same author, author time and subject, or else it is the only one that makes the
    same change: a script may have made a neighbour in the same second.
    """
    at_that_time = {c for c in alike if c.author_time == record.author_time}
    named_so = {c for c, subject in alike.items() if subject == record.subject}
    same = [c for c in at_that_time & named_so if c.email == record.email]
    if not same:
        near = at_that_time | (named_so if len(named_so) <= _MOST_NAMED_ALIKE else set())
        same = _same_change(repositories, record.oid, near)
    return max(same, key=age, default=None)


def _same_change(
    repositories: Sequence[Repository], oid: str, near: Collection[Commit]
) -> list[Commit]:
    """Return the commit NEAR that makes the same change as OID, if there is only one."""
    found: list[Commit] = []
    for repository in repositories:
        here = [c for c in near if c.common_dir == str(repository.common_dir)]
        if not here:
            continue
        try:
            patches = patch_ids(repository, [oid, *(candidate.oid for candidate in here)])
        except ExplogError:
            continue  # sync reports a repository that cannot be read
        found += [c for c in here if oid in patches and patches.get(c.oid) == patches[oid]]
    return found if len({candidate.oid for candidate in found}) == 1 else []
