"""The build id: which source a program runs, where its version number says the same of two."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_SUFFIXES = (".py", ".sql")


def build_id(folder: Path = Path(__file__).parent) -> str:
    """Return a digest of the source in FOLDER, which is the same wherever that is installed.

    It is made of the path, size and content of each file. `explog-server-build` in Emacs
    makes the same of the source that came with it, to notice a server of another build.
    """
    digest = hashlib.sha1(usedforsecurity=False)
    for name in sorted(_files(folder)):
        content = (folder / name).read_bytes()
        digest.update(b"%b\0%d\0%b" % (os.fsencode(name), len(content), content))
    return digest.hexdigest()[:12]


def _files(folder: Path) -> list[str]:
    """Return the names of the source files in FOLDER, relative to it."""
    return [
        os.path.relpath(os.path.join(path, name), folder)
        for path, _folders, names in os.walk(folder)
        for name in names
        if name.endswith(_SUFFIXES) and not name.startswith(".")
    ]
