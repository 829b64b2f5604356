"""What Emacs may ask of the server: one module for each use case.

A method is a function with the decorator `explog.rpc.registry.method`. Its first arguments are the
daemon and the client, the others come from Emacs. Each method of a module in this package is
served; nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from explog.rpc.registry import Method


def all_methods() -> Iterator[Method[Any, Any]]:
    """Yield the methods of all modules in this package."""
    for found in iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        for value in vars(module).values():
            if isinstance(value, Method) and value.function.__module__ == module.__name__:
                yield value
