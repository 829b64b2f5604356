"""Tidy up the index while nothing happens."""

from __future__ import annotations

import logging
import sqlite3
import time

from explog.index.damage import is_damage
from explog.index.database import Index
from explog.index.upkeep import tidy

log = logging.getLogger(__name__)

# How long nothing must happen before the index is tidied up.
_IDLE_SECONDS = 30.0


class Tidying:
    """When to tidy up the index, and whether anything is left to tidy."""

    def __init__(self) -> None:
        self._needed = True
        self._busy = time.monotonic()

    def postpone(self) -> None:
        """Wait again until nothing happens for a while."""
        self._busy = time.monotonic()

    def require(self) -> None:
        """Say that the index has changed."""
        self._needed = True

    def step(self, index: Index) -> bool:
        """Tidy up a little of INDEX if it is time; return whether more is left.

        Raises sqlite3.DatabaseError if the index is damaged.
        """
        if not self._needed or time.monotonic() - self._busy < _IDLE_SECONDS:
            return False
        try:
            self._needed = tidy(index)
        except sqlite3.DatabaseError as error:
            self._needed = False
            if is_damage(error):
                raise
            log.warning("the index is not tidied up: %s", error)  # the disk is full
        return self._needed
