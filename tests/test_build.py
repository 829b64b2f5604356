"""The build id tells the source of two programs apart."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import explog
from explog.build import build_id

PACKAGE = Path(explog.__file__).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "explog"))


def test_a_copy_has_the_same(copy: Path) -> None:
    (copy / "__pycache__" / "new.pyc").write_bytes(b"compiled")
    (copy / ".#refs.py").symlink_to("ada@host.1")  # the lock of an Emacs
    os.utime(copy / "refs.py", (1, 1))
    assert build_id(copy) == build_id()
    assert len(build_id()) == 12


@pytest.mark.parametrize("name", ["refs.py", "rpc/wire.py", "index/schema.sql"])
def test_any_change_makes_another(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    changed = build_id(copy)
    path.unlink()
    assert len({build_id(), changed, build_id(copy)}) == 3


def test_a_file_with_another_name_makes_another(copy: Path) -> None:
    (copy / "refs.py").rename(copy / "references.py")
    assert build_id(copy) != build_id()
