"""The doorbell: something may have changed, look now.

Watches ring it for repositories and logs, Emacs for what its hooks see. Neither rings for
everything, so the daemon also looks from time to time; a ring for nothing costs a few `stat`s.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from explog.daemon.watches import LOGS, Names, Owner, Ring, Watches

log = logging.getLogger(__name__)


class Rung(NamedTuple):
    """What rang since somebody waited: some owners, or what may be about everything."""

    everything: bool = False
    owners: frozenset[Owner] = frozenset()

    def __bool__(self) -> bool:
        return self.everything or bool(self.owners)

    @property
    def repositories(self) -> frozenset[str]:
        """The common directories of the repositories that rang."""
        return self.owners - {LOGS}


class Doorbell:
    """An event that callers and changes of files set; `close` ends the watches."""

    def __init__(self) -> None:
        self._rung = threading.Event()
        self._lock = threading.Lock()
        self._since = Rung()
        self._watches: Watches | None = None
        self._closed = False

    def ring(self, owner: Owner | None = None) -> None:
        """Wake the thread that waits; OWNER is None if anything may have changed."""
        with self._lock:
            everything, owners = self._since
            if owner is None:
                self._since = Rung(True, owners)
            elif owner not in owners:
                self._since = Rung(everything, owners | {owner})
        self._rung.set()

    def wait(self, seconds: float) -> Rung:
        """Wait for a ring, or for SECONDS; return what rang."""
        self._rung.wait(seconds)
        with self._lock:
            self._rung.clear()
            rung, self._since = self._since, Rung()
        return rung

    def watch(self, repositories: Iterable[Path], logs: Iterable[Path]) -> None:
        """Watch the refs of repositories (their common directories) and the given logs."""
        folders: dict[str, Names] = {}
        for path in logs:
            folder = str(path.parent)
            folders[folder] = (folders.get(folder) or frozenset()) | {path.name}
        watches = self._watches = self._watches or _new_watches(self.ring)
        if self._closed:  # maybe while they were made
            watches.close()
        watches.watch([str(path) for path in repositories], folders)

    def watch_again(self, owners: Iterable[Owner]) -> None:
        """Watch what is new of OWNERS: if possible before one looks at them."""
        if self._watches is not None:
            self._watches.watch_again(owners)

    def watched(self) -> int:
        """Return how many folders are watched."""
        return self._watches.count() if self._watches is not None else 0

    @property
    def unwatched(self) -> frozenset[Owner]:
        """The repositories, and `LOGS`, of whose changes it may not ring."""
        return self._watches.unwatched if self._watches is not None else frozenset()

    def close(self) -> None:
        """End the watches, and wake the thread that waits."""
        self._closed = True
        if self._watches is not None:
            self._watches.close()
        self._rung.set()


def _new_watches(ring: Ring) -> Watches:
    """Return watches by what this system has. It takes a while to load either."""
    if sys.platform == "linux":
        from explog.daemon.folders import FolderWatches

        try:
            return FolderWatches(ring)
        except OSError as error:  # the user has no instance left, so that watchdog has none either
            log.warning("inotify cannot be used: %s", error.strerror)
    from explog.daemon.observed import ObservedFolders

    return ObservedFolders(ring)
