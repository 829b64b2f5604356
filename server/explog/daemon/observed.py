"""Watches by watchdog, where there is no inotify."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from explog.daemon.watches import LOGS, Names, Owner, Ring, matters

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent

log = logging.getLogger(__name__)

# watchdog spends two threads on each watch; what is beyond this is seen by the sweep.
MOST_WATCHES = 32


class ObservedFolders:
    """Watches of the folders of logs, and of whole trees of branches."""

    def __init__(self, ring: Ring) -> None:
        self.unwatched: frozenset[Owner] = frozenset()
        self._ring = ring
        self._observer: Any = None
        self._closed = threading.Event()
        self._watches: dict[str, Any] = {}
        self._wanted: tuple[Sequence[str], Mapping[str, Names]] = ((), {})

    def count(self) -> int:
        return len(self._watches)

    def watch(self, repositories: Sequence[str], logs: Mapping[str, Names]) -> None:
        self._wanted = repositories, logs
        owners: dict[str, Owner] = dict.fromkeys(logs, LOGS)
        for common_dir in repositories:
            reftable = f"{common_dir}/reftable"
            tree = reftable if os.path.isdir(reftable) else f"{common_dir}/refs/heads"
            owners[tree] = common_dir
        kept = dict(list(owners.items())[:MOST_WATCHES])
        for path in self._watches.keys() - kept.keys():
            self._unschedule(path)
        for path, owner in kept.items():
            if path not in self._watches and os.path.isdir(path):
                self._schedule(path, owner, logs.get(path))
        self.unwatched = frozenset(owners[path] for path in owners.keys() - self._watches.keys())

    def watch_again(self, owners: Iterable[Owner]) -> None:
        """Watch trees that are there by now; of those that are watched all folders are."""
        if self.unwatched.intersection(owners):
            self.watch(*self._wanted)

    def close(self) -> None:
        self._closed.set()
        if self._observer is not None:
            self._observer.stop()

    def _schedule(self, path: str, owner: Owner, names: Names) -> None:
        handler = _handler(self._ring, owner, names)
        if self._closed.is_set():
            return
        try:
            self._watches[path] = self._started().schedule(handler, path, recursive=owner != LOGS)
        except OSError as error:
            # No watch is left, or the file system has none: the next sweep sees it.
            log.warning("%s is not watched: %s", path, error)
        if self._closed.is_set():  # while this thread was busy
            self.close()

    def _unschedule(self, path: str) -> None:
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


def _handler(ring: Ring, owner: Owner, names: Names) -> Any:
    """Return a handler that rings for OWNER when one of the files NAMES changes."""
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            # Reading is an event too, and this server reads.
            if event.event_type in ("opened", "closed_no_write"):
                return
            found = (os.path.basename(str(path)) for path in (event.src_path, event.dest_path))
            if any(name and matters(name, names) for name in found):
                ring(owner)

    return Handler()
