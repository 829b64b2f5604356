"""Modules import only what the pictures in docs/design.md have below them."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
SERVER = CHECKOUT / "server"
MODULES = sorted(
    path for path in (SERVER / "explog").rglob("*.py") if path.stem not in ("__init__", "__main__")
)


def _layers(heading: str) -> dict[str, int]:
    """Return the line of each name in the picture under HEADING."""
    text = (CHECKOUT / "docs" / "design.md").read_text(encoding="utf-8")
    house = text.partition("\n## 5. The house\n")[2].partition("\n## ")[0]
    part = house.partition(f"\n### {heading}\n")[2].partition("\n### ")[0]
    lines = re.findall(r"^    ([^#\n]+)", part, re.MULTILINE)
    return {name.strip("/"): n for n, line in enumerate(lines) for name in line.split()}


LAYERS = _layers("The server")
LISP_LAYERS = _layers("The client")


def _name(path: Path) -> str:
    return ".".join(path.relative_to(SERVER).with_suffix("").parts)


def _room(module: str) -> str:
    """Return the folder that `explog.MODULE` is in, or its name if it is in none."""
    return module.split(".")[1]


@functools.cache
def imports(module: str) -> frozenset[str]:
    """Return the modules of explog that MODULE imports, anywhere in it."""
    path = SERVER.joinpath(*module.split(".")).with_suffix(".py")
    return frozenset(_imports(ast.parse(path.read_text(encoding="utf-8")))) - {"explog"}


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("explog"):
            for alias in node.names:
                inside = f"{node.module}.{alias.name}"
                yield inside if inside in NAMES else str(node.module)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("explog."))


NAMES = dict.fromkeys(map(_name, MODULES))


@pytest.mark.parametrize("module", NAMES)
def test_imports_point_down(module: str) -> None:
    own = _room(module)
    rooms = set(map(_room, imports(module))) - {own}
    assert rooms <= LAYERS.keys()
    assert [room for room in sorted(rooms) if LAYERS[room] <= LAYERS[own]] == []


def test_no_module_imports_itself_by_a_detour() -> None:
    assert list(
        TopologicalSorter({name: imports(name) for name in NAMES}).static_order()
    )  # raises CycleError


def test_the_transport_knows_errors_alone() -> None:
    assert {
        _room(name) for module in NAMES if _room(module) == "rpc" for name in imports(module)
    } == {"rpc", "errors"}


def test_the_picture_has_every_module() -> None:
    assert set(map(_room, NAMES)) == LAYERS.keys()


# Emacs Lisp

REQUIRES = {
    path.stem.removeprefix("explog-"): re.findall(
        r"\(require 'explog-([a-z-]+)", path.read_text(encoding="utf-8")
    )
    for path in sorted((CHECKOUT / "elisp").glob("explog*.el"))
    if not path.stem.endswith("-autoloads")  # made by Emacs
}


@pytest.mark.parametrize("file", REQUIRES)
def test_requires_point_down(file: str) -> None:
    assert [name for name in REQUIRES[file] if LISP_LAYERS[name] <= LISP_LAYERS[file]] == []


def test_the_picture_has_every_file() -> None:
    assert REQUIRES.keys() == LISP_LAYERS.keys()
