"""Fixtures: a server of PostgreSQL, and a lab with members that have logs and clones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .labs import Lab
from .postgresql import Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture
def lab(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Lab:
    """A lab of `ada` and `bob`, where nothing is published yet."""
    return Lab(cluster.shared("ada", "bob"), tmp_path_factory.mktemp("lab"), monkeypatch)
