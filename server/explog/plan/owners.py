"""Tell logs with the same id apart: which of them do the commits of a repository mean?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from explog.config import Settings
from explog.git.repository import open_repository, repository_around
from explog.model import Commit, Experiment, StepNumber
from explog.stuck import is_silent, real_path


class Owners:
    """Which of the logs with the same id a commit's repository means."""

    def __init__(self, settings: Settings) -> None:
        self._projects: dict[str, set[str]] = defaultdict(set)
        for project in settings.projects:
            answering = (path for path in project.repositories if not is_silent(path))
            repositories = map(open_repository, answering)
            self._projects[real_path(project.log)].update(
                str(repository.common_dir) for repository in repositories if repository
            )
        self._real: dict[str, str] = {}
        self._around: dict[str, set[str]] = {}

    def belonging(
        self,
        entry: Experiment,
        entries: Sequence[Experiment],
        claimed: Mapping[StepNumber, Sequence[Commit]],
    ) -> dict[StepNumber, list[Commit]]:
        """Return the candidates whose repository says that ENTRY, among ENTRIES, is meant."""
        found: dict[StepNumber, list[Commit]] = {}
        for step, candidates in claimed.items():
            mine = [c for c in candidates if self.owner(c.common_dir, entries) is entry]
            if mine:
                found[step] = mine
        return found

    def owner(self, repository: str, entries: Sequence[Experiment]) -> Experiment | None:
        """Return whose of ENTRIES the commits of REPOSITORY, a common directory, are.

        That is as a project says, else by where the log lies.
        """
        for repositories in (self._named, self._containing):
            owners = [e for e in entries if repository in repositories(e.file)]
            if owners:
                return owners[0] if len(owners) == 1 else None
        return None

    def _named(self, log: str) -> set[str]:
        if log not in self._real:  # asked for each commit: a copy of a log has all ids twice
            self._real[log] = real_path(log)
        return self._projects.get(self._real[log], set())

    def _containing(self, log: str) -> set[str]:
        """Return the repository, by common directory, in a worktree of which LOG lies, if any."""
        if log not in self._around:
            found = repository_around(Path(log))
            self._around[log] = {str(found.common_dir)} if found is not None else set()
        return self._around[log]
