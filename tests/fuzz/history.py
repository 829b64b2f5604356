"""The commits of some repositories, read with plain git commands."""

import functools
import re
import subprocess
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

Step = tuple[str, str]  # experiment and number: ("201", "2.1")

REFERENCE = re.compile(r"\[e(\d[\w-]*?)((?:\.\d+)*)\]")
_RUN = r"(?:\[e\d[\w.-]*\][\s,]*)+"
# As people and hooks put them before a subject, which a squash leaves as a line of the body.
_PREFIX = r"(?:(?:[a-z]+(?:\(\w+\))?!?:|[A-Z]+-\d+|:[a-z]+:|Merged PR \d+:|WIP)\s)?"
_LINE = re.compile(rf"\s*(?:[-*+]\s+)?{_PREFIX}(?P<run>{_RUN})[:\s]*(?P<results>Results\b)?")
_IN_SUBJECT = re.compile(rf"(?P<run>{_RUN})[:\s]*(?P<results>Results\b)?")
_QUOTES = re.compile(
    r"""(fixup|squash|amend)!\s
    | (Revert(\^\d+)?|Reapply|Merge|Back\ out|Backed\ out|Roll\ back)\s(changeset\s\w+\s*:?\s*)?["“]
    | Revert\sD\d+:
    | Update\sbase\sfor\s""",
    re.VERBOSE,
)


def steps_in(text: str) -> set[Step]:
    """Return the steps to which TEXT refers."""
    return {(id_, number[1:]) for id_, number in REFERENCE.findall(text) if number}


