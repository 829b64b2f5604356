"""Read the values of results commits while nothing more urgent happens."""

from __future__ import annotations

from explog.config import Settings
from explog.errors import ExplogError
from explog.index.database import Index
from explog.results.due import is_due

# How many commits are read in one go: whoever commits meanwhile must not wait for long.
_AT_ONCE = 100


class Reading:
    """Whether values are to be read, and whether some were since somebody asked."""

    def __init__(self) -> None:
        self._needed = True
        self._has_read = False

    def require(self) -> None:
        """Say that commits came, or that the settings changed."""
        self._needed = True

    def step(self, settings: Settings, index: Index) -> bool:
        """Read the values of some commits, if any are to be read; return whether more are left.

        After a failure nothing is tried again before something comes.
        """
        if not self._needed:
            return False
        self._needed = False
        try:
            if not is_due(settings, index):
                return False
            # Not before: it takes a while to import what reads files.
            from explog.results.reading import read_some

            self._needed = read_some(settings, index, _AT_ONCE) == _AT_ONCE
        except ExplogError as error:
            if error.code != "index-busy":
                raise
            self._needed = True
            return False
        self._has_read = True
        return self._needed

    def ended(self) -> bool:
        """Tell, once, that all values are read of which some were not."""
        done = self._has_read and not self._needed
        if done:
            self._has_read = False
        return done
