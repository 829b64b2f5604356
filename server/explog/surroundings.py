"""What the program finds around it, set right before anything else: its streams, its home folder.

It may be started by a service or a container, without a terminal, a user's name or a home.
"""

from __future__ import annotations

import os
import sys

_BASES = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
# Nothing is in it, and nobody can make anything in it: what is to be kept is then not kept.
_NO_HOME = os.devnull


def set_right() -> None:
    """Give the program the streams that it was started without, and a home that can be named."""
    for number, (name, mode) in enumerate({"stdin": "r", "stdout": "w", "stderr": "w"}.items()):
        try:
            os.fstat(number)
        except OSError:
            # It gets this number, which else the next file would get that is opened.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for name in (*_BASES, "HOME"):
        # The base directory specification has relative ones ignored.
        if not os.path.isabs(os.environ.get(name, "/")):
            del os.environ[name]
    if not os.path.isabs(os.path.expanduser("~")):
        os.environ["HOME"] = _NO_HOME
