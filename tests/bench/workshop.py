"""Where a benchmark works: its folder, its environment, how it runs and times other programs."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.world import World
from explog.index.database import Counts, open_index

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EMACS = os.environ.get("EMACS", "emacs")
PYTHON = sys.executable


class BenchError(Exception):
    """Something could not be measured."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How often things are done."""

    repetitions: int = 5
    calls: int = 2000
    other_calls: int = 10
    starts: int = 15
    """Of a command in a terminal."""
    commits: int = 30
    every_query: int = 1
    """Of the queries, each how many-eth is typed."""


QUICK = Effort(repetitions=1, calls=100, other_calls=1, starts=1, commits=2, every_query=20)


@dataclass(frozen=True)
class Run:
    """What a program took."""

    seconds: float
    output: str
    peak_kb: int
    cpu_seconds: float
    """Of the program, and of those that it ran."""


@dataclass(frozen=True)
class Workshop:
    """A folder that is thrown away after the run, and the world, which is not touched."""

    folder: Path
    world: World
    effort: Effort

    @cached_property
    def log(self) -> Path:
        """A copy of the world's log, to change."""
        return Path(shutil.copy(self.world.log, self.folder / "experiment_log.org"))

    @property
    def index(self) -> Path:
        """The index of the world, which the first measurement makes."""
        return self.folder / "world.sqlite"

    @property
    def explog(self) -> str:
        """The program that `pip` installed beside the Python in use."""
        return str(Path(PYTHON).with_name("explog"))

    @property
    def settings(self) -> dict[str, object]:
        """The settings for the world, by the names of the configuration file."""
        return {
            "logs": [str(self.log)],
            "repositories": [str(path) for path in self.world.repositories],
            "index": str(self.index),
        }

    @cached_property
    def counts(self) -> Counts:
        """What the index of the world has."""
        index = open_index(self.index)
        try:
            return index.counts()
        finally:
            index.close()

    @cached_property
    def environment(self) -> dict[str, str]:
        """An environment with a home of its own, where no git of the user's has a say."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        places = {"CONFIG": ".config", "DATA": ".data", "CACHE": ".cache", "STATE": ".state"}
        who = {f"GIT_{role}_NAME": "Ada Byron" for role in ("AUTHOR", "COMMITTER")}
        mail = {f"GIT_{role}_EMAIL": "ada@example.org" for role in ("AUTHOR", "COMMITTER")}
        return {
            **kept,
            **who,
            **mail,
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(home),
            "EXPLOG_TEST_HOME": str(home),
            "LC_ALL": "C.UTF-8",
            **{f"XDG_{name}_HOME": str(home / place) for name, place in places.items()},
        }

    def run(self, command: Sequence[str | Path], *, keep_output: bool = True) -> Run:
        """Run COMMAND to its end; raise BenchError if it fails."""
        errors = self.folder / "stderr"
        sink = subprocess.PIPE if keep_output else subprocess.DEVNULL
        with errors.open("wb") as stderr:
            begun = time.perf_counter()
            process = subprocess.Popen(
                command, stdout=sink, stderr=stderr, stdin=subprocess.DEVNULL, env=self.environment
            )
            output = process.stdout.read() if process.stdout is not None else b""
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.stdout is not None:
                process.stdout.close()
        if process.returncode != 0:
            said = errors.read_text(errors="replace")[-2000:]
            raise BenchError(f"{Path(command[0]).name} {command[1]} failed:\n{said}")
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return Run(seconds, output.decode(), usage.ru_maxrss, cpu_seconds)

    @cached_property
    def elisp(self) -> Path:
        """A folder with our Lisp, compiled as a package manager would."""
        folder = self.folder / "elisp"
        shutil.copytree(ROOT / "elisp", folder, ignore=shutil.ignore_patterns("*.elc"))
        form = "(byte-recompile-directory (car command-line-args-left) 0)"
        self.run([EMACS, "-Q", "--batch", "-L", folder, "--eval", form, folder])
        return folder

    def emacs_command(self, script: str, given: Mapping[str, object]) -> list[str]:
        """Return how to run SCRIPT, a file of this folder, which sees GIVEN as `bench-given`."""
        loads = ["-l", str(ROOT / "tests/elisp/init.el"), "-L", str(self.elisp)]
        loads += ["-l", str(HERE / "bench.el"), "-l", str(HERE / script)]
        with_given = ["env", f"EXPLOG_BENCH_GIVEN={json.dumps(given, ensure_ascii=False)}"]
        return [*with_given, EMACS, "-Q", "--batch", *loads]

    def emacs(self, script: str, **given: object) -> dict[str, Any]:
        """Run SCRIPT in Emacs and return what it told with `bench-tell`."""
        lines = self.run(self.emacs_command(script, given)).output.splitlines()
        told = json.loads(lines[-1])
        assert isinstance(told, dict)
        return told

    def cpu_times(self, commands: Mapping[str, Sequence[str | Path]]) -> dict[str, float]:
        """Return the least milliseconds of a processor that each of COMMANDS takes, by its name.

        They run in turn, so that what else the machine does is the same for all.
        """
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(self.effort.starts):
            for name, command in commands.items():
                times[name].append(1e3 * self.run(command, keep_output=False).cpu_seconds)
        return {name: min(some) for name, some in times.items()}

    def times(self, function: Callable[[], object]) -> list[float]:
        """Return how many milliseconds each of the repetitions of FUNCTION takes."""
        return [milliseconds(function) for _ in range(self.effort.repetitions)]


def cpu_milliseconds(function: Callable[[], object]) -> float:
    """Return how many milliseconds FUNCTION takes of the processors, with what it runs."""

    def used() -> float:
        both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(one.ru_utime + one.ru_stime for one in both)

    begun = used()
    function()
    return 1e3 * (used() - begun)


def milliseconds(function: Callable[[], object]) -> float:
    """Return how many milliseconds FUNCTION takes."""
    begun = time.perf_counter()
    function()
    return 1e3 * (time.perf_counter() - begun)
