"""Logs in a folder with repositories and an index, to be checked and audited."""

from dataclasses import dataclass, field
from pathlib import Path

from explog.checking.audit import FoundHash, audit
from explog.checking.check import check
from explog.config import DEFAULT_TRACKERS, Project, Root, Settings, Tick
from explog.entries.text import EntryTexts
from explog.index.database import Index, open_index
from explog.model import Change, Problem
from explog.org.edit import apply_edits
from explog.plan.backfill import carry_out
from explog.plan.planner import plan
from explog.plan.plans import Plan
from explog.sync.look import sync

from .repo import GitRepo


@dataclass
class Logs:
    """A folder of logs, the repositories that are registered, and an index."""

    folder: Path
    logs: list[str] = field(default_factory=list)
    repositories: list[Path] = field(default_factory=list)
    projects: tuple[Project, ...] = ()
    tick: Tick = "results"
    trackers: tuple[str, ...] = DEFAULT_TRACKERS

    def __post_init__(self) -> None:
        self.index: Index = open_index(self.folder / "index.sqlite")

    @property
    def settings(self) -> Settings:
        return Settings(
            logs=tuple(self.logs),
            repositories=tuple(Root(path) for path in self.repositories),
            projects=self.projects,
            tick=self.tick,
            trackers=self.trackers,
        )

    def repo(self, name: str, *init: str) -> GitRepo:
        """Make a repository and register it."""
        made = GitRepo(self.folder / name, *init)
        self.repositories.append(made.path)
        return made

    def log(self, text: str | bytes, name: str = "log.org") -> Path:
        """Write a log and register it."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        if str(path) not in self.logs:
            self.logs.append(str(path))
        return path

    def check(self) -> list[Problem]:
        """Sync and check."""
        unread = sync(self.settings, self.index).problems
        return check(self.settings, self.index, unread=unread)

    def said(self) -> list[tuple[str, int | None, str | None]]:
        """Return the problems as (kind, line, step)."""
        return [(problem.kind, problem.line, problem.step) for problem in self.check()]

    def audit(self) -> list[FoundHash]:
        """Sync and audit."""
        unread = sync(self.settings, self.index).problems
        return audit(self.settings, self.index, unread=unread)

    def backfill(self) -> None:
        """Sync, plan and write."""
        sync(self.settings, self.index)
        carry_out(self._plan(), self._plan)

    def _plan(self) -> Plan:
        return plan(self.settings, self.index, EntryTexts(self.settings))


def mended(text: str, mend: Change) -> str:
    """Return the text of a log with MEND made, as an editor makes it."""
    lines = text.split("\n")
    head, entry = lines[: mend.line - 1], lines[mend.line - 1 :]
    return "\n".join([*head, apply_edits("\n".join(entry), mend.lines)])