@dataclass(frozen=True)
class Commit:
    """A commit as its object says it."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: str
    author_time: int
    time: int
    message: str

    @functools.cached_property
    def subject(self) -> str:
        """The first paragraph in one line."""
        first = self.message.lstrip("\n").split("\n\n")[0]
        return " ".join(line.strip() for line in first.splitlines())

    @functools.cached_property
    def body(self) -> list[str]:
        """The lines after the first paragraph."""
        return self.message.lstrip("\n").partition("\n\n")[2].splitlines()

    @functools.cached_property
    def spoken_of(self) -> set[Step]:
        """The steps whose reference stands anywhere in the message."""
        return steps_in(self.message)

    @functools.cached_property
    def claims(self) -> dict[Step, int]:
        """How strongly it claims which steps: 3 results in the subject, 2 in the body, 1 and 0."""
        if _QUOTES.match(self.subject):
            return {}
        found = [(step, 1) for step in steps_in(self.subject)]
        for match in _IN_SUBJECT.finditer(self.subject):
            if match["results"]:
                found += [(step, 3) for step in steps_in(match["run"])]
        for match in filter(None, map(_LINE.match, self.body)):
            found += [(step, 2 if match["results"] else 0) for step in steps_in(match["run"])]
        strongest: dict[Step, int] = {}
        for step, strength in found:
            strongest[step] = max(strength, strongest.get(step, 0))
        return strongest


_SPLIT = re.compile(r"(.*) (-?\d+) [+-]\d+")


def _parse(oid: str, text: str) -> Commit:
    head, _, message = text.partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.splitlines():
        name, _, value = line.partition(" ")
        fields.setdefault(name, []).append(value)
    author, written = (
        _SPLIT.fullmatch(fields["author"][0]),
        _SPLIT.fullmatch(fields["committer"][0]),
    )
    assert author
    assert written
    parents = tuple(fields.get("parent", ()))
    times = int(author[2]), int(written[2])
    return Commit(oid, fields["tree"][0], parents, author[1], *times, message)


def git(repository: Path, *args: str, stdin: str = "") -> str:
    """Return what git prints; nothing is replaced, whatever `git replace` was told."""
    command = ["git", "--no-replace-objects", "-C", str(repository), *args]
    done = subprocess.run(
        command, input=stdin, capture_output=True, encoding="utf-8", errors="replace", check=True
    )
    return done.stdout


@dataclass(frozen=True)
class State:
    """What the repositories hold at one time."""

    reachable: dict[str, set[Path]]  # hash: repositories with a branch or HEAD that reaches it
    by_head: set[str]  # what a HEAD reaches
    by_any_ref: set[str]  # what a tag or a ref of a tool reaches, too


@dataclass
class History:
    """A reader of repositories; commits that were read once are remembered for their text."""

    commits: dict[str, Commit] = field(default_factory=dict)
    _patches: dict[str, str] = field(default_factory=dict)

    def read(self, repositories: Iterable[Path]) -> State:
        """Return what the REPOSITORIES hold now."""
        state = State({}, set(), set())
        for repository in repositories:
            refs = git(repository, "for-each-ref", "--format=%(objectname) %(refname)").split("\n")
            refs = [ref for ref in refs if ref and self._is_commit(repository, ref.split()[0])]
            branches = frozenset(
                ref[:40] for ref in refs if ref[41:].startswith(("refs/heads/", "refs/remotes/"))
            )
            listed = git(repository, "worktree", "list", "--porcelain").splitlines()
            heads = frozenset(line[5:] for line in listed if line.startswith("HEAD "))
            heads -= {"0" * 40}
            everything = heads.union(ref[:40] for ref in refs)
            kept = branches | heads
            # Most often all three are the same.
            walked = {tips: self._walk(repository, tips) for tips in {kept, heads, everything}}
            for oid in walked[kept]:
                state.reachable.setdefault(oid, set()).add(repository)
            state.by_head.update(walked[heads])
            state.by_any_ref.update(walked[everything])
        return state

    def _is_commit(self, repository: Path, oid: str) -> bool:
        if oid in self.commits:
            return True
        return git(repository, "cat-file", "-t", oid).strip() == "commit"

    def _walk(self, repository: Path, tips: Collection[str]) -> list[str]:
        listed = git(repository, "rev-list", "--stdin", stdin="\n".join(sorted(tips))).split()
        new = [oid for oid in listed if oid not in self.commits]
        if new:
            self._parse(new, repository)
        return listed

    def _parse(self, oids: list[str], repository: Path) -> None:
        command = ["git", "--no-replace-objects", "-C", str(repository), "cat-file", "--batch"]
        wanted = "\n".join(oids).encode()
        rest = subprocess.run(command, input=wanted, capture_output=True, check=True).stdout
        while rest:
            head, _, rest = rest.partition(b"\n")
            oid, kind, size = head.decode().split()
            assert kind == "commit"
            text, rest = rest[: int(size)], rest[int(size) + 1 :]
            self.commits[oid] = _parse(oid, text.decode("utf-8", "replace"))

    def comes_after(self, later: str, earlier: str) -> bool:
        """Tell whether LATER is a descendant of EARLIER."""
        found: set[str] = set()
        waiting = [later]
        while waiting:
            oid = waiting.pop()
            if oid not in found and oid in self.commits:  # the parents of a shallow clone are none
                found.add(oid)
                waiting += self.commits[oid].parents
        return later != earlier and earlier in found

    def find(self, digits: str, repositories: Iterable[Path]) -> Commit | None:
        """Return the commit that git still has under DIGITS, whether reachable or not."""
        for repository in repositories:
            line = git(repository, "cat-file", "--batch-check", stdin=digits).split()
            if line[1:2] == ["commit"]:
                if line[0] not in self.commits:
                    self._parse([line[0]], repository)
                return self.commits[line[0]]
        return None

    def patch(self, oid: str, repositories: Iterable[Path]) -> str | None:
        """Return the patch-id of a commit; None if git has it no more, or it changes nothing."""
        if oid not in self._patches:
            self._patches[oid] = ""
            for repository in repositories:
                if git(repository, "cat-file", "--batch-check", stdin=oid).split()[1] != "commit":
                    continue
                diff = git(repository, "diff-tree", "-p", "--root", "--no-commit-id", oid)
                self._patches[oid] = git(repository, "patch-id", "--stable", stdin=diff)[:40]
                break
        return self._patches[oid] or None
