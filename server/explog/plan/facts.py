"""The facts that the rule needs, gathered for a whole plan from the index and from git.

Each repository is asked once for all of a plan, as each question to git costs a process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from explog.config import Settings, Tick
from explog.errors import ExplogError
from explog.git.ancestry import newest_of, reached_by_head
from explog.git.commits import read_commits
from explog.git.repository import Repository, abbreviate
from explog.index.commits import all_repositories, find_candidates
from explog.index.database import Index
from explog.index.logs import all_diagnoses, all_idents, all_logs
from explog.model import Commit, Experiment, Step, StepNumber
from explog.org.encrypted import ENCRYPTED
from explog.plan.hashes import Hashes
from explog.plan.owners import Owners
from explog.plan.rule import tied
from explog.refs import id_shape, may_be_id


@dataclass(frozen=True, slots=True)
class Claims:
    """The commits that bear references to the steps of one experiment.

    `candidates` has them by step, wherever in a message the reference stands. `preference` decides
    between commits of the same dates, by their full ids: the larger number wins.
    """

    candidates: Mapping[StepNumber, Sequence[Commit]]
    preference: Mapping[str, int]


NO_CLAIMS = Claims({}, {})
"""Those of an experiment that no commit speaks of."""


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
            if common_dir not in wanted:
                continue
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
    # A commit is of a larger generation than all that it reaches.
    uneven = [g for g in groups if len({commit.generation for commit in g}) > 1]
    members = [{commit.oid for commit in group} for group in uneven]
    for older in _reached(repository, members):
        found.update(dict.fromkeys(older, -1))
    return found


def _reached(repository: Repository, groups: Sequence[set[str]]) -> Iterator[set[str]]:
    """Yield for each of GROUPS, of commits, those that another commit of the group reaches.

    Commits made in one second mostly follow one another: their parents are asked for together, and
    git is asked about a group by itself only if that leaves something open.
    """
    parents: dict[str, tuple[str, ...]] = {}
    if len(groups) > 1:
        commits = read_commits(repository, sorted(set().union(*groups)))
        parents = {commit.oid: commit.parents for commit in commits}
    for group in groups:
        older = group.intersection(oid for one in group for oid in parents.get(one, ()))
        left = group - older
        yield older if len(left) == 1 else group - newest_of(repository, sorted(left))
