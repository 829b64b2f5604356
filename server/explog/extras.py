"""Packages that explog can do without: whether they are installed, and what installs them."""

from __future__ import annotations

import shlex
import sys

PLOT = "matplotlib>=3.8"
"""What draws plots, as pip takes it: the extra `plot` in pyproject.toml."""
LAB = "psycopg[binary]>=3.2"
"""What connects with PostgreSQL, as pip takes it: the extra `lab` in pyproject.toml."""


def installed_version(requirement: str) -> str | None:
    """Return the version of the package in REQUIREMENT, or None if it is not installed."""
    import importlib.metadata  # it loads what mail is read with: a server starts without

    try:
        return importlib.metadata.version(requirement.partition(">")[0])
    except importlib.metadata.PackageNotFoundError:
        return None


def install_command(requirement: str) -> str:
    """Return the command that installs REQUIREMENT for this Python."""
    return shlex.join([sys.executable, "-m", "pip", "install", requirement])
