"""What to use instead of an index that fails, and when to try the file again."""

from __future__ import annotations

import logging
import sqlite3
import time
from dataclasses import replace

from explog.config import Settings
from explog.errors import ExplogError
from explog.index.damage import is_damage
from explog.index.database import Index, memory_index, open_index
from explog.index.recovery import Recovery, in_memory, recover
from explog.index.upkeep import is_sound

log = logging.getLogger(__name__)

# A file that is found damaged this soon after it was made anew is given up.
_SOON_SECONDS = 600.0
# A file is read to its end no more often than this, to see whether it is to blame for a failure.
_CHECK_SECONDS = 600.0
# How long the index is kept in memory before the file is tried again; then twice as long, etc.
_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 3600.0


class Healing:
    """What became of the indexes and the looks of one daemon, for the doctor.

    `said` is what was told last of an index; `failure` is why the last look failed, or empty.
    """

    def __init__(self) -> None:
        self.said = self.failure = ""
        self._healed = self._checked = -_SOON_SECONDS
        self._pause, self._until = _FIRST_PAUSE, 0.0
        self._suspicion: tuple[Index, Exception] | None = None

    def open(self, settings: Settings) -> tuple[Settings, Index]:
        """Return the index of SETTINGS, and SETTINGS without what cannot be used of them."""
        try:
            index = open_index(settings.index_path())
        except ExplogError as error:  # the file is something else, and stays as it is
            problems = (*settings.problems, error.message)
            settings = replace(settings, index=None, problems=problems)
            try:
                index = open_index(settings.index_path())
            except ExplogError as another:
                index = memory_index(settings.index_path(), another)
        if index.problem:
            log.warning("%s", index.problem)
            self._postpone()
        return settings, index

    def suspect(self, index: Index, error: Exception) -> ExplogError | None:
        """Take note that a method failed with ERROR, maybe because of INDEX; for any thread.

        Return what to tell the caller if it is certain that the index failed.
        """
        self._suspicion = index, error
        if not isinstance(error, sqlite3.Error):
            return None
        return ExplogError("index-failed", f"{index.path}: {error}; try again in a moment")

    def better_than(self, index: Index, settings: Settings) -> Index | None:
        """Return what to use instead of INDEX, that of SETTINGS, if there is something better.

        That is the file again, if the index is in memory, and another file if a method has failed
        because of this one.
        """
        if index.path is None and time.monotonic() >= self._until:
            self._postpone()
            again = open_index(settings.index_path())
            return again if again.path is not None else None
        if self._suspicion is None:
            return None
        suspected, error = self._suspicion
        self._suspicion = None
        # A method may have used the index that was there before.
        if suspected is not index or (self._soon() and is_sound(index)):
            return None
        return self.instead_of(index, error)

    def instead_of(self, index: Index, error: Exception) -> Index | None:
        """Return what to use instead of INDEX, with which ERROR happened; None if it is sound."""
        if isinstance(error, ExplogError | OSError):
            return None
        now = time.monotonic()
        if not isinstance(error, sqlite3.Error):  # maybe because of what was read from the index
            if now - self._checked < _CHECK_SECONDS:
                return None
            self._checked = now
        recovery = (
            in_memory(index, error) if self._given_up(index, error) else recover(index, error)
        )
        if recovery is None:
            return None
        self._healed = now
        self._tell(recovery)
        return recovery.index

    def look_ended(self, error: Exception | None) -> None:
        """Take note of how a look ended; say in the log why it failed, once however often."""
        failure = "" if error is None else f"{type(error).__name__}: {error}"
        if failure not in ("", self.failure):
            if isinstance(error, ExplogError | OSError):
                log.warning("a look failed: %s", error)
            else:
                log.error("a look failed", exc_info=error)
        self.failure = failure

    def _given_up(self, index: Index, error: Exception) -> bool:
        return index.path is not None and self._soon() and is_damage(error)

    def _soon(self) -> bool:
        return time.monotonic() - self._healed < _SOON_SECONDS

    def _tell(self, recovery: Recovery) -> None:
        if recovery.index.path is None:
            self._postpone()
        log.warning("%s", recovery.message)
        self.said = f"{time.strftime('%H:%M')}: {recovery.message}"

    def _postpone(self) -> None:
        """Try the file again only after a while."""
        self._until = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
