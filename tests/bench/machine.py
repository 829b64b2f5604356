"""What the machine is on which something was measured, and how busy it was."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from pathlib import Path

from bench.workshop import EMACS, Workshop


def machine(shop: Workshop) -> list[str]:
    """Return the facts, each as a phrase."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return [
        f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} CPUs, {_cores()} cores",
        f"{_memory_gb():.0f} GB of memory",
        f"load average {load} at the end",
        f"{platform.system()} {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        _first_line(shop, ["git", "--version"]).replace("version ", ""),
        _emacs(shop),
    ]


def _first_line(shop: Workshop, command: list[str]) -> str:
    return shop.run(command).output.splitlines()[0]


def _emacs(shop: Workshop) -> str:
    form = '(progn (require (quote org)) (princ (format "Emacs %s, org %s"'
    form += " emacs-version (org-version))))"
    return _first_line(shop, [EMACS, "-Q", "--batch", "--eval", form])


def _cores() -> int:
    """Return how many cores there are; a core may have two CPUs."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    packages = re.findall(r"^physical id\s*: (\d+)", text, re.MULTILINE)
    cores = re.findall(r"^core id\s*: (\d+)", text, re.MULTILINE)
    return len(set(zip(packages, cores, strict=True))) or os.cpu_count() or 1


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
