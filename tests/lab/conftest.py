"""The fixtures of the tests of the lab."""

from __future__ import annotations

from support.lab_fixtures import cluster, lab

__all__ = ["cluster", "lab"]
