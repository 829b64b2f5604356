"""Find the renumbered steps for Emacs to show, and look only where one may be new or gone."""

from __future__ import annotations

import itertools

from explog.checking.flags import find_flags
from explog.config import Settings
from explog.index.commits import pending_steps
from explog.index.database import Index
from explog.index.logs import all_idents
from explog.model import Flag
from explog.sync.report import LookReport

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

    def note(self, report: LookReport, index: Index) -> None:
        """Note which experiments a look has changed, before what is pending is settled."""
        if not self._begun:
            self._suspects.update(all_idents(index))
            self._begun = True
        self._suspects |= report.experiments
        if report.repositories:
            self._suspects.update(ident for ident, _step in pending_steps(index))
        if report.changed:
            self._suspects.update(flag.experiment for flag in self.flags)

    def look(self, settings: Settings, index: Index) -> bool:
        """Examine some experiments whose flags may have changed; return whether more are left."""
        some = set(itertools.islice(self._suspects, _AT_ONCE))
        if some:
            self._suspects -= some
            found = find_flags(settings, index, some)
            self.flags = [f for f in self.flags if f.experiment not in some] + found
        return bool(self._suspects)
