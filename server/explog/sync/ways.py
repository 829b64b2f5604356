"""The settings that a section of a log is read with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ways:
    """The settings for reading a section: the tag of an experiment, the title above its steps."""

    tag: str
    steps_heading: str
