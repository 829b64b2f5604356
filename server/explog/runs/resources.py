"""What a run used: memory and time of its processes, and the GPUs that it could see."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import resource

_SECONDS = 2.0
_MOST_GPUS = 64


def peak_memory(usage: resource.struct_rusage) -> int:
    """Return how many bytes one process had at most, of the command and all it waited for."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def cpu_seconds(usage: resource.struct_rusage) -> float:
    """Return how long processors worked for the command and for all that it waited for."""
    return round(usage.ru_utime + usage.ru_stime, 3)


def gpu_names() -> tuple[str, ...]:
    """Return the names of the GPUs, if `nvidia-smi` tells them in two seconds."""
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            query, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    lines = os.fsdecode(done.stdout).splitlines()[:_MOST_GPUS]
    return tuple(line.strip() for line in lines if line.strip())
