"""Whether values are to be read; a module of its own, as most commands find that none are."""

from __future__ import annotations

import json

from explog.config import Settings
from explog.index.database import Index
from explog.index.samples import count_unread, want_all_anew

_VERSION = 1
"""Raised when the readers find other values than before, so that all are read again."""

_META = "values"


def is_due(settings: Settings, index: Index) -> bool:
    """Tell whether values are to be read."""
    renew(settings, index)
    return count_unread(index) > 0


def renew(settings: Settings, index: Index) -> None:
    """Forget what was read with other settings, or by other readers."""
    now = json.dumps([_VERSION, settings.metrics, settings.parameters, settings.results])
    if index.get_meta(_META) == now:
        return
    with index.writing():
        if index.get_meta(_META) is not None:
            want_all_anew(index)
        index.set_meta(_META, now)
