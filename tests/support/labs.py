"""A lab with members, each with a state folder, an index, logs and clones of one's own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from explog.config import Root, Settings
from explog.index.database import Index, open_index
from explog.lab.changes import find_changes
from explog.lab.connection import connected
from explog.lab.memory import memory_of
from explog.lab.publish import Published, Publisher
from explog.lab.schema import add_member, make
from explog.lab.searching import FromLab, Shared, ask, ask_lab
from explog.lab_settings import LabSettings, Publish
from explog.queries.query import parse
from explog.results.reading import read_all
from explog.sync.look import sync

from .postgresql import Database
from .repo import GitRepo


@dataclass
class Member:
    """Somebody with an explog, as ROLE in the lab."""

    role: str
    folder: Path
    database: Database
    monkeypatch: pytest.MonkeyPatch
    repositories: list[Path] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    publish_logs: list[str] = field(default_factory=list)
    publish: Publish = "pushed"
    exclude_tags: tuple[str, ...] = ("noexport",)
    without_values: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.index: Index = open_index(self.folder / "index.sqlite")

    @property
    def settings(self) -> Settings:
        group = LabSettings(
            self.database.address(self.role), self.publish, logs=tuple(self.publish_logs)
        )
        roots = tuple(map(Root, self.repositories))
        return replace(
            Settings(),
            logs=tuple(self.logs),
            repositories=roots,
            exclude_tags=self.exclude_tags,
            group=group,
        )

    def log(self, text: str, name: str = "log.org", *, published: bool = True) -> Path:
        """Write a log, which is one to publish."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        for names in (self.logs, *([self.publish_logs] if published else [])):
            if str(path) not in names:
                names.append(str(path))
        return path

    def clone(self, origin: GitRepo, name: str | None = None) -> GitRepo:
        """Clone ORIGIN, a bare repository."""
        made = GitRepo(self.folder / (name or origin.path.name))
        made.run("remote", "add", "origin", str(origin.path))
        made.run("fetch", "--quiet", "origin")
        if made.run("for-each-ref", "refs/remotes"):
            made.run("reset", "--quiet", "--hard", "origin/main")
        self.repositories.append(made.path)
        return made

    def at_home(self) -> None:
        """Use the state folder of this member from now on."""
        self.monkeypatch.setenv("XDG_STATE_HOME", str(self.folder / "state"))

    def sync(self) -> None:
        """Bring the own index up to date, with all numbers unless it is to be WITHOUT_VALUES."""
        assert sync(self.settings, self.index).problems == []
        if not self.without_values:
            read_all(self.settings, self.index)

    def push(self) -> Published:
        """Sync, and publish."""
        self.at_home()
        self.sync()
        address = self.settings.group.address
        with memory_of(address) as memory, connected(address) as connection:
            publisher = Publisher(connection, memory)
            changes = find_changes(self.settings, self.index, memory)
            assert changes.problems == []
            return publisher.publish(changes)

    def find(self, query: str, most: int = 1000) -> list[Shared]:
        """Return what the lab has of QUERY, one's own, too."""
        with connected(self.settings.group.address) as connection:
            return ask_lab(connection, parse(query), most)

    def said(self, query: str) -> set[tuple[tuple[str, ...], str]]:
        """Return (members, text) of what the lab has of QUERY."""
        return {(one.members, one.match.text.strip()) for one in self.find(query)}

    def ask(self, query: str) -> FromLab:
        """Return what the lab finds, as a search in a terminal asks it."""
        self.at_home()
        return ask(self.settings.group.address, parse(query), 50)


class Lab:
    """A lab in DATABASE, and its members `ada` and `bob`."""

    def __init__(self, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.database = database
        self.folder = folder
        with connected(database.address()) as connection:
            make(connection)
            for name in ("ada", "bob"):
                add_member(connection, name)
        self.ada, self.bob = (
            Member(name, folder / name, database, monkeypatch) for name in ("ada", "bob")
        )

    def origin(self, name: str = "model") -> GitRepo:
        """Make a bare repository, as a forge has it."""
        return GitRepo(self.folder / "forge" / f"{name}.git", "--bare")
