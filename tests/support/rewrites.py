"""A log and two repositories whose history gets rewritten, and what ought to stand in the log."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from explog.config import Root, Settings
from explog.entries.text import EntryTexts
from explog.index.database import open_index
from explog.plan.backfill import Written, carry_out
from explog.plan.planner import plan
from explog.plan.plans import Plan
from explog.sync.look import sync
from fuzz.history import History, State
from fuzz.oracle import Memory, Verdict
from fuzz.oracle import Oracle as Rule
from fuzz.oracle import World as Facts
from support.repo import FIRST_COMMIT, GitRepo

BOB = "Bob Builder <bob@example.org>"
LOG = """\
#+TITLE: Experiments

* INPROGRESS [201] Tune the optimizer [0/0] :exp:
** Notes
A line (1234567) that is prose.
** Experiments [0/6]
1. [ ] baseline
2. [ ] adam
   1. [ ] with a schedule
   2. [ ] without one
3. [ ] sgd,
   on two lines
4. [ ] warm up
5. [ ] clip the gradients
* TODO Another model :exp:
:PROPERTIES:
:CUSTOM_ID: 202
:END:
** Experiments [0%]
1) [ ] small
2) [ ] large
3) [ ] wide
4) [ ] deep
5) [ ] both
* Not an experiment [201.5]
1. [ ] leave me alone
"""

# Repository, message, author.
COMMITS = [
    ("a", "Initial import", None),
    ("a", "[e201.1] Add the baseline", None),
    ("a", "[e201.1] Fix the baseline", None),
    ("a", "[e201.1] Results: 0.81", None),
    ("a", "[e201.1] Plot them", None),
    ("a", "Tidy up", BOB),
    ("a", "[e201.2] Add adam", BOB),
    ("a", "[e201.2.1] Add a schedule", BOB),
    ("a", "[e201.2.1] Results", BOB),
    ("a", "[e201.2.2] Take it out", None),
    ("a", "Prepare for [e201] and mention [e201.3]", None),
    ("a", "[e201.2.2] Results: worse", None),
    ("a", "[e201.3] Try sgd", BOB),
    ("a", "[e201.3] Results: 0.79", BOB),
    ("a", "[e201.3] Results: 0.80 with momentum", BOB),
    ("a", "[e201.4][e201.5] Prepare both", None),
    ("a", "[e201.4] Warm up", None),
    ("a", "[e201.5] Clip", BOB),
    ("a", "[e201.4] Results: 0.83", None),
    ("a", "Unrelated at the end", None),
    ("b", "Initial import", BOB),
    ("b", "[e202.1] Small", BOB),
    ("b", "[e202.1] Results: 0.5", BOB),
    ("b", "[e202.2] Large", None),
    ("b", "Subject without\n\n- [e202.3] Wide in the body\n- see [e202.4] in passing", None),
    ("b", "[e202.2] Results: 0.6", None),
    ("b", "[e202.4] Deep", BOB),
    ("b", "Docs", BOB),
    ("b", "[e202.4] Results", BOB),
    ("b", "[e202.5] Both", None),
    ("b", "[e202.5] Both again", None),
    ("b", "The last of b", None),
]

_STEP = re.compile(r"^( *)\d+[.)] \[(.)\]")
_HASH = re.compile(r"\(([0-9a-f]{7,64})\)$")


class Copy(GitRepo):
    """A repository that is there already, a day after its last commit."""

    def __init__(self, path: Path) -> None:  # no super: that makes a repository
        self.path = path
        self._now = FIRST_COMMIT + timedelta(days=1)

    def rebase(self, todo: str, *args: str) -> None:
        """Rebase interactively, the todo list being passed through the shell filter TODO."""
        editor = f'f() {{ {todo} < "$1" > "$1.new" && mv "$1.new" "$1"; }}; f'
        self.run(
            "rebase", "-i", "--empty=keep", *args, GIT_SEQUENCE_EDITOR=editor, GIT_EDITOR="true"
        )

    def forget(self) -> None:
        """Let git forget whatever no branch reaches."""
        self.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
        self.run("gc", "--quiet", "--prune=now")


@dataclass
class World:
    """A log and the repositories beside it; `more` are repositories that a scenario adds."""

    folder: Path
    more: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.a = Copy(self.folder / "src/a")
        self.b = Copy(self.folder / "src/b")
        self.log = self.folder / "log.org"
        self.index = self.folder / "index.sqlite"

    def settings(self) -> Settings:
        """Return the settings that name all of it."""
        roots = (Root(self.folder / "src", 1), *(Root(path) for path in self.more))
        return Settings(logs=(str(self.log),), repositories=roots, index=self.index)

    def clone(self, repo: GitRepo, name: str, *options: str) -> Copy:
        """Clone REPO into the folder NAME of this world."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        repo.run("clone", "--quiet", *options, f"file://{repo.path}", str(path))
        return Copy(path)

    def repositories(self) -> list[Copy]:
        """Return all repositories that are registered now."""
        found = [path for path in (self.folder / "src").iterdir() if (path / "HEAD").exists()]
        found += [path for path in (self.folder / "src").iterdir() if (path / ".git").exists()]
        return [Copy(path) for path in sorted([*found, *self.more])]

    def backfill(self) -> tuple[Written, list[str], list[str]]:
        """Sync and write; return what was done, the hashes reported dead, and the unplaced."""
        settings = self.settings()
        index = open_index(self.index)
        try:
            assert index.problem is None
            assert sync(settings, index).problems == []

            def make_plan() -> Plan:
                return plan(settings, index, EntryTexts(settings))

            planned = make_plan()
            done = carry_out(planned, make_plan)
            assert done.failures == ()
            dead = [dead.step.hash or "" for dead in planned.dead]
            return done, dead, [unplaced.message for unplaced in planned.unplaced]
        finally:
            index.close()


