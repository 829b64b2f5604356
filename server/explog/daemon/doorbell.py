"""The doorbell: something may have changed, look now.

watchdog rings it for branches and logs, Emacs for what its hooks see. Neither rings for everything,
so the daemon also looks from time to time; a ring for nothing costs a few `stat`s.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

log = logging.getLogger(__name__)

# watchdog spends two threads on each watch; repositories beyond this are seen by the sweep.
MOST_WATCHES = 32


class Doorbell:
    """An event that callers and changes of files set; `close` ends the watches.

    `unwatched` are the folders whose changes do not ring it.
    """

    def __init__(self) -> None:
        self.unwatched: frozenset[Path] = frozenset()
        self._rung = threading.Event()
        self._observer: Any = None
        self._watches: dict[Path, Any] = {}

    def ring(self) -> None:
        """Wake the thread that waits."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, or for SECONDS; return whether it rang."""
        rang = self._rung.wait(seconds)
        self._rung.clear()
        return rang

    def watch(self, repositories: Iterable[Path], logs: Iterable[Path]) -> None:
        """Watch the branches of repositories (their common directories) and the given logs."""
        wanted: dict[Path, set[str] | None] = {}
        for log_file in logs:
            names = wanted.setdefault(log_file.parent, set())
            if names is not None:
                names.add(log_file.name)
        for common_dir in repositories:
            reftable = common_dir / "reftable"
            wanted[reftable if os.path.isdir(reftable) else common_dir / "refs" / "heads"] = None
        kept = dict(list(wanted.items())[:MOST_WATCHES])
        for path in self._watches.keys() - kept.keys():
            self._unschedule(path)
        for path, names in kept.items():
            if path not in self._watches and os.path.isdir(path):
                self._schedule(path, names)
        self.unwatched = frozenset(wanted.keys() - self._watches.keys())

    def watched(self) -> int:
        """Return how many folders are watched."""
        return len(self._watches)

    def _schedule(self, path: Path, names: set[str] | None) -> None:
        handler = _handler(self._rung, names)
        try:
            self._watches[path] = self._started().schedule(
                handler, str(path), recursive=names is None
            )
        except OSError as error:
            # No watch is left, or the file system has none: the next sweep sees it.
            log.warning("%s is not watched: %s", path, error)

    def _unschedule(self, path: Path) -> None:
        watch = self._watches.pop(path)
        try:
            self._observer.unschedule(watch)
        except (KeyError, OSError) as error:
            log.debug("%s: %s", path, error)

    def _started(self) -> Any:
        if self._observer is None:
            from watchdog.observers import Observer

            self._observer = Observer()
            self._observer.daemon = True
            self._observer.start()
        return self._observer

    def close(self) -> None:
        """End the watches, and wake the thread that waits."""
        if self._observer is not None:
            self._observer.stop()
            self._observer = None
            self._watches.clear()
        self._rung.set()


def _handler(rung: threading.Event, names: set[str] | None) -> Any:
    """Return a handler that rings for the files NAMES, or for any ref when NAMES is None."""
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            # Reading is an event too, and this server reads.
            if event.event_type in ("opened", "closed_no_write"):
                return
            for path in (event.src_path, event.dest_path):
                name = Path(str(path)).name
                if name and (name in names if names is not None else not name.endswith(".lock")):
                    rung.set()

    return Handler()
