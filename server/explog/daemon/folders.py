"""Watches by inotify: of the folders of refs and of logs, all in one thread.

Never of a whole worktree, which may have more folders than a user can watch.
"""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from explog.daemon.inotify import IGNORED, OVERFLOW, Event, Inotify, most_watches
from explog.daemon.watches import LOGS, Names, Owner, Ring, matters
from explog.git.signature import ref_folders

log = logging.getLogger(__name__)

# There is no such folder, which the next ring or sweep will tell.
_ABSENT = {errno.ENOENT, errno.ENOTDIR}


class _Heard(NamedTuple):
    owner: Owner
    names: Names


class FolderWatches:
    """Watches by one inotify; no more folders than half of those that the user may watch.

    Raises OSError if there is none.
    """

    def __init__(self, ring: Ring) -> None:
        self.unwatched: frozenset[Owner] = frozenset()
        self._ring = ring
        self._inotify = Inotify()
        self._most = most_watches() // 2
        self._lock = threading.Lock()
        self._closed = False
        self._once = threading.Lock()
        self._number: dict[str, int] = {}
        self._heard: dict[int, dict[str, _Heard]] = {}
        self._folders: dict[Owner, Mapping[str, Names]] = {}
        self._missed: set[str] = set()
        threading.Thread(target=self._run, name="watches", daemon=True).start()

    def count(self) -> int:
        return len(self._number)

    def close(self) -> None:
        self._closed = True  # not by the lock, which a drive that does not answer may hold
        if self._once.acquire(blocking=False):
            self._inotify.stop()

    def watch(self, repositories: Sequence[str], logs: Mapping[str, Names]) -> None:
        self._most = most_watches() // 2
        wanted = list(dict.fromkeys(repositories))
        for gone in self._folders.keys() - {*wanted, LOGS}:
            self._set(gone, {})
            del self._folders[gone]
        self._set(LOGS, logs)
        new = [one for one in wanted if one not in self._folders or one in self.unwatched]
        folders = {owner: ref_folders(owner) for owner in new}
        # If there are not enough watches, each repository has its first, which hears of commits.
        for owner in new:
            self._set(owner, dict([*folders[owner].items()][:1]))
        for owner in new:
            self._set(owner, folders[owner])
        self._tell()

    def watch_again(self, owners: Iterable[Owner]) -> None:
        for owner in owners:
            if owner in self._folders:
                logs = owner == LOGS
                self._set(owner, self._folders[owner] if logs else ref_folders(owner))

    def _set(self, owner: Owner, folders: Mapping[str, Names]) -> None:
        """Have OWNER the watches of FOLDERS, as far as there are any left, and no others."""
        for gone in self._folders.get(owner, {}).keys() - folders.keys():
            self._remove(gone)
        self._folders[owner] = folders
        for folder, names in folders.items():
            self._add(folder, _Heard(owner, names))

    def _add(self, folder: str, heard: _Heard) -> None:
        if folder not in self._number and len(self._number) >= self._most:
            self._missed.add(folder)
            return
        with self._lock:
            if self._closed:  # while this thread was busy; the file may be another's by now
                return
            try:
                # Also if it is watched: by now it may be another folder.
                number = self._inotify.add(folder)
            except OSError as error:
                self._missed.add(folder)
                if error.errno in _ABSENT:
                    self._missed.discard(folder)
                elif error.errno == errno.ENOSPC:
                    self._most = len(self._number)  # other programs have the others
                else:
                    log.warning("%s is not watched: %s", folder, error.strerror)
                return
            self._missed.discard(folder)
            if self._number.get(folder, number) != number:
                self._forget(folder)
            self._number[folder] = number
            self._heard.setdefault(number, {})[folder] = heard

    def _remove(self, folder: str) -> None:
        self._missed.discard(folder)
        with self._lock:
            if folder in self._number and not self._closed:
                self._forget(folder)

    def _forget(self, folder: str) -> None:
        """Forget FOLDER, whose watch may be that of another name of it as well."""
        number = self._number.pop(folder)
        heard = self._heard.get(number, {})
        heard.pop(folder, None)
        if not heard:
            self._heard.pop(number, None)
            self._inotify.remove(number)

    def _tell(self) -> None:
        """Say in the log, once, what is not watched because there is a limit."""
        lacking = [one for one, has in self._folders.items() if self._missed.intersection(has)]
        before, self.unwatched = self.unwatched, frozenset(lacking)
        if self.unwatched - before and len(self._number) >= self._most:
            log.warning(
                "%d folders are watched, and not all of %d repositories, as the limit"
                " fs.inotify.max_user_watches allows no more: what happens there is seen later",
                len(self._number),
                len(lacking),
            )

    def _run(self) -> None:
        for event in self._inotify.events():
            for owner in self._owners(event):
                self._ring(owner)
        with self._lock:
            self._inotify.close()

    def _owners(self, event: Event) -> set[Owner | None]:
        """Return whose ring EVENT is."""
        if event.mask & OVERFLOW:
            return {None}
        with self._lock:
            heard = self._heard.get(event.watch, {})
            if event.mask & IGNORED:  # the folder is gone
                for folder in self._heard.pop(event.watch, {}):
                    self._number.pop(folder, None)
                return {one.owner for one in heard.values()}
            return {one.owner for one in heard.values() if matters(event.name, one.names)}
