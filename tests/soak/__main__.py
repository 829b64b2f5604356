"""`python -m soak MINUTES`: commit, edit the log and kill explog, over and over, and look for loss.

Several explogs at once index and write the same logs; most of them are killed at a random moment.
Meanwhile results are committed, and lines are added to the log as an editor does it. Now and then
all is left in peace, explog runs once to its end, and then it has to hold that

- each line of the log that the editor wrote is there once, in its order;
- each step bears the hash of its newest results commit, and is ticked;
- an index that lived through it equals one that is made anew;
- no temporary file and no lock is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from explog.config import Root, Settings
from explog.index.database import open_index
from explog.sync.look import sync
from support.canonical import canonical, differences, rebuilt
from support.repo import CONFIG, GitRepo

STEPS, EXPERIMENTS = 4, 12
_MINUTE = timedelta(minutes=1)
_HASHED = re.compile(r"(\d+)\. \[(.)\] step (\d+)(?: \(([0-9a-f]{7,})\))?$")


class Soak:
    """A log, two repositories, and the explogs that work on them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.log = folder / "log" / "log.org"
        self.log.parent.mkdir()
        self.index = folder / "index.sqlite"
        self.repos = [GitRepo(folder / name) for name in ("one", "two")]
        self.newest: dict[tuple[int, int], str] = {}
        self.notes: list[str] = []
        self.counts = dict.fromkeys(("commits", "notes", "started", "killed", "checks"), 0)
        entries = (self._entry(number) for number in range(1, EXPERIMENTS + 1))
        self.log.write_text("".join(entries), encoding="utf-8")
        self._running: list[subprocess.Popen[bytes]] = []
        self._writing: list[subprocess.Popen[bytes]] = []

    @staticmethod
    def _entry(number: int) -> str:
        steps = "".join(f"{n}. [ ] step {n}\n" for n in range(1, STEPS + 1))
        return f"* TODO [{number}] Experiment :exp:\n** Notes\n** Experiments [0/{STEPS}]\n{steps}"

    @property
    def settings(self) -> Settings:
        return Settings(
            logs=(str(self.log),), repositories=tuple(Root(one.path) for one in self.repos)
        )

    def play(self, seconds: float) -> None:
        """Do random things for SECONDS, then check."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.random.choice([self._commit, self._note, self._start, self._start, self._kill])()
            time.sleep(self.random.random() * 0.03)
        self._check()

    # What happens

    def _commit(self) -> None:
        step = self.random.randint(1, EXPERIMENTS), self.random.randint(1, STEPS)
        message = f"[e{step[0]}.{step[1]}] Results- {self.counts['commits']}"
        repo = self.random.choice(self.repos)
        # All have one clock, so that the newest is the one that was made last.
        later = max(one.now for one in self.repos)
        self.newest[step] = repo.commit(message, date=later + _MINUTE)
        self.counts["commits"] += 1

    def _note(self) -> None:
        """Add a line to the log as an editor does: write another file, and put it in its place."""
        note = f"- note {len(self.notes)}"
        before = self.log.read_bytes()
        new = before.replace(b"** Notes\n", f"** Notes\n{note}\n".encode(), 1)
        other = self.log.parent / "editor.tmp"
        other.write_bytes(new)
        # An explog may write in this very moment; an editor asks then, and we try again later.
        if self.log.read_bytes() != before or self._writers():
            other.unlink()
            return
        other.replace(self.log)
        self.notes.insert(0, note)
        self.counts["notes"] += 1

    def _writers(self) -> bool:
        return any(one.poll() is None for one in self._writing)

    def _start(self) -> None:
        if len(self._running) >= 4:
            self._kill()
        command = self.random.choice(
            [
                ["backfill", "--write"],
                ["backfill", "--write"],
                ["index"],
                ["check"],
                ["search", "e1"],
            ]
        )
        self._running.append(self._explog(command))
        if "--write" in command:
            self._writing = [one for one in self._writing if one.poll() is None]
            self._writing.append(self._running[-1])
        self.counts["started"] += 1

    def _explog(self, command: list[str]) -> subprocess.Popen[bytes]:
        places = ["--log", str(self.log), "--index", str(self.index)]
        places += [word for one in self.repos for word in ("--repo", str(one.path))]
        return subprocess.Popen(
            [sys.executable, "-m", "explog", *command, *places],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def _kill(self) -> None:
        if not self._running:
            return
        process = self._running.pop(self.random.randrange(len(self._running)))
        if process.poll() is None:
            os.killpg(process.pid, self.random.choice([signal.SIGKILL, signal.SIGTERM]))
            self.counts["killed"] += 1
        self._end(process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        _out, complaints = process.communicate(timeout=120)
        if b"Traceback" in complaints or b"unexpected" in complaints:
            raise AssertionError(complaints.decode("utf-8", "replace"))

    # What has to hold

    def _check(self) -> None:
        for process in self._running:
            self._end(process)
        self._running.clear()
        last = self._explog(["backfill", "--write"])
        self._end(last)
        assert last.returncode == 0, last.returncode
        lines = self.log.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("- note")] == self.notes
        assert sum(line.startswith("* TODO") for line in lines) == EXPERIMENTS
        self._check_steps(lines)
        left = sorted(path.name for path in self.log.parent.iterdir())
        assert left == ["log.org"], left
        with closing(open_index(self.index)) as index:
            assert sync(self.settings, index).problems == []
            found = differences(canonical(index), rebuilt(self.settings))
        assert not found, found
        self.counts["checks"] += 1

    def _check_steps(self, lines: list[str]) -> None:
        experiment = 0
        found: dict[tuple[int, int], str] = {}
        for line in lines:
            if line.startswith("* TODO"):
                experiment += 1
            match = _HASHED.match(line)
            if match is not None:
                assert match[1] == match[3], line
                assert (match[2] == "X") == bool(match[4]), line
                if match[4]:
                    found[experiment, int(match[1])] = match[4]
        assert set(found) == set(self.newest)
        for step, oid in self.newest.items():
            assert oid.startswith(found[step]), (step, oid, found[step])


def main() -> int:
    """Return 1 if something was lost."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--seed", type=int, default=None)
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else random.SystemRandom().randrange(1 << 32)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="explog-soak-") as name:
        home = Path(name)
        (home / ".gitconfig").write_text(CONFIG)
        for variable in [one for one in os.environ if one.startswith(("GIT_", "XDG_", "EXPLOG_"))]:
            del os.environ[variable]
        os.environ |= {"HOME": name, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        soak = Soak(home, seed)
        try:
            while time.monotonic() - begun < 60 * args.minutes:
                soak.play(20)
        except AssertionError as error:
            print(f"seed {seed}, after {time.monotonic() - begun:.0f} s: {error}")
            print(json.dumps(soak.counts))
            return 1
    print(
        f"seed {seed}: nothing lost in {time.monotonic() - begun:.0f} s; {json.dumps(soak.counts)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
