"""A log and two repositories in a folder, whose every change is noted down as a line of shell."""

import os
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.logtext import Entry, Item, read_log

START = 1_600_000_000
ADA = "Ada Tester <ada@example.org>"
BOB = "Bob Builder <bob@example.org>"
CONFIG = """\
[user]
	name = Ada Tester
	email = ada@example.org
[init]
	defaultBranch = main
[core]
	abbrev = 7
[gc]
	auto = 0
[maintenance]
	auto = false
[advice]
	detachedHead = false
[rebase]
	missingCommitsCheck = ignore
[protocol "file"]
	allow = always
"""
LOG = """\
#+TITLE: Experiments

* INPROGRESS [201] Tune the optimizer [0/0] :exp:
** Notes
A line (1234567) that is prose.
** Experiments [0/5]
1. [ ] baseline
2. [ ] adam [0/2]
   1. [ ] with a schedule
   2. [ ] without one
3. [ ] sgd,
   on two lines
4. [ ] warm up
   - it was said that 3 epochs are enough
5. [ ] clip the gradients
* TODO Another model :exp:
:PROPERTIES:
:CUSTOM_ID: 202
:END:
** Experiments [0%]
1) [ ] small
2) [ ] large
3) [ ] wide
* Not an experiment [201.5]
1. [ ] leave me alone
"""


class Unfit(Exception):  # noqa: N818  (no error: the operation does not fit the world, and is left out)
    """An operation that cannot be done in this world."""


@dataclass
class Repo:
    """A repository in the folder of its name, and the linked worktrees that it got."""

    world: "World"
    name: str

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.world.folder / self.name

    def git(self, *args: str, stdin: str = "", folder: str = "", **env: str) -> str:
        """Run git here, or in the worktree FOLDER, and note it down; raise Unfit if it fails."""
        return self.world.git(folder or self.name, *args, stdin=stdin, env=env)

    def ask(self, *args: str) -> str:
        """Return what git prints, without noting it down."""
        return self.world.ask(self.name, *args)

    @property
    def branches(self) -> list[str]:
        """The names of all local branches."""
        return self.ask("for-each-ref", "--format=%(refname:short)", "refs/heads").split()

    @property
    def branch(self) -> str | None:
        """The branch that is checked out."""
        return self.ask("branch", "--show-current") or None

    def back(self, most: int) -> int:
        """Return how many commits from HEAD one can go back by first parents, at most MOST."""
        count = int(self.ask("rev-list", "--count", "--first-parent", "HEAD")) - 1
        if count < 1:
            raise Unfit
        return min(count, most)

    def commit(self, message: str, *options: str, file: str | None = None, **env: str) -> str:
        """Commit FILE, or nothing, with MESSAGE."""
        if file:
            self.world.write(f"{self.name}/{file}", f"{message}\n{self.world.now}\n")
            self.git("add", "--", file)
        self.git("commit", "-q", "--allow-empty", "-F", "-", *options, stdin=message, **env)
        return self.ask("rev-parse", "HEAD")

    def rebase(self, todo: str, *args: str) -> None:
        """Rebase with the list of commits passed through the shell filter TODO."""
        editor = f'f() {{ {todo} < "$1" > "$1.new" && mv "$1.new" "$1"; }}; f'
        env = {"GIT_SEQUENCE_EDITOR": editor, "GIT_EDITOR": "true"}
        self.try_or_abort("rebase", "-i", "--empty=keep", *args, **env)

    def try_or_abort(self, command: str, *args: str, **env: str) -> None:
        """Run a git COMMAND that may end in a conflict, and abort it then."""
        try:
            self.git(command, *args, **env)
        except Unfit:
            self.world.git(self.name, command, "--abort", env={})
            raise


@dataclass
class World:
    """All that explog looks at, and what was done to it so far."""

    folder: Path
    now: int = START
    script: list[str] = field(default_factory=list)
    repos: list[Repo] = field(default_factory=list)
    linked: list[tuple[Repo, str]] = field(default_factory=list)
    logs: list[str] = field(default_factory=lambda: ["log.org"])
    archived: set[str] = field(default_factory=set)
    count: int = 0

    def name(self, stem: str) -> str:
        """Return a new name beginning with STEM."""
        self.count += 1
        return f"{stem}{self.count}"

    def write(self, file: str, text: str) -> None:
        """Write TEXT into FILE."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        note = shlex.quote(text) if len(text) < 60 else f"\"$(cat <<'EOF'\n{text}EOF\n)\"$'\\n'"
        self.script.append(f"printf %s {note} > {shlex.quote(file)}")

    def read(self, log: str) -> str:
        """Return the text of LOG."""
        return (self.folder / log).read_bytes().decode()

    def git(self, folder: str, *args: str, env: dict[str, str], stdin: str = "") -> str:
        """Run git in FOLDER a minute later."""
        self.now += 60
        date = f"{self.now} +0000"
        env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} | env
        done = self._run(folder, args, env, stdin)
        words = [f"{name}={shlex.quote(value)}" for name, value in env.items()]
        words += ["git", "-C", folder, *map(shlex.quote, args)]
        begin = f"printf %s {shlex.quote(stdin)} | " if stdin else ""
        self.script.append(begin + " ".join(words) + (" || true" if done.returncode else ""))
        if done.returncode:
            raise Unfit(f"git {args}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def ask(self, folder: str, *args: str) -> str:
        """Return what git prints in FOLDER."""
        done = self._run(folder, args, {}, "")
        if done.returncode:
            raise Unfit(f"git {args}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def _run(
        self, folder: str, args: tuple[str, ...], env: dict[str, str], stdin: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["git", "-C", str(self.folder / folder), *args],
            env=os.environ | env,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def shell(self, command: str) -> None:
        """Run a COMMAND in the folder of the world."""
        self.script.append(command)
        subprocess.run(["sh", "-c", command], cwd=self.folder, check=True, capture_output=True)

    def add_repo(self, name: str) -> Repo:
        """Register the repository NAME, which is there."""
        repo = Repo(self, name)
        self.repos.append(repo)
        return repo

    @property
    def steps(self) -> list[Item]:
        """All steps of the first log."""
        return [item for entry in self.entries for item in entry.items]

    @property
    def entries(self) -> list[Entry]:
        """The experiments of the first log."""
        return read_log(self.read("log.org"))

    @property
    def paths(self) -> list[Path]:
        """The folders of all repositories that are registered."""
        return [repo.path for repo in self.repos]


def make_world(folder: Path) -> World:
    """Make the world in FOLDER, with two repositories of one commit each."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World(folder)
    world.write("log.org", LOG)
    for name in ("a", "b"):
        world.shell(f"git init -q {name}")
        world.add_repo(name).commit(f"Begin {name}", file="begin")
    return world
