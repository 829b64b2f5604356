"""Find the renumbered steps for Emacs to show, and look only where one may be new or gone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from explog.checking.flags import Flag, find_flags
from explog.sync.report import Report

if TYPE_CHECKING:
    from explog.config import Settings
    from explog.index.store import Store


# How many experiments are examined in one go: a commit must not wait for long.
_AT_ONCE = 300


class Flagging:
    """The flags of one index."""

    def __init__(self) -> None:
        self.flags: list[Flag] = []
        self._suspects: set[str] = set()
        self._begun = False

    @property
    def messages(self) -> list[str]:
        """A sentence for each flag, with its file and line."""
        return [f"{flag.file}:{flag.line}: {flag.message}" for flag in self.flags]

    @property
    def complete(self) -> bool:
        """Whether every experiment that may have a flag was examined."""
        return self._begun and not self._suspects

    def note(self, report: Report, store: Store) -> None:
        """Note which experiments a look has changed, before what is pending is settled."""
        if not self._begun:
            self._suspects.update(store.idents())
            self._begun = True
        self._suspects |= report.experiments
        if report.repositories:
            self._suspects.update(ident for ident, _step in store.pending())
        if report.changed:
            self._suspects.update(flag.experiment for flag in self.flags)

    def look(self, settings: Settings, store: Store) -> bool:
        """Examine some experiments whose flags may have changed; return whether more are left."""
        some = set(itertools.islice(self._suspects, _AT_ONCE))
        if some:
            self._suspects -= some
            found = find_flags(settings, store, some)
            self.flags = [f for f in self.flags if f.experiment not in some] + found
        return bool(self._suspects)
