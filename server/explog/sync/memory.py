"""What is kept from look to look."""

from __future__ import annotations

from dataclasses import dataclass, field

from explog.sync.cutting import Cut
from explog.sync.report import Unreadable
from explog.sync.retries import Retries
from explog.sync.survey import Familiar


@dataclass(slots=True)
class Memory:
    """What is kept from look to look: a look with an empty one looks at everything anew.

    `problems` are those of repositories and of the folders that they are looked for in.
    """

    retries: Retries = field(default_factory=Retries)
    familiar: Familiar = field(default_factory=Familiar)
    problems: list[Unreadable] = field(default_factory=list)
    cuts: dict[str, Cut] = field(default_factory=dict)
    """How logs were cut that are in the index, by path; those that are not too large."""
    silent_logs: frozenset[str] = frozenset()
    """The places of logs that did not answer."""
