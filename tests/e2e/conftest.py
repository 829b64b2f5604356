"""Fixtures that start Emacs, end it whatever happens, and show it where a test fails."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from .emacs import PROGRAM, Emacs
from .repository import Repository
from .world import World

#: Takes the arguments of `Emacs`, of which the first is the text of the init.el.
EmacsFactory = Callable[..., Emacs]

LIVE = pytest.StashKey[list[Emacs]]()


def pytest_configure(config: pytest.Config) -> None:
    """Keep a list of the running Emacsen, for the report of a failure."""
    config.stash[LIVE] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to a failed test what each Emacs shows, and let no other test go on with them."""
    report = yield
    if report.failed:
        for emacs in item.config.stash[LIVE]:
            report.sections.append((f"Emacs {emacs.pid}", emacs.report()))
            emacs.spoiled = True
    return report


@contextlib.contextmanager
def _factory(config: pytest.Config) -> Iterator[EmacsFactory]:
    """Give a function that starts Emacs; end all that it has started."""
    if shutil.which(PROGRAM) is None:
        if os.environ.get("CI"):
            pytest.fail(f"no {PROGRAM} to test with")
        pytest.skip(f"no {PROGRAM} to test with")
    mine: list[Emacs] = []

    def start(*args: Any, **kwargs: Any) -> Emacs:
        emacs = Emacs(*args, **kwargs)
        mine.append(emacs)
        config.stash[LIVE].append(emacs)
        return emacs

    try:
        yield start
    finally:
        for emacs in mine:
            config.stash[LIVE].remove(emacs)
            emacs.close()


@pytest.fixture
def emacs(request: pytest.FixtureRequest) -> Iterator[EmacsFactory]:
    """Return a function that starts an Emacs for this test alone."""
    with _factory(request.config) as start:
        yield start


@pytest.fixture(scope="module")
def shared_init() -> str:
    """Return the init.el of `shared_emacs`; a module that wants another defines this fixture."""
    return ""


@pytest.fixture(scope="module")
def keep_emacs(request: pytest.FixtureRequest, shared_init: str) -> Iterator[Callable[[], Emacs]]:
    """Return a function that gives the Emacs of the module, a new one if a test spoiled it."""
    with _factory(request.config) as start:
        kept: list[Emacs] = []

        def keep() -> Emacs:
            if not kept or kept[-1].spoiled or not kept[-1].alive:
                if kept:
                    kept[-1].close()
                kept.append(start(shared_init))
            return kept[-1]

        yield keep


@pytest.fixture
def shared_emacs(keep_emacs: Callable[[], Emacs]) -> Emacs:
    """Return the Emacs that the tests of a module share, each with files of its own."""
    return keep_emacs()


_numbers = itertools.count()


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """Return a folder that no test before this one had.

    pytest gives the name of a folder again that it has removed. A shared Emacs would be told of the
    same files as before, and nothing would tell when they are served anew.
    """
    folder = tmp_path / str(next(_numbers))
    folder.mkdir()
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a new repository with one commit."""
    return Repository(tmp_path / "project")


@pytest.fixture
def world(shared_emacs: Emacs, tmp_path: Path) -> Iterator[World]:
    """Return the shared Emacs, watching a log and a repository of this test's own."""
    here = World(shared_emacs, tmp_path)
    yield here
    if shared_emacs.alive and not shared_emacs.spoiled:
        here.forget()
