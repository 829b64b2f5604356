"""Make explog-run.pyz: `explog run` in one file, for machines with Python 3.9 and no more.

    python server/zipapp_run.py dist/explog-run.pyz

It starts fastest on the version of Python that made it, for which it is compiled; others read the
source that is in it, too.
"""

from __future__ import annotations

import os
import py_compile
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

SERVER = Path(__file__).parent
# What `explog run` is made of; tests/runs/test_zipapp.py runs it with nothing else in reach.
PARTS = (
    "explog/__init__.py",
    "explog/errors.py",
    "explog/grammar.py",
    "explog/run_settings.py",
    "explog/wording.py",
    "explog/git/__init__.py",
    "explog/git/safe.py",
    "explog/runs",
)
MAIN = """\
import sys

from explog.runs.command import end, main

end(main(sys.argv[1:]))
"""
# The same in every build, so that the same source makes the same file.
_DATE = (1980, 1, 1, 0, 0, 0)


def make(path: Path) -> None:
    """Write the program to PATH."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
            _add(archive, "__main__.py", MAIN.encode("ascii"))
            for name in sorted(_files()):
                _add(archive, name, (SERVER / name).read_bytes())
                _add(archive, f"{name}c", _compiled(SERVER / name, name))
    path.chmod(0o755)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), content)


def _compiled(path: Path, name: str) -> bytes:
    """Return the compiled module at PATH, which is called NAME in the archive."""
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "module.pyc")
        mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
        py_compile.compile(str(path), made, name, doraise=True, invalidation_mode=mode)
        return Path(made).read_bytes()


def _files() -> Iterator[str]:
    for part in PARTS:
        path = SERVER / part
        found = [path] if path.is_file() else path.rglob("*.py")
        yield from (os.fspath(file.relative_to(SERVER)) for file in found)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