def make_world(folder: Path) -> World:
    """Make the world in FOLDER, with nothing placed yet."""
    (folder / "src").mkdir(parents=True)
    repos = {name: GitRepo(folder / "src" / name, "-b", "main") for name in ("a", "b")}
    for number, (name, message, author) in enumerate(COMMITS):
        date = FIRST_COMMIT + timedelta(minutes=10 * number)
        repos[name].commit(message, file=f"file{number}", author=author, date=date)
    for repo in repos.values():
        repo.run("repack", "--quiet", "-d")  # fewer files to copy
    (folder / "log.org").write_text(LOG, encoding="utf-8")
    return World(folder)


def copy_world(world: World, folder: Path) -> World:
    """Return a copy of WORLD in FOLDER, without its index."""
    shutil.copytree(world.folder, folder, symlinks=True)
    copy = World(folder)
    copy.index.unlink(missing_ok=True)
    return copy


class Oracle:
    """Says what ought to stand on each step. Made before history is rewritten, asked after."""

    def __init__(self, world: World, last: Oracle | None = None) -> None:
        """Look at WORLD, whose commits are still those that LAST was asked about."""
        self.world = world
        self.history: History = History() if last is None else last.history
        self.read_log()
        self.state: State = self._read() if last is None else last.state
        self.memory = Memory(set(self.state.reachable))

    def read_log(self) -> None:
        """Read the log again, which somebody changed."""
        self.text = self.world.log.read_text("utf-8")
        self.before = read_steps(self.world.log)

    def look(self) -> None:
        """Read the repositories again, whose commits have changed."""
        self.state = self._read()

    def _read(self) -> State:
        return self.history.read(repo.path for repo in self.world.repositories())

    def expected(self) -> dict[tuple[str, str], tuple[set[str], bool]]:
        """Return for each step the hashes that may stand on it and whether its box is ticked.

        An empty set means that there is none to be had.
        """
        logs = {self.world.log: self.text}
        paths = [repo.path for repo in self.world.repositories()]
        rule = Rule(self.history, Facts(logs, paths, self.state, self.memory))
        verdicts = rule.verdicts()[self.world.log]
        return {
            (verdict.item.experiment, f".{verdict.item.number}"): self._step(rule, verdict)
            for verdict in verdicts
        }

    def _step(self, rule: Rule, verdict: Verdict) -> tuple[set[str], bool]:
        _stood, ticked = self.before[verdict.item.experiment, f".{verdict.item.number}"]
        oids = {one.oid for one in verdict.outcomes if one.oid}
        if not oids and (here := rule.resolve(verdict.item.digits)):
            oids = {here.oid}
        return oids, ticked or any(one.box == "tick" for one in verdict.outcomes)


def read_steps(log: Path) -> dict[tuple[str, str], tuple[str | None, bool]]:
    """Return {(experiment, ".1.2"): (hash, ticked)} of LOG, naively."""
    found: dict[tuple[str, str], tuple[str | None, bool]] = {}
    experiment, numbers, key = "", [0], None
    for line in log.read_text("utf-8").splitlines():
        if line.startswith("* "):
            known = re.search(r"\[(\d+)\]", line)
            experiment = known[1] if known else ("202" if "Another" in line else "")
            numbers, key = [0], None
        match = _STEP.match(line)
        if match and experiment:
            level = len(match[1]) // 3
            numbers = [*numbers[: level + 1], *[0] * (level + 1 - len(numbers))]
            numbers[level] += 1
            key = (experiment, "".join(f".{number}" for number in numbers))
            found[key] = (None, match[2] == "X")
        bears = _HASH.search(line)
        if bears and key:
            found[key] = (bears[1], found[key][1])
        if line.startswith("** Notes"):
            key = None
    return found
