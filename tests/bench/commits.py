"""Rows: from the end of `git commit`, new or amended, to the hash in the buffer."""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.figures import Figure, Row, Target, median, spread
from bench.workshop import BenchError, Workshop

_FIRST = 900_001
_STEPS = 3
_PATIENCE = 60.0
_ENOUGH_MS = 60_000.0
_READY = 300.0
_PAUSE = 0.3  # people take longer from one commit to the next
_HEADER = "#+TODO: TODO INPROGRESS WAIT | DONE CANCELED\n\n"


def commits(shop: Workshop) -> list[Row]:
    """In a small log and nothing else."""
    return [_row("commit to hash in the buffer", _Scene(shop, "small").times((), (), 0, 0))]


def beside_the_world(shop: Workshop) -> list[Row]:
    """In a small log, with the world configured as well."""
    logs, repositories = [str(shop.world.log)], list(map(str, shop.world.repositories))
    known = (shop.counts.commits, shop.counts.experiments)
    times = _Scene(shop, "beside").times(logs, repositories, *known)
    return [_row("commit to hash in the buffer: the world configured as well", times)]


def within_the_world(shop: Workshop) -> list[Row]:
    """In the middle of the world's own log."""
    repositories = list(map(str, shop.world.repositories))
    known = (shop.counts.commits, shop.counts.experiments)
    times = _Scene(shop, "within", shop.world.log).times((), repositories, *known)
    return [_row("commit to hash in the buffer: the world’s log in it", times)]


def amended(shop: Workshop) -> list[Row]:
    """Amended, in a small log and nothing else, and with the world configured as well."""
    logs, repositories = [str(shop.world.log)], list(map(str, shop.world.repositories))
    known = (shop.counts.commits, shop.counts.experiments)
    small = _Scene(shop, "amended-small").times((), (), 0, 0, amend=True)
    beside = _Scene(shop, "amended-beside").times(logs, repositories, *known, amend=True)
    target = Target("≤ 1.5 × as long", median(beside) / median(small), 1.5)
    what = "amended commit to hash in the buffer: the world configured as well"
    others = (Figure("in a small log alone, p50", median(small)),)
    return [Row(what, spread(beside, most=True), others, (target,))]


def _row(what: str, times: list[float]) -> Row:
    figures = (*spread(times, most=True), Figure("of", len(times), "commits"))
    target = Target("p50 ≤ 150 ms", median(times), 150)
    return Row(what, figures, targets=(target,), missing="nobody does it")


class _Scene:
    """A log, a repository, and an Emacs that visits the log."""

    def __init__(self, shop: Workshop, name: str, beginning: Path | None = None) -> None:
        self._shop = shop
        self._folder = shop.folder / name
        self._repository = self._folder / "project"
        self._repository.mkdir(parents=True)
        self._log = self._folder / "log.org"
        before = beginning.read_text(encoding="utf-8") if beginning else _HEADER
        half = before.find("\n* ", len(before) // 2) + 1  # 0 where there is no entry yet
        parts = (before[:half], before[half:]) if half else (before, "")
        self._experiments = -(-shop.effort.commits // _STEPS)
        own = "".join(map(_experiment, range(self._experiments)))
        self._log.write_text(own.join(parts), encoding="utf-8")
        self._git("init", "--quiet")
        self._commit("Begin")

    def times(
        self,
        logs: Sequence[str],
        repositories: Sequence[str],
        commits: int,
        experiments: int,
        *,
        amend: bool = False,
    ) -> list[float]:
        """Return the milliseconds that each hash took, with these LOGS and REPOSITORIES as well.

        With AMEND each commit is then amended, and that one's hash is waited for.
        """
        given = {
            "server": [self._shop.explog],
            "log": str(self._log),
            "logs": [str(self._log), *logs],
            "repositories": [str(self._repository), *repositories],
            "commits": commits + 1,
            "experiments": experiments + self._experiments,
            "stop": str(self._folder / "stop"),
            "first": _FIRST,
        }
        with self._emacs(given) as lines:
            _next(lines, _READY)
            found: list[float] = []
            for number in range(self._shop.effort.commits):
                time.sleep(_PAUSE)
                self._commit(_message(number))
                taken = self._until_seen(lines)
                if amend:
                    time.sleep(_PAUSE)
                    self._git("commit", "--quiet", "--amend", f"--message={_message(number)} again")
                    taken = self._until_seen(lines)
                found.append(taken)
                if sum(found) > _ENOUGH_MS:
                    break
        self._check(len(found))
        return found

    def _until_seen(self, lines: queue.Queue[str]) -> float:
        """Return how many milliseconds the hash of HEAD, just committed, takes to come."""
        ended = time.time()
        full = self._git("rev-parse", "HEAD")
        while True:
            seen, *hashes = _next(lines, _PATIENCE).split()
            if any(full.startswith(found) for found in hashes):
                return 1e3 * (float(seen) - ended)

    def _check(self, wanted: int) -> None:
        """Raise BenchError unless WANTED steps are ticked in the file as well."""
        done = self._log.read_text(encoding="utf-8").count("[X] Bench try")
        if done != wanted:
            raise BenchError(f"{done} of {wanted} steps are done in the file")

    def _commit(self, message: str) -> None:
        (self._repository / "results.txt").write_text(f"{message}\n", encoding="utf-8")
        self._git("add", "results.txt")
        self._git("commit", "--quiet", f"--message={message}")

    def _git(self, *arguments: str) -> str:
        return self._shop.run(["git", "-C", self._repository, *arguments]).output.strip()

    @contextmanager
    def _emacs(self, given: dict[str, object]) -> Iterator[queue.Queue[str]]:
        """Run an Emacs and yield what it writes, line by line."""
        errors = self._folder / "stderr"
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                self._shop.emacs_command("commit.el", given),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._shop.environment,
                text=True,
            )
        assert process.stdout is not None
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
        try:
            yield lines
        except queue.Empty:
            said = errors.read_text(errors="replace")[-2000:]
            raise BenchError(f"the hash did not come; Emacs said:\n{said}") from None
        finally:
            Path(str(given["stop"])).touch()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _read(source: IO[str], lines: queue.Queue[str]) -> None:
    for line in source:
        lines.put(line)
    lines.put("")


def _next(lines: queue.Queue[str], patience: float) -> str:
    line = lines.get(timeout=patience)
    if not line:
        raise queue.Empty  # Emacs has ended
    return line


def _message(number: int) -> str:
    ident, step = _FIRST + number // _STEPS, number % _STEPS + 1
    return f"[e{ident}.{step}] Results: of try {number}"


def _experiment(number: int) -> str:
    ident = _FIRST + number
    steps = "".join(f"{step}. [ ] Bench try {step}\n" for step in range(1, _STEPS + 1))
    return (
        f"* INPROGRESS [{ident}] Bench experiment [0%]   :@work:exp:\n"
        f":PROPERTIES:\n:ID:       {ident}\n:END:\n\n- To be measured.\n\n"
        f"** TODO Experiments [0/{_STEPS}]\n{steps}\n** TODO Conclusions\n\n"
    )
